package import HTTPServer
package import InviteStore
package import Platform
package import StrictJSON

/// Answers that several handlers write.
package enum Responses {
    private static let plainJSON = HTTPFieldLines([("Content-Type", "application/json")])
    private static let secretJSON = HTTPFieldLines([
        ("Content-Type", "application/json"), ("Cache-Control", "no-store"),
    ])

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
        var response = HTTPResponse(status: status, body: writer.bytes)
        response.append(isSecret ? secretJSON : plainJSON)
        return response
    }

    /// A JSON answer that was written before, with `Cache-Control: no-store`.
    static func secret(_ body: [UInt8]) -> HTTPResponse {
        var response = HTTPResponse(status: 200, body: body)
        response.append(secretJSON)
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
        self.name(name)
        guard let time else { return null() }
        string(plain: RFC3339.count) { RFC3339.write(time, to: &$0) }
    }

    /// An id in its text form.
    package mutating func member(_ name: StaticString, _ kind: IdentifierKind, _ id: RecordID) {
        self.name(name)
        string(plain: TypeID.count(kind)) { TypeID.write(kind, id, to: &$0) }
    }

    /// A participant's pseudonym in its text form.
    package mutating func member(_ name: StaticString, subject: KeyedDigest16) {
        self.name(name)
        string(plain: Pseudonymizer.count) { Pseudonymizer.write(subject, to: &$0) }
    }
}
