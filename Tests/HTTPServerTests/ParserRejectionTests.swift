import HTTPServer
import Testing

/// One refused message: its bytes, Latin-1, and the reason.
struct RefusedCase: Sendable, CustomTestStringConvertible {
    let bytes: [UInt8]
    let reason: HTTPRejectionReason

    init(_ text: String, _ reason: HTTPRejectionReason) {
        bytes = text.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) }
        self.reason = reason
    }

    var testDescription: String {
        "\(reason.rawValue): \(String(decoding: bytes.prefix(70), as: UTF8.self).debugDescription)"
    }
}

@Suite("Refused messages")
struct ParserRejectionTests {
    private static let host = "Host: a\r\n"

    private static func get(_ lines: String...) -> String {
        "GET / HTTP/1.1\r\n" + host + lines.map { $0 + "\r\n" }.joined() + "\r\n"
    }

    private static func post(_ lines: String..., body: String) -> String {
        "POST / HTTP/1.1\r\n" + host + lines.map { $0 + "\r\n" }.joined() + "\r\n" + body
    }

    private static func chunked(_ body: String) -> String { post("Transfer-Encoding: chunked", body: body) }

    static let requestLines: [RefusedCase] = [
        .init("GET /\r\n", .malformedRequestLine),
        .init("GET\r\n", .malformedRequestLine),
        .init("\r\n\r\n", .malformedRequestLine),
        .init(" GET / HTTP/1.1\r\n", .malformedRequestLine),
        .init("GET  / HTTP/1.1\r\n", .malformedRequestLine),
        .init("GET\t/ HTTP/1.1\r\n", .malformedRequestLine),
        .init("G/T / HTTP/1.1\r\n", .malformedRequestLine),
        .init("G\u{E9}T / HTTP/1.1\r\n", .malformedRequestLine),
        .init("G\0T / HTTP/1.1\r\n", .malformedRequestLine),
        .init("/ HTTP/1.1\r\n", .malformedRequestLine),
        .init("GET /  HTTP/1.1\r\n", .malformedVersion),
        .init("GET / HTTP/1.1 \r\n", .malformedVersion),
        .init("GET / x HTTP/1.1\r\n", .malformedVersion),
        .init("GET / http/1.1\r\n", .malformedVersion),
        .init("GET / HTTP/1\r\n", .malformedVersion),
        .init("GET / HTTP/11\r\n", .malformedVersion),
        .init("GET / HTTP/1.1x\r\n", .malformedVersion),
        .init("GET / HTTP/1.10\r\n", .malformedVersion),
        .init("GET / HTTP/1,1\r\n", .malformedVersion),
        .init("GET / HTTP/a.b\r\n", .malformedVersion),
        .init("GET / HTTPS/1.1\r\n", .malformedVersion),
        .init("GET / HTTP/2.0\r\n", .unsupportedVersion),
        .init("GET / HTTP/0.9\r\n", .unsupportedVersion),
        .init("GET / HTTP/1.2\r\n", .unsupportedVersion),
        .init("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", .unsupportedVersion),
        .init("CONNECT a:443 HTTP/1.1\r\n", .unsupportedMethod),
        .init("GET x HTTP/1.1\r\n", .malformedTarget),
        .init("GET * HTTP/1.1\r\n", .malformedTarget),
        .init("OPTIONS ** HTTP/1.1\r\n", .malformedTarget),
        .init("GET /a#b HTTP/1.1\r\n", .malformedTarget),
        .init("GET /\u{E9} HTTP/1.1\r\n", .malformedTarget),
        .init("GET /\u{7F} HTTP/1.1\r\n", .malformedTarget),
        .init("GET /\0 HTTP/1.1\r\n", .malformedTarget),
        .init("GET /a\tb HTTP/1.1\r\n", .malformedTarget),
        .init("GET /\" HTTP/1.1\r\n", .malformedTarget),
        .init("GET /<> HTTP/1.1\r\n", .malformedTarget),
        .init("GET /\\ HTTP/1.1\r\n", .malformedTarget),
        .init("GET /{a} HTTP/1.1\r\n", .malformedTarget),
        .init("GET /% HTTP/1.1\r\n", .malformedTarget),
        .init("GET /%4 HTTP/1.1\r\n", .malformedTarget),
        .init("GET /%4g HTTP/1.1\r\n", .malformedTarget),
        .init("GET /?%zz HTTP/1.1\r\n", .malformedTarget),
        .init("GET a:80 HTTP/1.1\r\n", .malformedTarget),
        .init("GET ftp://a/ HTTP/1.1\r\n", .malformedTarget),
        .init("GET http:///x HTTP/1.1\r\n", .malformedTarget),
        .init("GET http://u@a/ HTTP/1.1\r\n", .malformedTarget),
        .init("GET http://u:p@a/ HTTP/1.1\r\n", .malformedTarget),
        .init("GET http://a/ HTTP/1.1\r\nHost: b\r\n\r\n", .hostMismatch),
        .init("GET http://a:80/ HTTP/1.1\r\nHost: a\r\n\r\n", .hostMismatch),
        .init("GET http://a/ HTTP/1.0\r\n\r\n", .hostMismatch),
        .init("\u{16}\u{03}\u{01}\u{02}\0\u{01}\r\n", .malformedRequestLine),
    ]

