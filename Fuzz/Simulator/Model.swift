import JWTLite
import Platform

/// What a revocation can name.
enum RevocationTarget: Hashable {
    case invite(String)
    case session(String)
    case participant(String)
    case campaign(String)
    case key(String)
    case token(String)
    /// All that the signing key of this `kid` signed.
    case signingKey(String)
}

/// What the contract promises about all that was done so far, told by the answers alone.
///
/// It knows nothing of how the service does it: no numbers of cut-offs, no rows, no caches.
struct Model {
    var keys: [ModelKey] = []
    var invites: [ModelInvite] = []
    var sessions: [ModelSession] = []
    var tokens: [ModelToken] = []
    /// Mints whose answer was lost, to be asked for again.
    var pending: [ModelMint] = []
    var revocations: [RevocationTarget: [Fact]] = [:]
    /// The longest life of an invite that a policy asked for, and when.
    var limits: [(fact: Fact, seconds: Int64)] = []

    var signingKeys = ModelSigningKeys()
    /// The keys of holders who have one, by thumbprint, which is what they are called by.
    var holderKeys: [String: DPoPProofSigner] = [:]
    var proofs: [UsedProof] = []
    var endpoints: [ModelEndpoint] = []
    var members: [ModelMember] = []
    /// Members whose answer was lost, to be asked for again.
    var pendingMembers: [ModelMember] = []
    var guesses: [ModelGuess] = []
    /// The events of the trail, by id.
    var events: Set<String> = []

    /// True where something that covers the lineage was revoked after `born`, and that was acknowledged by `moment`.
    func isDead(_ lineage: [RevocationTarget], born: Fact, at moment: Moment, on replica: Int?) -> Bool {
        lineage.contains { target in
            revocations[target]?.contains { $0.holds(at: moment, on: replica) && born.isBefore($0) } ?? false
        }
    }

    /// True where something that covers the lineage may have been revoked by `moment`, and not wholly before `born`.
    func mayBeDead(_ lineage: [RevocationTarget], born: Fact, at moment: Moment) -> Bool {
        lineage.contains { target in
            revocations[target]?.contains { $0.mayHold(at: moment) && !$0.isBefore(born) } ?? false
        }
    }

    /// Whether an invite of so many seconds may be minted: nil where that is not certain.
    func allows(_ seconds: Int64, _ reply: Reply) -> Bool? {
        let certain = limits.filter { $0.fact.holds(at: reply.began, on: reply.replica) }
        // All that may stand: what is built in where nothing else does for certain, and what nothing certain came after.
        var possible = limits.filter { limit in
            limit.fact.mayHold(at: reply.ended) && !certain.contains { limit.fact.precedes($0.fact) }
        }.map(\.seconds)
        if certain.isEmpty { possible.append(604_800) }
        if possible.allSatisfy({ seconds <= $0 }) { return true }
        return possible.allSatisfy { seconds > $0 } ? false : nil
    }

    /// Forgets what is too old to be asked about, so that years cost no more than weeks.
    mutating func trim(_ now: Moment) {
        for member in members { member.trim(now) }
        invites = invites.suffix(400)
        sessions = sessions.suffix(400)
        tokens = tokens.suffix(600)
        pending = pending.suffix(50)
        if let certain = limits.last(where: { $0.fact.state == .done })?.fact {
            limits.removeAll { $0.fact.precedes(certain) }
        }
        let holders = Set(sessions.compactMap(\.nonce) + tokens.compactMap(\.session.nonce))
            .union(invites.flatMap(\.exchanges).map(\.nonce))
        holderKeys = holderKeys.filter { holders.contains($0.key) }
        let known = Set(
            invites.flatMap(\.shownLineage) + sessions.flatMap(\.lineage) + tokens.flatMap(\.lineage)
        )
        revocations = revocations.filter { known.contains($0.key) }
        for target in revocations.keys { revocations[target] = revocations[target]?.suffix(60) }
    }
}

/// An API key of a backend.
final class ModelKey {
    let id: String
    let secret: String
    let born: Fact
    var revocations: [Fact] = []
    /// Rotations, with the end that each gives to this key.
    var ends: [(fact: Fact, at: UnixTime)] = []
    /// Suspensions and resumptions, in the order in which they were asked for.
    var suspensions: [(fact: Fact, isSuspended: Bool)] = []

    init(id: String, secret: String, born: Fact) {
        (self.id, self.secret, self.born) = (id, secret, born)
    }

    /// True where the key must be refused by what was acknowledged before `moment`.
    func isDead(at moment: Moment, on replica: Int?) -> Bool {
        if revocations.contains(where: { $0.holds(at: moment, on: replica) }) { return true }
        if ends.contains(where: { $0.fact.holds(at: moment, on: replica) && moment.wall >= $0.at }) { return true }
        return suspensions.contains { suspension in
            suspension.isSuspended && suspension.fact.holds(at: moment, on: replica)
                && suspensions.allSatisfy {
                    $0.isSuspended || $0.fact.state == .never || $0.fact.precedes(suspension.fact)
                }
        }
    }

