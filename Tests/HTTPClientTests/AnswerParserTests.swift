import Testing

@testable import HTTPClient

@Suite("The HTTP client's parser of answers")
struct AnswerParserTests {
    /// What a whole connection gives: an answer, a fault, or nil where it ended too soon.
    private static func parse(
        _ text: String,
        piece: Int = .max,
        limits: HTTPAnswerLimits = HTTPAnswerLimits(bodyBytesMax: 1 << 20)
    ) throws -> HTTPAnswer? {
        var parser = HTTPAnswerParser(limits: limits)
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            try parser.feed(rest.prefix(piece))
            rest = rest.dropFirst(piece)
        }
        return try parser.end() ? parser.answer : nil
    }

    static let answers: [(String, Int, String)] = [
        ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", 200, "hello"),
        ("HTTP/1.1 200 OK\r\ncontent-length:5\r\n\r\nhello and more", 200, "hello"),
        ("HTTP/1.1 204 No Content\r\n\r\n", 204, ""), ("HTTP/1.1 404\r\nContent-Length: 0\r\n\r\n", 404, ""),
        ("HTTP/1.1 404 \r\nContent-Length: 0\r\n\r\n", 404, ""),
        ("HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", 304, ""),
        ("HTTP/1.0 200 OK\r\n\r\nto the end", 200, "to the end"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", 200, "hello"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\n\r\n", 200, "hello"),
        ("HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\nA\r\n0123456789\r\n0\r\n\r\n", 201, "0123456789"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n1\r\na\r\n0\r\nLast: x\r\n\r\n", 200, "a"),
        ("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\n\r\nb", 200, "b"),
    ]

    @Test("An answer is read by its length, its chunks or its end", arguments: answers)
    func whole(text: String, status: Int, body: String) throws {
        let answer = try #require(try Self.parse(text))
        #expect(answer.status == status)
        #expect(String(decoding: answer.body, as: UTF8.self) == body)
    }

    @Test("In pieces of every size it is the same answer", arguments: answers)
    func pieces(text: String, status: Int, body: String) throws {
        let whole = try Self.parse(text)
        for piece in 1...max(1, text.utf8.count) { #expect(try Self.parse(text, piece: piece) == whole) }
    }

    @Test("Every way to cut a framed answer short is noticed", arguments: [answers[0], answers[7], answers[10]])
    func cuts(text: String, status: Int, body: String) throws {
        let bytes = Array(text.utf8)
        for count in 0..<bytes.count {
            #expect(try Self.parse(String(decoding: bytes.prefix(count), as: UTF8.self)) == nil)
        }
    }

    @Test(
        "A malformed answer is refused, for the reason that it has",
        arguments: [
            ("HTTP/2 200\r\n\r\n", HTTPAnswerFault.notHTTP), ("garbage\r\n\r\n", .notHTTP), ("\r\n\r\n", .notHTTP),
            ("HTTP/1.1\r\n\r\n", .notHTTP), ("HTTP/1.1 20\r\n\r\n", .notHTTP), ("HTTP/1.2 200 OK\r\n\r\n", .notHTTP),
            ("http/1.1 200 OK\r\n\r\n", .notHTTP), ("HTTP/1.1  200 OK\r\n\r\n", .notHTTP),
            ("HTTP/1.1 200OK\r\n\r\n", .notHTTP), ("HTTP/1.1 2000 OK\r\n\r\n", .notHTTP),
            ("HTTP/1.1 200 O\u{1}K\r\n\r\n", .notHTTP), ("HTTP/1.1 abc OK\r\n\r\n", .badStatus),
            ("HTTP/1.1 099 Low\r\n\r\n", .badStatus), ("HTTP/1.1 600 Odd\r\n\r\n", .badStatus),
            ("HTTP/1.1 +20 OK\r\n\r\n", .badStatus), ("HTTP/1.1 200 OK\n\n", .badLineEnd),
            ("HTTP/1.1 200 OK\r\nA: b\n\r\n", .badLineEnd), ("HTTP/1.1 200 OK\rX\r\n\r\n", .badLineEnd),
            ("HTTP/1.1 200 OK\r\nno colon\r\n\r\n", .badField), ("HTTP/1.1 200 OK\r\n: x\r\n\r\n", .badField),
            ("HTTP/1.1 200 OK\r\nA : b\r\n\r\n", .badField), ("HTTP/1.1 200 OK\r\nA: b\r\n folded\r\n\r\n", .badField),
            ("HTTP/1.1 200 OK\r\nA: \u{0}\r\n\r\n", .badField),
            ("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", .badLength),
            ("HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\nhello", .badLength),
            ("HTTP/1.1 200 OK\r\nContent-Length: five\r\n\r\n", .badLength),
            ("HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\n", .badLength),
            ("HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\nhello", .badLength),
            ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello", .badLength),
            ("HTTP/1.1 200 OK\r\nContent-Length: 9999999999999999\r\n\r\n", .badLength),
            ("HTTP/1.1 200 OK\r\nContent-Length: 1048577\r\n\r\n", .bodyTooLong),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", .badTransferEncoding),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chun\u{212A}ed\r\n\r\n", .badTransferEncoding),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", .badTransferEncoding),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n", .badTransferEncoding),
            (
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
                .badTransferEncoding
            ), ("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", .badTransferEncoding),
            ("HTTP/1.1 101 Switching\r\n\r\n", .upgraded),
        ]
    )
    func faults(text: String, fault: HTTPAnswerFault) {
        #expect(throws: fault) { try Self.parse(text) }
        #expect(throws: fault) { try Self.parse(text, piece: 1) }
    }

    @Test(
        "A malformed chunk is refused",
        arguments: [
            "xyz\r\n", "-5\r\nhello", "+5\r\nhello", "0x5\r\nhello", "\r\n", " 5\r\nhello", "5 x\r\nhello",
            "ffffffffffffffff\r\n", "7fffffffffffffff\r\n", "5\r\nhelloX", "5\r\nhello\r\nX",
            "5;" + String(repeating: "x", count: 300) + "\r\nhello",
        ]
    )
    func chunks(text: String) {
        let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        #expect(throws: HTTPAnswerFault.self) { try Self.parse(head + text + "\r\n0\r\n\r\n") }
    }

    @Test("Heads, fields, interim answers and bodies have bounds: the bound passes, one more does not")
    func bounds() throws {
        var limits = HTTPAnswerLimits(bodyBytesMax: 4)
        limits.headBytesMax = 64
        limits.fieldsMax = 2
        limits.interimMax = 2
        func parse(_ text: String) throws -> HTTPAnswer? { try Self.parse(text, limits: limits) }
        let frame = "HTTP/1.1 200 OK\r\nA: \r\n\r\n".utf8.count
        func head(_ count: Int) -> String { "HTTP/1.1 200 OK\r\nA: \(String(repeating: "x", count: count))\r\n\r\n" }
        #expect(try parse(head(64 - frame)) != nil)
        #expect(throws: HTTPAnswerFault.headTooLong) { try parse(head(65 - frame)) }
        #expect(try parse("HTTP/1.1 200 OK\r\nA: b\r\nC: d\r\n\r\n") != nil)
        #expect(throws: HTTPAnswerFault.badField) { try parse("HTTP/1.1 200 OK\r\nA: b\r\nC: d\r\nE: f\r\n\r\n") }
        let interim = "HTTP/1.1 100\r\n\r\n"
        #expect(try parse(interim + interim + "HTTP/1.1 204\r\n\r\n") != nil)
        #expect(throws: HTTPAnswerFault.tooManyInterim) { try parse(interim + interim + interim) }
        #expect(try parse("HTTP/1.1 200 OK\r\n\r\nbody")?.body.count == 4)
        #expect(throws: HTTPAnswerFault.bodyTooLong) { try parse("HTTP/1.1 200 OK\r\n\r\nbody!") }
        let chunked = "HTTP/1.1 200\r\nTransfer-Encoding: chunked\r\n\r\n"
        #expect(try parse(chunked + "2\r\nab\r\n2\r\ncd\r\n0\r\n\r\n") != nil)
        #expect(throws: HTTPAnswerFault.bodyTooLong) { try parse(chunked + "2\r\nab\r\n3\r\ncde\r\n") }
    }

    @Test("Without a wish for the body an answer is complete with its head")
    func headAlone() throws {
        var parser = HTTPAnswerParser(limits: HTTPAnswerLimits(bodyBytesMax: nil))
        try parser.feed(Array("HTTP/1.1 503 Busy\r\nRetry-After: 7\r\nContent-Length: 99999999\r\n\r\nxx".utf8)[...])
        #expect(parser.isComplete && parser.answer.status == 503)
        #expect(parser.answer.first("retry-after") == "7" && parser.answer.body.isEmpty)
    }

    @Test("A fault is repeated, whatever comes after it")
    func repeats() throws {
        var parser = HTTPAnswerParser(limits: HTTPAnswerLimits(bodyBytesMax: 9))
        #expect(throws: HTTPAnswerFault.notHTTP) { try parser.feed(Array("nonsense\r\n".utf8)[...]) }
        #expect(throws: HTTPAnswerFault.notHTTP) { try parser.feed(Array("HTTP/1.1 200 OK\r\n\r\n".utf8)[...]) }
        #expect(throws: HTTPAnswerFault.notHTTP) { try parser.feed([]) }
        #expect(throws: HTTPAnswerFault.notHTTP) { try parser.end() }
    }
}
