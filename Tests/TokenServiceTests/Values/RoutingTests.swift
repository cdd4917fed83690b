import HTTPServer
import StrictJSON
import Testing

@testable import TokenService

@Suite("Routes and query strings")
struct RoutingTests {
    private static let table = RouteTable([
        Route(.get, "/v1/things", .open, .immediate { _ in HTTPResponse(status: 200) }),
        Route(.post, "/v1/things", .open, .immediate { _ in HTTPResponse(status: 201) }),
        Route(.get, "/v1/things/{id}", .open, .immediate { _ in HTTPResponse(status: 202) }),
        Route(.delete, "/v1/things/{id}", .open, .immediate { _ in HTTPResponse(status: 203) }),
        Route(.post, "/v1/things/batch", .open, .immediate { _ in HTTPResponse(status: 204) }),
        Route(.post, "/v1/widget/open", .widget, .immediate { _ in HTTPResponse(status: 205) }),
    ])

    private static func text(_ match: RouteTable.Match) -> String {
        switch match {
        case .route(let route, let parameters):
            ([route.method.name, route.template] + parameters).joined(separator: " ")
        case .methodNotAllowed(let allow): "allow " + allow
        case .none: "none"
        }
    }

    @Test(
        "A request finds its route, its parameters, or what is allowed",
        arguments: [
            ("GET", "/v1/things", "GET /v1/things"), ("HEAD", "/v1/things", "GET /v1/things"),
            ("POST", "/v1/things", "POST /v1/things"), ("DELETE", "/v1/things", "allow GET, HEAD, POST"),
            ("GET", "/v1/things/a", "GET /v1/things/{id} a"), ("HEAD", "/v1/things/a", "GET /v1/things/{id} a"),
            ("DELETE", "/v1/things/a%20b", "DELETE /v1/things/{id} a b"),
            ("POST", "/v1/things/a", "allow DELETE, GET, HEAD"), ("POST", "/v1/things/batch", "POST /v1/things/batch"),
            ("GET", "/v1/things/batch", "allow POST"), ("HEAD", "/v1/things/batch", "allow POST"),
            ("GET", "/v1/widget/open", "allow OPTIONS, POST"), ("BREW", "/v1/things", "allow GET, HEAD, POST"),
            ("get", "/v1/things", "allow GET, HEAD, POST"), ("TRACE", "/v1/things", "allow GET, HEAD, POST"),
            ("OPTIONS", "/v1/things", "allow GET, HEAD, POST"),
            ("GET", "/api/v1/things", "GET /v1/things"), ("GET", "/api/v1/things/a", "GET /v1/things/{id} a"),
            ("POST", "/api/v1/widget/open", "POST /v1/widget/open"),
            ("GET", "/", "none"), ("GET", "", "none"), ("GET", "/v1", "none"), ("GET", "/v1/things/", "none"),
            ("GET", "/v1/things/a/b", "none"), ("GET", "//v1/things", "none"), ("GET", "/v1//things", "none"),
            ("GET", "/v1/Things", "none"), ("GET", "/V1/things", "none"), ("GET", "/api/api/v1/things", "none"),
            ("GET", "/api/v2/things", "none"), ("GET", "/api/things", "none"), ("GET", "*", "none"),
            ("GET", "/v1/things;a=b", "none"), ("GET", "/v1/../v1/things", "none"), ("GET", "/v1/%74hings", "none"),
        ]
    )
    func matching(method: String, path: String, expected: String) {
        #expect(Self.text(Self.table.match(HTTPMethod(name: method), path)) == expected)
    }

