package import InviteStore
package import Platform

/// The `typ` of each kind of token, and the audience that goes with it.
package enum TokenKind: String, Sendable, CaseIterable {
    case invite
    case participant

    /// The `typ` header member (RFC 8725 section 3.11).
    package var type: String {
        switch self {
        case .invite: "invite+jwt"
        case .participant: "participant+jwt"
        }
    }

    /// The `aud` claim for one workspace.
    package func audience(_ workspace: RecordID) -> String {
        TypeID.text(.workspace, workspace) + "/" + rawValue
    }

    /// The workspace that an audience of this kind names; nil for any other text.
    package func workspace(ofAudience audience: String) -> RecordID? {
        let idCount = TypeID.count(.workspace)
        let suffix: StaticString = self == .invite ? "/invite" : "/participant"
        var audience = audience
        return audience.withUTF8 { audience in
            guard audience.count == idCount + suffix.utf8CodeUnitCount else { return nil }
            let hasSuffix = suffix.withUTF8Buffer { suffix in
                for index in 0..<suffix.count where unsafe audience[idCount + index] != suffix[index] { return false }
                return true
            }
            return unsafe hasSuffix ? TypeID.parse(.workspace, audience.span.extracting(..<idCount)) : nil
        }
    }
}

/// The claims of an invite token.
package struct InviteClaims: Equatable, Sendable {
    package var invite: RecordID
    package var tenant: Tenant
    package var campaign: String
    package var participant: KeyedDigest16
    package var issuedAt: UnixTime
    package var expiresAt: UnixTime
    package var rev: Int64
    /// Only where the policy says so.
    package var email: String?
}

/// The claims of a participant token.
///
/// An object, since one that is remembered is handed to many requests, and each would copy its twelve members.
package final class ParticipantClaims: Sendable {
    package let token: RecordID
    package let tenant: Tenant
    package let session: RecordID
    package let campaign: String
    package let participant: KeyedDigest16
    package let issuedAt: UnixTime
    package let expiresAt: UnixTime
    package let rev: Int64
    package let seal: TokenSealContent
    package let origin: String?
    package let email: String?
    package let boundKey: String?

    package init(
        token: RecordID,
        tenant: Tenant,
        session: RecordID,
        campaign: String,
        participant: KeyedDigest16,
        issuedAt: UnixTime,
        expiresAt: UnixTime,
        rev: Int64,
        seal: TokenSealContent,
        origin: String? = nil,
        email: String? = nil,
        boundKey: String? = nil
    ) {
        self.token = token
        self.tenant = tenant
        self.session = session
        self.campaign = campaign
        self.participant = participant
        self.issuedAt = issuedAt
        self.expiresAt = expiresAt
        self.rev = rev
        self.seal = seal
        self.origin = origin
        self.email = email
        self.boundKey = boundKey
    }
}