    static let fieldLines: [RefusedCase] = [
        .init("GET / HTTP/1.1\n", .bareLineFeed),
        .init("GET / HTTP/1.1\r\nHost: a\n", .bareLineFeed),
        .init("GET / HTTP/1.1\r\n\n", .bareLineFeed),
        .init("\n", .bareLineFeed),
        .init(get("X: a\nY: b"), .bareLineFeed),
        .init("GET / HTTP/1.1\rHost: a\r\n", .bareCarriageReturn),
        .init("GET /\r HTTP/1.1\r\n", .bareCarriageReturn),
        .init("GET / HTTP/1.1\r\r\n", .bareCarriageReturn),
        .init(get("X: a\rb"), .bareCarriageReturn),
        .init(get("X: a\r"), .bareCarriageReturn),
        .init(get("X\r: a"), .bareCarriageReturn),
        .init(get("X: a", " b"), .foldedLine),
        .init(get("X: a", "\tb"), .foldedLine),
        .init("GET / HTTP/1.1\r\n Host: a\r\n", .foldedLine),
        .init(get("X : a"), .malformedFieldName),
        .init(get("X\t: a"), .malformedFieldName),
        .init(get("X Y: a"), .malformedFieldName),
        .init(get("X"), .malformedFieldName),
        .init(get(": a"), .malformedFieldName),
        .init(get(":"), .malformedFieldName),
        .init(get("X(Y): a"), .malformedFieldName),
        .init(get("\u{E9}: a"), .malformedFieldName),
        .init(get("X\0: a"), .malformedFieldName),
        .init(get("X: a\0b"), .malformedFieldValue),
        .init(get("X: \u{01}"), .malformedFieldValue),
        .init(get("X: a\u{0B}b"), .malformedFieldValue),
        .init(get("X: \u{7F}"), .malformedFieldValue),
        .init("GET / HTTP/1.1\r\n\r\n", .missingHost),
        .init(get("Host: a"), .repeatedHost),
        .init(get("HOST: b"), .repeatedHost),
        .init("GET / HTTP/1.1\r\nHost:\r\n\r\n", .malformedHost),
        .init("GET / HTTP/1.1\r\nHost: a b\r\n\r\n", .malformedHost),
        .init("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", .malformedHost),
        .init("GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", .malformedHost),
        .init("GET / HTTP/1.1\r\nHost: a,b\r\n\r\n", .malformedHost),
        .init("GET / HTTP/1.1\r\nHost: a:x\r\n\r\n", .malformedHost),
        .init("GET / HTTP/1.1\r\nHost: a:\r\n\r\n", .malformedHost),
        .init("GET / HTTP/1.1\r\nHost: a:65536\r\n\r\n", .malformedHost),
        .init("GET / HTTP/1.1\r\nHost: :80\r\n\r\n", .malformedHost),
        .init("GET / HTTP/1.1\r\nHost: [::1\r\n\r\n", .malformedHost),
        .init("GET / HTTP/1.1\r\nHost: []\r\n\r\n", .malformedHost),
        .init("GET / HTTP/1.1\r\nHost: a%20b\r\n\r\n", .malformedHost),
        .init(post("Expect: 200-ok", "Content-Length: 1", body: "x"), .unmetExpectation),
        .init(post("Expect: 100-continue, x", "Content-Length: 1", body: "x"), .unmetExpectation),
    ]