    @Test("A segment has at most 200 bytes", arguments: [(200, true), (201, false), (100_000, false)])
    func longSegment(count: Int, isFound: Bool) {
        let match = Self.table.match(.get, "/v1/things/" + String(repeating: "a", count: count))
        if case .none = match { #expect(!isFound) } else { #expect(isFound) }
    }

    @Test(
        "A parameter is decoded from what clients escape, and is none where that is no text",
        arguments: [
            ("team%3Aq1", "team:q1"), ("team:q1", "team:q1"), ("a%2Fb", "a/b"), ("a+b", "a+b"),
            ("%E2%82%AC", "\u{20AC}"),
            ("%", nil), ("%4", nil), ("%zz", nil), ("%FF", nil), ("a%00", nil), ("a%7F", nil),
        ] as [(String, String?)]
    )
    func escapedSegment(segment: String, expected: String?) {
        switch Self.table.match(.get, "/v1/things/" + segment) {
        case .route(_, let parameters): #expect(parameters == [expected])
        case .none: #expect(expected == nil)
        case .methodNotAllowed: Issue.record("a method")
        }
    }

    @Test("A path of many segments is no path")
    func manySegments() {
        #expect(Self.text(Self.table.match(.get, String(repeating: "/a", count: 5000))) == "none")
    }

    @Test(
        "Parameters are decoded as forms are",
        arguments: [
            ("", []), ("a=b", ["a", "b"]), ("a=b&c=d", ["a", "b", "c", "d"]), ("a", ["a", ""]), ("a=", ["a", ""]),
            ("&&a=b&", ["a", "b"]), ("a=b=c", ["a", "b=c"]), ("a=x+y", ["a", "x y"]), ("a=x%2By", ["a", "x+y"]),
            ("a=%C3%A9", ["a", "\u{e9}"]), ("%61=%62", ["a", "b"]), ("a=%3D%26", ["a", "=&"]), ("=x", ["", "x"]),
            ("a=%7e%7E", ["a", "~~"]),
        ]
    )
    func decoding(query: String, expected: [String]) throws {
        let parameters = try QueryParameters(parsing: query)
        #expect(parameters.pairs.flatMap { [$0.name, $0.value] } == expected)
    }

    @Test(
        "A broken parameter is refused",
        arguments: [
            ("a=%", "a"), ("a=%4", "a"), ("a=%zz", "a"), ("a=%+1", "a"), ("a=%00", "a"), ("a=%0a", "a"),
            ("a=%7f", "a"), ("a=%ff", "a"), ("a=%c0%80", "a"), ("a=%ed%a0%80", "a"), ("%=b", nil), ("%ff=b", nil),
            ("a=1&a=1", "a"), ("a=1&%61=2", "a"), ("a=1&a", "a"),
        ] as [(String, String?)]
    )
    func refusing(query: String, param: String?) throws {
        let problem = try #require(throws: Problem.self) { try QueryParameters(parsing: query) }
        #expect(problem.code == .invalidRequest)
        #expect(problem.param == param)
    }

    @Test("At most 32 parameters are read", arguments: [(32, true), (33, false), (4000, false)])
    func many(count: Int, isAccepted: Bool) {
        let query = (0..<count).map { "p\($0)=1" }.joined(separator: "&")
        #expect(((try? QueryParameters(parsing: query)) != nil) == isAccepted)
    }

    @Test("A parameter that the route does not know is named")
    func unknown() throws {
        let parameters = try QueryParameters(parsing: "limit=1&" + String(repeating: "x", count: 300) + "=1")
        let problem = try #require(throws: Problem.self) { try parameters.allow(["limit"]) }
        #expect(problem.param == String(repeating: "x", count: 64))
    }

    /// Names, and what is shown of them: 64 bytes of UTF-8 at most, and no part of a character.
    static let names: [(name: String, shown: String)] = [
        (String(repeating: "x", count: 64), String(repeating: "x", count: 64)),
        (String(repeating: "x", count: 65), String(repeating: "x", count: 64)),
        (String(repeating: "\u{e9}", count: 40), String(repeating: "\u{e9}", count: 32)),
        (String(repeating: "\u{20ac}", count: 40), String(repeating: "\u{20ac}", count: 21)),
        (String(repeating: "\u{1f600}", count: 40), String(repeating: "\u{1f600}", count: 16)),
        ("x" + String(repeating: "\u{1f600}", count: 40), "x" + String(repeating: "\u{1f600}", count: 15)),
        // One grapheme, of four thousand bytes.
        ("x" + String(repeating: "\u{301}", count: 2_000), "x" + String(repeating: "\u{301}", count: 31)),
    ]

    @Test(
        "What is shown of a name that nobody asked for is 64 bytes at most, and no part of a character",
        arguments: names
    )
    func shown(name: String, shown: String) throws {
        let escaped = name.utf8.map { "%" + ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        for query in [escaped + "=1", "\(escaped)=%ff", "\(escaped)=1&\(escaped)=2"] {
            let problem = try #require(throws: Problem.self) { try QueryParameters(parsing: query).allow(["limit"]) }
            #expect(problem.param.map { Array($0.utf8) } == Array(shown.utf8))
        }
        var writer = JSONWriter()
        writer.beginObject()
        writer.name(name)
        writer.boolean(true)
        writer.endObject()
        let body = try JSONDocument(parsing: writer.bytes)
        let problem = try #require(throws: Problem.self) { try BodyReader(body.root, path: "").finish() }
        #expect(problem.param.map { Array($0.utf8) } == Array(shown.utf8))
        #expect(problem.message == "\(shown) is not a field of this request.")
    }
}