    /// True where it may be refused by `moment`, the latest time that any clock showed being `latest`.
    func mayBeDead(at moment: Moment, latest: UnixTime) -> Bool {
        if revocations.contains(where: { $0.mayHold(at: moment) }) { return true }
        if ends.contains(where: { $0.fact.mayHold(at: moment) && latest >= $0.at }) { return true }
        return suspensions.contains { suspension in
            suspension.isSuspended && suspension.fact.mayHold(at: moment)
                && !suspensions.contains { resumption in
                    // Other replicas may hear of it later.
                    !resumption.isSuspended && suspension.fact.precedes(resumption.fact)
                        && resumption.fact.holds(at: moment, on: .some(-1))
                }
        }
    }

    /// True where nothing that was asked for would end it: worth being used.
    var isUsable: Bool {
        revocations.allSatisfy { $0.state == .never } && ends.allSatisfy { $0.fact.state == .never }
            && suspensions.last(where: { $0.fact.state != .never })?.isSuspended != true
    }
}

/// One wish of a backend for an invite, with all its tries.
///
/// Safe because: everything of a simulation runs on its one thread.
final class ModelMint: @unchecked Sendable {
    let number: Int
    /// The key that it descends from.
    let key: ModelKey
    /// The member who asks; nil where the key does.
    let member: ModelMember?
    let campaign: String
    let participant: String
    let maxUses: Int
    let seconds: Int64?
    let idempotencyKey: String?
    let born: Fact
    var tries = 0

    init(
        number: Int,
        key: ModelKey,
        member: ModelMember? = nil,
        campaign: String,
        participant: String,
        maxUses: Int,
        seconds: Int64?,
        idempotencyKey: String?,
        born: Fact
    ) {
        self.number = number
        self.key = key
        self.member = member
        self.campaign = campaign
        self.participant = participant
        self.maxUses = maxUses
        self.seconds = seconds
        self.idempotencyKey = idempotencyKey
        self.born = born
    }

    var body: String {
        let life = seconds.map { #","expires_in":\#($0)"# } ?? ""
        return #"{"campaign_id":"\#(campaign)","participant_email":"\#(participant)","max_uses":\#(maxUses)"#
            + #","metadata":{"number":"\#(number)"}\#(life)}"#
    }
}

/// An invite that was acknowledged.
///
/// Safe because: everything of a simulation runs on its one thread.
final class ModelInvite: @unchecked Sendable {
    let id: String
    /// The token, as it was signed last.
    private(set) var token: String
    /// The `kid` of the key that signed it.
    private(set) var kid: String
    let mint: ModelMint
    let issuedAt: UnixTime
    let expiresAt: UnixTime
    /// The sessions that were acknowledged, by id, with the nonce of each.
    var sessions: [String: String] = [:]
    /// Those of them that an answer called new.
    var opened: Set<String> = []
    /// Exchanges that opened a session or may have, with the nonce of each.
    var exchanges: [(fact: Fact, nonce: String)] = []

    init(id: String, token: String, kid: String, mint: ModelMint, issuedAt: UnixTime, expiresAt: UnixTime) {
        (self.id, self.token, self.kid, self.mint) = (id, token, kid, mint)
        (self.issuedAt, self.expiresAt) = (issuedAt, expiresAt)
    }

    var lineage: [RevocationTarget] {
        [.invite(id), .participant(mint.participant), .campaign(mint.campaign), .key(mint.key.id)]
    }

    /// What ends the invite's token as it is: what ends the invite, and its signing key.
    var shownLineage: [RevocationTarget] { lineage + [.signingKey(kid)] }

    /// The same invite was signed once more.
    func signed(_ token: String, kid: String) { (self.token, self.kid) = (token, kid) }

    /// Exchanges that may have used the invite by `moment`.
    func usesAtMost(at moment: Moment) -> Int { exchanges.count { $0.fact.mayHold(at: moment) } }
}

/// A session that was acknowledged.
final class ModelSession {
    let id: String
    /// What its holder is known by: a nonce, or the thumbprint of a key.
    let nonce: String?
    /// The key that it is bound to; nil where it is not.
    let signer: DPoPProofSigner?
    /// What decides which revocations hit it: the mint of its invite, or its own making.
    let born: Fact
    let lineage: [RevocationTarget]
    let renewUntil: UnixTime

    init(
        id: String,
        nonce: String?,
        signer: DPoPProofSigner?,
        born: Fact,
        lineage: [RevocationTarget],
        renewUntil: UnixTime
    ) {
        (self.id, self.nonce, self.signer, self.born) = (id, nonce, signer, born)
        (self.lineage, self.renewUntil) = (lineage + [.session(id)], renewUntil)
    }
}

/// A participant token that was handed out.
final class ModelToken {
    let text: String
    /// The `kid` of the key that signed it.
    let kid: String
    let session: ModelSession
    let issuedAt: UnixTime
    let expiresAt: UnixTime
    /// The processes that said that its time is over.
    var isOverFor: Set<Int> = []

    init(_ text: String, kid: String, _ session: ModelSession, issuedAt: UnixTime, expiresAt: UnixTime) {
        (self.text, self.kid, self.session) = (text, kid, session)
        (self.issuedAt, self.expiresAt) = (issuedAt, expiresAt)
    }

    var lineage: [RevocationTarget] { session.lineage + [.token(text), .signingKey(kid)] }
}