    static let framing: [RefusedCase] = [
        .init(post("Content-Length: 3", "Transfer-Encoding: chunked", body: "0\r\n\r\n"), .lengthWithTransferEncoding),
        .init(post("Transfer-Encoding: chunked", "Content-Length: 3", body: "0\r\n\r\n"), .lengthWithTransferEncoding),
        .init(post("Transfer-Encoding: chunked", "Content-Length: 0", body: "0\r\n\r\n"), .lengthWithTransferEncoding),
        .init(post("Content-Length: 2", "Content-Length: 3", body: "{}"), .repeatedContentLength),
        .init(post("Content-Length: 2", "Content-Length: 2", body: "{}"), .repeatedContentLength),
        .init(post("Content-Length: 2", "content-length: 2", body: "{}"), .repeatedContentLength),
        .init(post("Content-Length: 2, 2", body: "{}"), .malformedContentLength),
        .init(post("Content-Length: +2", body: "{}"), .malformedContentLength),
        .init(post("Content-Length: -2", body: "{}"), .malformedContentLength),
        .init(post("Content-Length: 0x2", body: "{}"), .malformedContentLength),
        .init(post("Content-Length: 2_0", body: "{}"), .malformedContentLength),
        .init(post("Content-Length: 2 0", body: "{}"), .malformedContentLength),
        .init(post("Content-Length: \"2\"", body: "{}"), .malformedContentLength),
        .init(post("Content-Length: 2.0", body: "{}"), .malformedContentLength),
        .init(post("Content-Length:", body: "{}"), .malformedContentLength),
        .init(post("Content-Length: \u{B2}", body: "{}"), .malformedContentLength),
        .init(post("Content-Length: 18446744073709551618", body: "{}"), .malformedContentLength),
        .init(post("Content-Length: 9223372036854775808", body: "{}"), .malformedContentLength),
        .init(post("Content-Length: 999999999999999999", body: "{}"), .bodyTooLong),
        .init(post("Content-Length : 2", body: "{}"), .malformedFieldName),
        .init(post("Transfer-Encoding : chunked", body: "0\r\n\r\n"), .malformedFieldName),
        .init(post("Transfer-Encoding: chunked", "Transfer-Encoding: chunked", body: ""), .repeatedTransferEncoding),
        .init(post("Transfer-Encoding: identity", body: ""), .unsupportedTransferEncoding),
        .init(post("Transfer-Encoding: gzip", body: ""), .unsupportedTransferEncoding),
        .init(post("Transfer-Encoding: gzip, chunked", body: ""), .unsupportedTransferEncoding),
        .init(post("Transfer-Encoding: chunked, identity", body: ""), .unsupportedTransferEncoding),
        .init(post("Transfer-Encoding: chunked, chunked", body: ""), .unsupportedTransferEncoding),
        .init(post("Transfer-Encoding: chunked;q=1", body: ""), .unsupportedTransferEncoding),
        .init(post("Transfer-Encoding: \"chunked\"", body: ""), .unsupportedTransferEncoding),
        .init(post("Transfer-Encoding: xchunked", body: ""), .unsupportedTransferEncoding),
        .init(post("Transfer-Encoding: chunkedx", body: ""), .unsupportedTransferEncoding),
        .init(post("Transfer-Encoding: ,chunked", body: ""), .unsupportedTransferEncoding),
        .init(post("Transfer-Encoding:", body: ""), .unsupportedTransferEncoding),
        .init(post("Transfer-Encoding: \u{0B}chunked", body: ""), .malformedFieldValue),
        .init(post("Transfer-Encoding:", " chunked", body: ""), .unsupportedTransferEncoding),
        .init(post("X: y\rTransfer-Encoding: chunked", body: ""), .bareCarriageReturn),
        .init(post("X: y\nTransfer-Encoding: chunked", body: ""), .bareLineFeed),
        .init("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", .transferEncodingInOldVersion),
    ]

