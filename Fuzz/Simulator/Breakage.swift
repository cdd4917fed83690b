/// A store that is broken on purpose: a simulation that does not notice proves nothing.
package enum Breakage: String, CaseIterable, Sendable {
    /// Revocations are acknowledged, and gone after a crash.
    case losesRevocations
    /// Sessions that were ended are forgotten before their tokens are over.
    case forgetsEndedSessions
    /// An invite that is used up is redeemed once more.
    case redeemsTwice
    /// Invites are acknowledged before they are written.
    case acknowledgesEarly
    /// What an `Idempotency-Key` was used for is not kept.
    case forgetsClaims
    /// Invites are stored without their audit events.
    case skipsAudit
    /// A new signing key is put into use before anybody can know it.
    case signsUnpublished
    /// A signing key is gone as soon as another takes over.
    case dropsSigningKeys
    /// A signing key stays although its last token is over.
    case keepsSigningKeys
    /// The revocation of a signing key is acknowledged, and not kept.
    case forgetsLeakedKeys
    /// Sessions are stored without the key that they are bound to.
    case forgetsBinding
    /// Proofs that were used are forgotten.
    case forgetsProofs
    /// Endpoints are taken to have come farther than they have.
    case skipsEvents
    /// A member's sessions stay although all of them were ended.
    case keepsMemberSessions
    /// A member who signs out stays signed in.
    case forgetsSignOuts
    /// Members have the roles for ever that they had first.
    case remembersRoles
    /// A session is opened for whoever knew the password a moment ago.
    case opensStaleSignIns
    /// Sessions of members are always taken to have been used just now.
    case forgetsIdleness
    /// Sessions of members end a day later than they were said to.
    case prolongsMemberSessions
}
