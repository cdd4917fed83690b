import HTTPServer

/// Chunked bodies: what is accepted is what the plainest decoder would make of it (RFC 9112 section 7.1).
///
/// The first byte chooses the most that a body may have.
enum ChunkedTarget {
    private static let head = Array("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n".utf8)

    static func check(_ bytes: [UInt8]) throws(Finding) {
        guard let choice = bytes.first else { return }
        let bodyBytesMax = choice & 1 == 0 ? 1 << 16 : 16
        let coded = Array(bytes.dropFirst())
        let run = try ParserRun(head + coded, bodyBytesMax: bodyBytesMax)
        let isComplete = run.outcomes.contains(.end)
        guard isComplete else {
            try require(run.heads.count == 1, "another request before the end of this one")
            return
        }
        guard run.heads.count == 1 else { return }
        try require(run.bodies.count <= bodyBytesMax, "a body of \(run.bodies.count) bytes")
        guard let plain = PlainChunks(coded) else { throw Finding("accepted, and no chunked body") }
        try require(plain.body == run.bodies, "another body")
        try require(head.count + plain.count == run.consumedByEnd, "another end")
        try roundTrip(run.bodies, bodyBytesMax)
    }

    private static func roundTrip(_ body: [UInt8], _ bodyBytesMax: Int) throws(Finding) {
        var coded = head
        for start in stride(from: 0, to: body.count, by: 7) {
            let chunk = body[start..<min(start + 7, body.count)]
            coded += Array("\(chunk.count)\r\n".utf8) + chunk + [0x0D, 0x0A]
        }
        let run = try ParserRun(coded + Array("0\r\n\r\n".utf8), bodyBytesMax: bodyBytesMax)
        try require(run.bodies == body && run.outcomes.last == .end, "a body does not come back")
    }
}

/// A decoder that believes everything: no limits, no grammar but that of sizes and line ends.
struct PlainChunks {
    var body: [UInt8] = []
    /// The coded bytes up to the end of the body.
    var count = 0

    init?(_ coded: [UInt8]) {
        while true {
            guard let line = line(coded), let size = Self.size(line) else { return nil }
            if size == 0 { break }
            guard coded.count - count >= size + 2 else { return nil }
            body += coded[count..<count + size]
            count += size
            guard coded[count] == 0x0D, coded[count + 1] == 0x0A else { return nil }
            count += 2
        }
        while true {
            guard let trailer = line(coded) else { return nil }
            if trailer.isEmpty { return }
        }
    }

    private mutating func line(_ coded: [UInt8]) -> ArraySlice<UInt8>? {
        guard let feed = coded[count...].firstIndex(of: 0x0A), feed > count, coded[feed - 1] == 0x0D else { return nil }
        defer { count = feed + 1 }
        return coded[count..<feed - 1]
    }

    private static func size(_ line: ArraySlice<UInt8>) -> Int? {
        var digits = line.prefix { $0 != UInt8(ascii: ";") }
        // Old servers fill the line up with white space (BWS).
        while let last = digits.last, last == 0x20 || last == 0x09 { digits.removeLast() }
        guard !digits.isEmpty, digits.first != UInt8(ascii: "+"), digits.first != UInt8(ascii: "-") else { return nil }
        return Int(String(decoding: digits, as: UTF8.self), radix: 16)
    }
}
