package import InviteStore
package import Platform
import StrictJSON

/// One issuance as the audit trail tells it, with all that a policy needs to judge it again.
package struct RecordedIssuance: Sendable {
    package var kind: IssuanceRequest.Kind
    /// The place of its event in the audit chain: the order in which things happened.
    package var sequence: Int64
    package var event: RecordID
    package var at: UnixTime
    /// The invite of an invite or an exchange, the session of a session or a renewal.
    package var target: RecordID
    /// The session that an exchange opened.
    package var session: RecordID?
    package var campaign: String
    /// Nil where the event does not name it, and another record does.
    package var apiKey: RecordID?
    package var expiresIn: Int64?
    package var maxUses: Int64
    package var ownOrigins: [String]
    package var origin: String?
    package var isBound: Bool
    /// Whether the holder's nonce came with it.
    package var hasProof: Bool

    /// The types of event that tell of issuance.
    package static let types: Set<String> = ["invite.created", "session.created", "invite.redeemed", "session.renewed"]

    /// Reads an event; nil for one that tells of something else, or that can not be read.
    package init?(_ record: AuditRecord) {
        let draft = record.draft
        let identifier: IdentifierKind
        switch draft.type {
        case "invite.created": (kind, identifier) = (.invite, .invite)
        case "session.created": (kind, identifier) = (.session, .session)
        case "invite.redeemed": (kind, identifier) = (.exchange, .invite)
        case "session.renewed": (kind, identifier) = (.renewal, .session)
        default: return nil
        }
        guard let target = TypeID.parse(identifier, draft.target),
            let detail = try? JSONDocument(parsing: draft.detail).root, let campaign = detail["campaign_id"]?.string
        else { return nil }
        self.target = target
        self.campaign = campaign
        sequence = record.sequence
        event = draft.id
        at = draft.at
        session = detail["session_id"]?.string.flatMap { TypeID.parse(.session, $0) }
        apiKey = TypeID.parse(.apiKey, detail["api_key_id"]?.string ?? draft.actor)
        expiresIn = detail["expires_in"]?.string.flatMap { Int64($0) }
        maxUses = detail["max_uses"]?.string.flatMap { Int64($0) } ?? 1
        ownOrigins = detail["allowed_origins"]?.string?.split(separator: " ").map(String.init) ?? []
        origin = detail["origin"]?.string
        isBound = detail["bound"]?.string == "true"
        hasProof = detail["proof"]?.string == "true"
    }
}
