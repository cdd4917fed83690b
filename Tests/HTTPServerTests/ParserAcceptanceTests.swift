import HTTPServer
import Testing

/// One good message and what it means.
struct AcceptedCase: Sendable, CustomTestStringConvertible {
    let text: String
    let outcomes: [Outcome]

    init(_ text: String, _ head: String, body: String? = nil) {
        self.text = text
        outcomes = [.head(head)] + (body.map { [.body(Array($0.utf8))] } ?? []) + [.end]
    }

    var testDescription: String { text.prefix(70).debugDescription }
}

@Suite("Good messages")
struct ParserAcceptanceTests {
    static let chunkedHead = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    static let chunkedSummary = "POST / chunked k Host=a|Transfer-Encoding=chunked"

    static let cases: [AcceptedCase] = [
        .init("GET / HTTP/1.1\r\nHost: a\r\n\r\n", "GET / none k Host=a"),
        .init("\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", "GET / none k Host=a"),
        .init("GET / HTTP/1.0\r\n\r\n", "GET / none  "),
        .init("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", "GET / none  Connection=keep-alive"),
        .init("GET /a/b?c=d?e HTTP/1.1\r\nHost: a:1\r\n\r\n", "GET /a/b?c=d?e none k Host=a:1"),
        .init("GET /a? HTTP/1.1\r\nHost: a\r\n\r\n", "GET /a? none k Host=a"),
        .init("GET /%20%Af HTTP/1.1\r\nHost: a\r\n\r\n", "GET /%20%Af none k Host=a"),
        .init("GET /!$&'()*+,;=:@-._~ HTTP/1.1\r\nHost: a\r\n\r\n", "GET /!$&'()*+,;=:@-._~ none k Host=a"),
        .init("GET //../ HTTP/1.1\r\nHost: a\r\n\r\n", "GET //../ none k Host=a"),
        .init("GET http://a HTTP/1.1\r\nHost: A\r\n\r\n", "GET / none k Host=A"),
        .init("GET HTTPS://a.b:8/x?y HTTP/1.1\r\nHost: a.b:8\r\n\r\n", "GET /x?y none k Host=a.b:8"),
        .init("GET http://a?q HTTP/1.1\r\nHost: a\r\n\r\n", "GET /?q none k Host=a"),
        .init("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", "OPTIONS * none k Host=a"),
        .init("GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n", "GET / none k Host=[::1]:80"),
        .init("M-SEARCH / HTTP/1.1\r\nHost: a\r\n\r\n", "M-SEARCH / none k Host=a"),
        .init("GET / HTTP/1.1\r\nhOST: \t a\t \r\nX:\r\n\r\n", "GET / none k hOST=a|X="),
        .init("GET / HTTP/1.1\r\nHost: a\r\nX: b\tc d\r\n\r\n", "GET / none k Host=a|X=b\tc d"),
        .init("GET / HTTP/1.1\r\nHost: a\r\nX: \u{E9}\r\n\r\n", "GET / none k Host=a|X=\u{E9}"),
        .init("GET / HTTP/1.1\r\nHost: a\r\nX: 1\r\nX: 2\r\n\r\n", "GET / none k Host=a|X=1|X=2"),
        .init("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "GET / none  Host=a|Connection=close"),
        .init("GET / HTTP/1.1\r\nHost: a\r\nConnection: x , CLOSE\r\n\r\n", "GET / none  Host=a|Connection=x , CLOSE"),
        .init("GET / HTTP/1.1\r\nHost: a\r\nConnection: closed\r\n\r\n", "GET / none k Host=a|Connection=closed"),
        .init("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", "POST / none k Host=a|Content-Length=0"),
        .init(
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 002\r\n\r\n{}",
            "POST / length(2) k Host=a|Content-Length=002",
            body: "{}"
        ),
        .init(
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-Continue\r\n\r\n{}",
            "POST / length(2) ke Host=a|Content-Length=2|Expect=100-Continue",
            body: "{}"
        ),
        .init(
            "POST / HTTP/1.0\r\nContent-Length: 2\r\nExpect: x\r\n\r\n{}",
            "POST / length(2)  Content-Length=2|Expect=x",
            body: "{}"
        ),
        .init(chunkedHead + "0\r\n\r\n", chunkedSummary),
        .init(chunkedHead + "00000000\r\n\r\n", chunkedSummary),
        .init(chunkedHead + "2\r\n{}\r\n0\r\n\r\n", chunkedSummary, body: "{}"),
        .init(chunkedHead + "1\r\n{\r\n00000001\r\n}\r\n0\r\n\r\n", chunkedSummary, body: "{}"),
        .init(chunkedHead + "2;a;b=c;d=\"e \\\" f\"\r\n{}\r\n0;x\r\n\r\n", chunkedSummary, body: "{}"),
        .init(chunkedHead + "A\r\n0123456789\r\n0\r\n\r\n", chunkedSummary, body: "0123456789"),
        .init(chunkedHead + "2\r\n\r\n\r\n0\r\n\r\n", chunkedSummary, body: "\r\n"),
        .init(chunkedHead + "2\r\n{}\r\n0\r\nX: y\r\nContent-Length: 7\r\n\r\n", chunkedSummary, body: "{}"),
        .init(
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n0\r\n\r\n",
            "POST / chunked k Host=a|Transfer-Encoding=Chunked"
        ),
    ]

    @Test("A good message is understood", arguments: cases)
    func accepted(_ row: AcceptedCase) {
        #expect(ParserHarness.outcomes(row.text) == row.outcomes)
    }

    @Test("A good message and its successor are understood in the same way, however they are cut", arguments: cases)
    func acceptedInPieces(_ row: AcceptedCase) {
        let bytes = Array((row.text + "GET /next HTTP/1.1\r\nHost: a\r\n\r\n").utf8)
        let expected = row.outcomes + [.head("GET /next none k Host=a"), .end]
        for split in 0...bytes.count {
            let pieces = [Array(bytes[..<split]), Array(bytes[split...])]
            #expect(ParserHarness.outcomes(pieces) == expected, "cut at \(split)")
        }
        #expect(ParserHarness.outcomes(bytes.map { [$0] }) == expected)
    }

    @Test("Every proper beginning of a message asks for more", arguments: cases)
    func beginnings(_ row: AcceptedCase) {
        let bytes = Array(row.text.utf8)
        for count in 0..<bytes.count {
            let outcomes = ParserHarness.outcomes([Array(bytes[..<count])])
            #expect(!outcomes.contains(.end))
            #expect(!outcomes.contains { if case .rejected = $0 { true } else { false } }, "after \(count) bytes")
        }
    }

    @Test("The whole corpus in one pipeline gives the outcomes of its parts")
    func pipeline() {
        let keepAlive = Self.cases.filter { !$0.text.contains("HTTP/1.0") }
        let bytes = Array(keepAlive.map(\.text).joined().utf8)
        let expected = keepAlive.flatMap(\.outcomes)
        #expect(ParserHarness.outcomes([bytes]) == expected)
        for size in [1, 2, 3, 7, 64, 1000] {
            let pieces = stride(from: 0, to: bytes.count, by: size).map {
                Array(bytes[$0..<min($0 + size, bytes.count)])
            }
            #expect(ParserHarness.outcomes(pieces) == expected, "pieces of \(size)")
        }
    }
}