    static let chunks: [RefusedCase] = [
        .init(chunked("0x2\r\n{}\r\n0\r\n\r\n"), .malformedChunk),
        .init(chunked("+2\r\n{}\r\n0\r\n\r\n"), .malformedChunk),
        .init(chunked("-2\r\n{}\r\n0\r\n\r\n"), .malformedChunk),
        .init(chunked("2_\r\n{}\r\n0\r\n\r\n"), .malformedChunk),
        .init(chunked(" 2\r\n{}\r\n0\r\n\r\n"), .malformedChunk),
        .init(chunked("2 \r\n{}\r\n0\r\n\r\n"), .malformedChunk),
        .init(chunked("\r\n{}\r\n"), .malformedChunk),
        .init(chunked("g\r\n"), .malformedChunk),
        .init(chunked(";a\r\n"), .malformedChunk),
        .init(chunked("000000002\r\n{}\r\n"), .malformedChunk),
        .init(chunked("10000000000000002\r\n{}\r\n"), .malformedChunk),
        .init(chunked("ffffffffffffffff\r\n{}\r\n"), .malformedChunk),
        .init(chunked("ffffffff\r\n{}\r\n"), .bodyTooLong),
        .init(chunked("2\n{}\r\n0\r\n\r\n"), .bareLineFeed),
        .init(chunked("2\r{}\r\n0\r\n\r\n"), .bareCarriageReturn),
        .init(chunked("2;a\nb\r\n{}\r\n"), .bareLineFeed),
        .init(chunked("2;a\rb\r\n{}\r\n"), .bareCarriageReturn),
        .init(chunked("2;a\0\r\n{}\r\n"), .malformedChunk),
        .init(chunked("2;\r\n{}\r\n"), .malformedChunk),
        .init(chunked("2;a=\r\n{}\r\n"), .malformedChunk),
        .init(chunked("2;a=\"\r\n{}\r\n"), .malformedChunk),
        .init(chunked("2;a=\"\\\r\n{}\r\n"), .malformedChunk),
        .init(chunked("2 ;a=b\r\n{}\r\n"), .malformedChunk),
        .init(chunked("2;a=b c\r\n{}\r\n"), .malformedChunk),
        .init(chunked("2\r\n{}\n0\r\n\r\n"), .malformedChunk),
        .init(chunked("2\r\n{}x\r\n0\r\n\r\n"), .malformedChunk),
        .init(chunked("2\r\n{}\rx"), .malformedChunk),
        .init(chunked("4\r\n{}\r\n0\r\n\r\n"), .malformedChunk),
        .init(chunked("0\n\r\n"), .bareLineFeed),
        .init(chunked("0\r\n\n"), .bareLineFeed),
        .init(chunked("0\r\nX : y\r\n\r\n"), .malformedFieldName),
        .init(chunked("0\r\nX\r\n\r\n"), .malformedFieldName),
        .init(chunked("0\r\nX: y\r\n z\r\n\r\n"), .foldedLine),
        .init(chunked("0\r\nX: \0\r\n\r\n"), .malformedFieldValue),
        .init(chunked("0\r\nX: y\n\r\n"), .bareLineFeed),
    ]

    static let all = requestLines + fieldLines + framing + chunks

    @Test("A doubtful message is refused for the right reason", arguments: all)
    func refused(_ row: RefusedCase) {
        let outcomes = ParserHarness.outcomes([row.bytes])
        #expect(outcomes.last == .rejected(row.reason), "\(outcomes)")
        #expect(!outcomes.contains(.end), "nothing of a doubtful message may count as a request: \(outcomes)")
    }

    @Test("A doubtful message is refused in the same way, however it is cut", arguments: all)
    func refusedInPieces(_ row: RefusedCase) {
        let whole = ParserHarness.outcomes([row.bytes])
        for split in 1..<row.bytes.count {
            let pieces = [Array(row.bytes[..<split]), Array(row.bytes[split...])]
            #expect(ParserHarness.outcomes(pieces) == whole, "cut at \(split)")
        }
        #expect(ParserHarness.outcomes(row.bytes.map { [$0] }) == whole)
    }

    @Test("A refusal is repeated whatever comes after it")
    func failureLasts() {
        var parser = HTTPRequestParser()
        let bad = Array("GET / HTTP/1.1\n".utf8)
        let good = Array("GET / HTTP/1.1\r\nHost: a\r\n\r\n".utf8)
        for input in [bad, good, []] {
            var position = 0
            guard case .rejected(let rejection) = parser.next(input.span, from: &position) else {
                Issue.record("a failed parser went on")
                return
            }
            #expect(rejection.reason == .bareLineFeed)
            #expect(position == 0)
        }
    }

    @Test("What comes before a doubtful message in a pipeline is served, what comes after is not")
    func pipeline() {
        let good = "GET /a HTTP/1.1\r\nHost: a\r\n\r\n"
        let bad = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"
        let outcomes = ParserHarness.outcomes(good + good + bad + good)
        #expect(outcomes.filter { $0 == .end }.count == 2)
        #expect(outcomes.last == .rejected(.lengthWithTransferEncoding))
    }

    @Test("Every reason has a status of its class and a sentence", arguments: HTTPRejectionReason.allCases)
    func reasons(_ reason: HTTPRejectionReason) {
        #expect((400...505).contains(reason.status))
        #expect(reason.sentence.hasSuffix("."))
    }
}
