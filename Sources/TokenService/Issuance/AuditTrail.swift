package import InviteStore
import Platform
package import StrictJSON

/// Makes audit drafts for the changes that handlers ask the store for.
package struct AuditTrail: Sendable {
    private let identifiers: IdentifierGenerator

    package init(identifiers: IdentifierGenerator) { self.identifiers = identifiers }

    /// A draft for one change whose detail is written in place; `detail` gets an open object.
    package func draft(
        _ type: String,
        _ call: Call,
        tenant: Tenant?,
        actor: String,
        target: String,
        writing detail: (inout JSONWriter) -> Void
    ) -> AuditDraft {
        var writer = JSONWriter(capacity: 160)
        writer.beginObject()
        detail(&writer)
        writer.endObject()
        return AuditDraft(
            id: identifiers.next(at: call.now),
            type: type,
            at: call.now,
            tenant: tenant,
            actor: actor,
            target: target,
            requestID: call.requestID,
            detail: writer.bytes
        )
    }

    /// A draft for one change.
    ///
    /// `detail` holds pairs of text; no address, key or token may stand there.
    package func draft(
        _ type: String,
        _ call: Call,
        tenant: Tenant?,
        actor: String,
        target: String,
        detail: [(StaticString, String)] = []
    ) -> AuditDraft {
        var bytes: [UInt8] = []
        if !detail.isEmpty {
            var writer = JSONWriter(capacity: 96)
            writer.beginObject()
            for (name, value) in detail { writer.member(name, value) }
            writer.endObject()
            bytes = writer.bytes
        }
        return AuditDraft(
            id: identifiers.next(at: call.now),
            type: type,
            at: call.now,
            tenant: tenant,
            actor: actor,
            target: target,
            requestID: call.requestID,
            detail: bytes
        )
    }

    /// A draft for one change that a principal made to a record of its own tenant.
    ///
    /// `detail` holds pairs of text; no address, key or token may stand there.
    func draft(
        _ type: String,
        _ kind: IdentifierKind,
        _ id: RecordID,
        _ call: Call,
        _ principal: Principal,
        _ detail: [(StaticString, String)] = []
    ) -> AuditDraft {
        draft(
            type,
            call,
            tenant: principal.tenant,
            actor: principal.actor,
            target: TypeID.text(kind, id),
            detail: detail
        )
    }
}
