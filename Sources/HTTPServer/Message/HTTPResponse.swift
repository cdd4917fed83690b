/// A whole response: status, fields and body.
///
/// `Date`, `Content-Length`, `Connection` and `Transfer-Encoding` belong to the server: setting them does nothing. No
/// value can break the head apart: every byte but visible ASCII, space and tab is sent as "?" (RFC 9110 section 5.5).
package struct HTTPResponse: Sendable {
    /// 200–599; any other number is sent as 500.
    package var status: Int
    /// Sent as it is, except to HEAD and with 204 and 304, which have no content.
    package var body: [UInt8]
    /// Ends the connection once this response is out.
    package var closesConnection: Bool

    /// Complete field lines, ready to be sent.
    private(set) var lines: [UInt8]

    package init(status: Int, body: [UInt8] = [], contentType: StaticString? = nil) {
        self.status = status
        self.body = body
        closesConnection = false
        lines = []
        if let contentType {
            lines.reserveCapacity(Self.linesCapacity)
            lines.append(contentsOf: Self.contentTypeName)
            Self.appendText(LiteralBytes(contentType), to: &lines)
            Self.appendLineEnd(to: &lines)
        }
    }

    /// Sets a field to one value, in place of any it had.
    package mutating func set(_ name: StaticString, _ value: String) {
        remove(name)
        append(name, value)
    }

    /// Adds a field line, beside any of the same name.
    package mutating func append(_ name: StaticString, _ value: String) {
        let nameBytes = LiteralBytes(name)
        guard Self.mayCarry(nameBytes) else { return }
        if lines.isEmpty { lines.reserveCapacity(Self.linesCapacity) }
        Self.appendText(nameBytes, to: &lines)
        lines.append(ASCII.colon)
        lines.append(ASCII.space)
        let start = lines.count
        lines.append(contentsOf: value.utf8)
        Self.makeSendable(&lines, from: start)
        Self.appendLineEnd(to: &lines)
    }

    /// Adds a field line whose value is written in place.
    package mutating func append(_ name: HTTPFieldName, _ write: (inout HTTPFieldValue) -> Void) {
        guard !name.lineStart.isEmpty else { return }
        if lines.isEmpty { lines.reserveCapacity(Self.linesCapacity) }
        lines.append(contentsOf: name.lineStart)
        let start = lines.count
        var value = HTTPFieldValue(bytes: lines)
        lines = []
        write(&value)
        lines = value.bytes
        Self.makeSendable(&lines, from: start)
        Self.appendLineEnd(to: &lines)
    }

    /// Adds lines that were made before.
    package mutating func append(_ fields: HTTPFieldLines) {
        if lines.isEmpty { lines.reserveCapacity(Self.linesCapacity) }
        lines.append(contentsOf: fields.bytes)
    }

    /// Removes every line of a field.
    package mutating func remove(_ name: StaticString) {
        while let (line, _) = find(name) { lines.removeSubrange(line) }
    }

    /// The first value of a field, as it will be sent; for tests and for code that adds what is missing.
    package func field(_ name: StaticString) -> String? {
        find(name).map { String(decoding: lines[$0.value], as: UTF8.self) }
    }

    /// Whether a field has been set.
    package func hasField(_ name: StaticString) -> Bool { find(name) != nil }

    /// The first line of that name with its line end, and the value in it.
    private func find(_ name: StaticString) -> (line: Range<Int>, value: Range<Int>)? {
        let wanted = LiteralBytes(name)
        let text = lines.span
        var start = 0
        while start < text.count {
            var end = start
            while end < text.count, text[end] != ASCII.lineFeed { end += 1 }
            // A line is `name: value CR LF`, so a match leaves room for the four bytes around the value.
            let valueStart = start + wanted.count + 2
            if valueStart < end, text[valueStart - 2] == ASCII.colon, wanted.matches(text, at: start) {
                return (start..<end + 1, valueStart..<end - 1)
            }
            start = end + 1
        }
        return nil
    }

    /// Room for the lines of a usual answer, so that they are not moved as they grow.
    private static let linesCapacity = 480

    private static let contentTypeName = Array("Content-Type: ".utf8)

    private static func sendable(_ byte: UInt8) -> UInt8 {
        (byte >= 0x20 && byte < 0x7F) || byte == ASCII.tab ? byte : UInt8(ascii: "?")
    }

    private static func appendText(_ text: LiteralBytes, to lines: inout [UInt8]) {
        let start = lines.count
        text.append(to: &lines)
        makeSendable(&lines, from: start)
    }

    private static func firstUnsendable(_ lines: borrowing Span<UInt8>, from start: Int) -> Int? {
        for index in start..<lines.count where sendable(lines[index]) != lines[index] { return index }
        return nil
    }

    /// Replaces what a head must not hold.
    private static func makeSendable(_ lines: inout [UInt8], from start: Int) {
        guard var unsendable = firstUnsendable(lines.span, from: start) else { return }
        while unsendable < lines.count {
            lines[unsendable] = sendable(lines[unsendable])
            unsendable += 1
        }
    }

    private static func appendLineEnd(to lines: inout [UInt8]) {
        lines.append(ASCII.carriageReturn)
        lines.append(ASCII.lineFeed)
    }

    /// Whether a field of this name may stand in a response that is made here.
    static func mayCarry(_ name: LiteralBytes) -> Bool { !isReserved(name) && isName(name) }

    private static func isName(_ name: LiteralBytes) -> Bool {
        guard name.count > 0 else { return false }
        for index in 0..<name.count where !ASCII.isToken(name[index]) { return false }
        return true
    }

    /// Fields that frame the message: only the server may write them.
    private static func isReserved(_ name: LiteralBytes) -> Bool {
        switch name.count {
        case 4: equals(name, "date")
        case 10: equals(name, "connection")
        case 14: equals(name, "content-length")
        case 17: equals(name, "transfer-encoding")
        default: false
        }
    }

    private static func equals(_ name: LiteralBytes, _ lowercased: StaticString) -> Bool {
        let wanted = LiteralBytes(lowercased)
        for index in 0..<wanted.count where ASCII.lowercase(name[index]) != wanted[index] { return false }
        return true
    }
}
