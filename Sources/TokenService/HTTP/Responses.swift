package import HTTPServer
package import InviteStore
package import Platform
package import StrictJSON

/// Answers that several handlers write.
package enum Responses {
    /// A JSON answer; `isSecret` adds `Cache-Control: no-store`.
    package static func json(
        _ status: Int,
        isSecret: Bool = false,
        capacity: Int = 768,
        _ body: (inout JSONWriter) throws -> Void
    ) rethrows -> HTTPResponse {
        var writer = JSONWriter(capacity: capacity)
        writer.beginObject()
        try body(&writer)
        writer.endObject()
        var response = HTTPResponse(status: status, body: writer.bytes, contentType: "application/json")
        if isSecret { response.append("Cache-Control", "no-store") }
        return response
    }

    /// 204 without a body.
    package static func noContent() -> HTTPResponse { HTTPResponse(status: 204, body: [], contentType: nil) }

    /// One page of a list.
    package static func list<Record: Sendable>(
        _ page: Page<Record>,
        cursor: (RecordID) -> String,
        isSecret: Bool = false,
        _ write: (Record, inout JSONWriter) throws -> Void
    ) rethrows -> HTTPResponse {
        try json(200, isSecret: isSecret, capacity: 4096) { writer in
            writer.name("data")
            writer.beginArray()
            for record in page.records {
                writer.beginObject()
                try write(record, &writer)
                writer.endObject()
            }
            writer.endArray()
            writer.member("has_more", page.next != nil)
            writer.member("next_cursor", page.next.map(cursor))
        }
    }
}

extension JSONWriter {
    /// A time, or null.
    package mutating func member(_ name: StaticString, time: UnixTime?) {
        member(name, time.map(RFC3339.text))
    }
}
