import HTTPServer
import InviteStore
import Platform
import StrictJSON

extension Services {
    /// `GET /v1/audit-events`: newest first; JSON, or NDJSON where the client asks for it.
    func listAuditEvents(_ call: Call, _ principal: Principal) async throws -> HTTPResponse {
        let filter = AuditFilter(
            type: try Self.auditType(call),
            actor: try Self.auditText(call, "actor"),
            target: try Self.auditText(call, "target"),
            since: try Self.auditTime(call, "since"),
            until: try Self.auditTime(call, "until")
        )
        let page = try cursors.page(call, list: "audit-events", tenant: principal.tenant)
        let events = try await store.auditEvents(of: principal.tenant, filter: filter, page: page)
        let cursor = { [cursors] in cursors.text($0, list: "audit-events", tenant: principal.tenant) }
        if call.request.fields.first("accept")?.lowercased().contains("application/x-ndjson") == true {
            return Self.lines(events, cursor: cursor)
        }
        return Responses.list(events, cursor: cursor) { event, writer in Self.write(event, to: &writer) }
    }

    private static func lines(_ events: Page<AuditRecord>, cursor: (RecordID) -> String) -> HTTPResponse {
        var lines: [UInt8] = []
        for event in events.records {
            var writer = JSONWriter(capacity: 512)
            writer.beginObject()
            write(event, to: &writer)
            writer.endObject()
            lines += writer.bytes + [UInt8(ascii: "\n")]
        }
        var response = HTTPResponse(status: 200, body: lines, contentType: "application/x-ndjson")
        if let next = events.next { response.set("Next-Cursor", cursor(next)) }
        return response
    }

    private static func write(_ event: AuditRecord, to writer: inout JSONWriter) {
        let draft = event.draft
        writer.member("id", TypeID.text(.event, draft.id))
        writer.member("type", draft.type)
        writer.member("created_at", time: draft.at)
        writer.member("actor", draft.actor)
        writer.member("target", draft.target)
        writer.member("request_id", draft.requestID)
        writer.name("detail")
        writer.raw(draft.detail.isEmpty ? Array("{}".utf8) : draft.detail)
        writer.member("chain", event.chain)
        writer.member("sequence", event.sequence)
        writer.member("mac", Base64URLText.encode(event.mac))
    }

    /// A dotted type: 1 to 64 of `a-z 0-9 _ .`, with a dot inside.
    private static func auditType(_ call: Call) throws(Problem) -> String? {
        guard let text = call.query["type"] else { return nil }
        let words = text.split(separator: ".", omittingEmptySubsequences: false)
        let isType = words.allSatisfy { word in
            let letters = UInt8(ascii: "a")...UInt8(ascii: "z")
            guard let first = word.utf8.first, letters.contains(first) else { return false }
            return word.utf8.allSatisfy { $0 == UInt8(ascii: "_") || (Base62.contains($0) && $0 | 0x20 == $0) }
        }
        guard isType, words.count >= 2, text.utf8.count <= 64 else {
            throw .invalid("type", "type must be a dotted type of at most 64 characters, such as invite.created.")
        }
        return text
    }

    private static func auditText(_ call: Call, _ name: String) throws(Problem) -> String? {
        guard let text = call.query[name] else { return nil }
        guard let id = CampaignID(text) else {
            throw .invalid(name, "\(name) must be 1 to 64 of the characters A-Z a-z 0-9 _ . : -")
        }
        return id.text
    }

    private static func auditTime(_ call: Call, _ name: String) throws(Problem) -> UnixTime? {
        guard let text = call.query[name] else { return nil }
        guard let time = RFC3339.parse(text) else {
            throw .invalid(name, "\(name) must be an RFC 3339 time such as 2026-11-20T23:15:00Z.")
        }
        return time
    }
}
