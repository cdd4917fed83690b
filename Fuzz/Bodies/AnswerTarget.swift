import HTTPClient

/// Answers of servers that the client asked: however they are cut on their way they are the same, they stay within their
/// bounds, and what is accepted is what the plainest reader would make of it (RFC 9112 section 6.3).
///
/// The lower half of the first byte is the number of cuts, each of the next bytes the distance to the next one; the upper
/// half chooses the bounds, and whether bytes come one by one where there are many of them.
enum AnswerTarget {
    static func check(_ bytes: [UInt8]) throws(Finding) {
        guard let first = bytes.first else { return }
        let cuts = bytes.dropFirst().prefix(Int(first & 15))
        let data = bytes.dropFirst(1 + cuts.count)
        var limits = HTTPAnswerLimits(bodyBytesMax: first & 32 != 0 ? nil : first & 16 != 0 ? 8 : 1 << 16)
        if first & 64 != 0 { (limits.headBytesMax, limits.fieldsMax, limits.interimMax) = (96, 2, 1) }
        let whole = try AnswerRun.whole(Array(data), limits: limits)
        var pieces = AnswerRun(limits: limits)
        var start = data.startIndex
        for cut in cuts {
            let end = min(data.endIndex, start + Int(cut))
            try pieces.feed(data[start..<end])
            start = end
        }
        try pieces.feed(data[start...])
        let cut = try pieces.end()
        try require(cut == whole, "cut: \(cut), whole: \(whole)")
        if data.count <= (first & 128 == 0 ? 48 : 192) {
            var single = AnswerRun(limits: limits)
            for byte in data { try single.feed([byte]) }
            let outcome = try single.end()
            try require(outcome == whole, "byte by byte: \(outcome), whole: \(whole)")
        }
        guard case .answer(let answer) = whole else { return }
        try hold(answer)
        guard let plain = PlainAnswer(Array(data)) else { throw Finding("accepted, and no answer") }
        try require(plain.status == answer.status, "status \(answer.status), plainly \(plain.status)")
        try require(limits.bodyBytesMax == nil || plain.body == answer.body, "another body")
        try roundTrip(answer)
    }

    /// What whoever asked takes for granted.
    private static func hold(_ answer: HTTPAnswer) throws(Finding) {
        try require((200...599).contains(answer.status), "status \(answer.status)")
        for (name, value) in answer.fields {
            try require(!name.isEmpty, "a field without a name")
            try require(
                name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != 0x3A && !(0x41...0x5A).contains($0) },
                "odd bytes in a name"
            )
            try require(value.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }, "control bytes in a value")
            let edges = [value.utf8.first, value.utf8.last]
            try require(!edges.contains(0x20) && !edges.contains(0x09), "white space around a value")
        }
    }

    /// Written out plainly and read again, an answer says the same.
    private static func roundTrip(_ answer: HTTPAnswer) throws(Finding) {
        var plain = answer
        plain.fields.removeAll { ["content-length", "transfer-encoding"].contains($0.name) }
        var text = "HTTP/1.1 \(answer.status) Any\r\n"
        for (name, value) in plain.fields { text += "\(name): \(value)\r\n" }
        plain.fields.append((name: "content-length", value: "\(plain.body.count)"))
        text += "content-length: \(plain.body.count)\r\n\r\n"
        var limits = HTTPAnswerLimits(bodyBytesMax: 1 << 16)
        // Bytes that are no UTF-8 take three times the room as a text.
        (limits.headBytesMax, limits.fieldsMax) = (1 << 16, limits.fieldsMax + 1)
        let again = try AnswerRun.whole(Array(text.utf8) + plain.body, limits: limits)
        try require(again == .answer(plain), "an answer that is not read again: \(again)")
    }
}

/// An answer as whoever believes everything reads it: no limits, no grammar but that of lines, lengths and chunks.
private struct PlainAnswer {
    var status = 0
    var body: [UInt8] = []

    init?(_ bytes: [UInt8]) {
        var lines = PlainLines(bytes)
        var fields: [String] = []
        repeat {
            guard let line = lines.next(),
                let status = Int(String(decoding: line.dropFirst(9).prefix(3), as: UTF8.self))
            else { return nil }
            self.status = status
            fields = []
            while let field = lines.next(), !field.isEmpty { fields.append(String(decoding: field, as: UTF8.self)) }
        } while status < 200
        let rest = Array(bytes[lines.position...])
        func value(_ name: String) -> String? {
            let line = fields.first {
                $0.utf8.prefix(name.utf8.count + 1).map { $0 | 0x20 }.elementsEqual("\(name):".utf8)
            }
            return line.map { String($0.dropFirst(name.utf8.count + 1)).filter { $0 != " " && $0 != "\t" } }
        }
        if status == 204 || status == 304 { return }
        if let coding = value("transfer-encoding") {
            guard coding.utf8.map({ $0 | 0x20 }).elementsEqual("chunked".utf8) else { return nil }
            body = PlainChunks(rest)?.body ?? []
        } else if let length = value("content-length") {
            guard let count = Int(length) else { return nil }
            body = Array(rest.prefix(count))
        } else {
            body = rest
        }
    }
}

private struct PlainLines {
    private(set) var position = 0
    private let bytes: [UInt8]

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// The next line without its end; nil where none comes.
    mutating func next() -> ArraySlice<UInt8>? {
        let start = position
        guard let end = bytes[start...].firstIndex(of: 0x0A), end > start, bytes[end - 1] == 0x0D else { return nil }
        position = end + 1
        return bytes[start..<end - 1]
    }
}
