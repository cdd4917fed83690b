import Testing

@testable import TokenService

@Suite("The command line's HTTP client")
struct HTTPClientTests {
    private static func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

    @Test(
        "An answer is read by its length, its chunks or its end",
        arguments: [
            ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", 200, "hello"),
            ("HTTP/1.1 200 OK\r\ncontent-length:5\r\n\r\nhello and more", 200, "hello"),
            ("HTTP/1.1 204 No Content\r\n\r\n", 204, ""), ("HTTP/1.1 404\r\n\r\n", 404, ""),
            ("HTTP/1.0 200 OK\r\n\r\nto the end", 200, "to the end"),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", 200, "hello"),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\n\r\n", 200, "hello"),
            (
                "HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\nA\r\n0123456789\r\n0\r\n\r\n", 201,
                "0123456789"
            ),
            ("HTTP/1.1 503 Unavailable\r\nContent-Length: 0\r\n\r\n", 503, ""),
        ]
    )
    func answers(text: String, status: Int, body: String) throws {
        let answer = try HTTPClient.parse(Self.bytes(text))
        #expect(answer.status == status)
        #expect(String(decoding: answer.body, as: UTF8.self) == body)
    }

    @Test(
        "An answer that is cut off or malformed is an error",
        arguments: [
            "", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "HTTP/1.1 99 Low\r\n\r\n", "HTTP/2 200\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\nhello\r\n0\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\nhello\r\n0\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\nhello\r\n0\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n7fffffffffffffff\r\nhello\r\n0\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nhello", "HTTP/1.1 600 Odd\r\n\r\n", "garbage\r\n\r\n",
            "\r\n\r\n", "HTTP/1.1\r\n\r\n", "HTTP/1.1 abc\r\n\r\n",
        ]
    )
    func failures(text: String) {
        #expect(throws: ClientError.self) { try HTTPClient.parse(Self.bytes(text)) }
    }

    @Test("Every way to cut an answer short is an error")
    func everyCut() throws {
        for text in [
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n3\r\nabc\r\n0\r\n",
        ] {
            let whole = Self.bytes(text)
            #expect(throws: Never.self) { try HTTPClient.parse(whole) }
            for count in 0..<whole.count {
                #expect(throws: ClientError.self) { try HTTPClient.parse(Array(whole.prefix(count))) }
            }
        }
    }

    @Test(
        "The address of a service is read",
        arguments: [
            ("https://tokens.example.com", true, "tokens.example.com", UInt16(443), "", "tokens.example.com"),
            ("https://tokens.example.com/", true, "tokens.example.com", 443, "", "tokens.example.com"),
            ("http://localhost:8080/base/", false, "localhost", 8080, "/base", "localhost:8080"),
            ("http://[::1]:8080", false, "::1", 8080, "", "[::1]:8080"),
            ("http://[::1]", false, "::1", 80, "", "[::1]"),
            ("http://127.0.0.1:80/a/b", false, "127.0.0.1", 80, "/a/b", "127.0.0.1"),
        ]
    )
    func addresses(text: String, isSecure: Bool, host: String, port: UInt16, path: String, authority: String) throws {
        let url = try #require(ServiceURL(parsing: text))
        #expect(url.isSecure == isSecure)
        #expect(url.host == host)
        #expect(url.port == port)
        #expect(url.path == path)
        #expect(url.authority == authority)
    }

    @Test(
        "What is no address of a service is refused",
        arguments: [
            "", "localhost:8080", "ftp://x", "http://", "https:///x", "http://:80", "http://x:", "http://x:65536",
            "http://x:-1", "http://x:8a", "http://user@x", "http://x y", "http://x?y", "http://x/y?z", "http://x/y#z",
            "http://x/\r\nHost: y", "http://x\r\n", "http://b\u{fc}cher", "http://x/\u{e9}",
            "http://" + String(repeating: "a", count: 254),
        ]
    )
    func noAddresses(text: String) {
        #expect(ServiceURL(parsing: text) == nil)
    }
}
