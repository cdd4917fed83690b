import HTTPServer
import Platform
import TestSupport
import Testing

@Suite("Messages")
struct MessageTests {
    private func encode(_ response: HTTPResponse, closing: Bool = false, isToHead: Bool = false) -> String {
        var encoder = ResponseEncoder()
        var bytes: [UInt8] = []
        let now = UnixTime(seconds: 784_111_777)
        encoder.append(response, closing: closing, isToHead: isToHead, now: now, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test("A response is written with date, length and its own fields")
    func response() {
        var response = HTTPResponse(status: 201, body: Array("{}".utf8), contentType: "application/json")
        response.set("X-A", "b")
        #expect(
            encode(response) == """
                HTTP/1.1 201 Created\r
                Date: Sun, 06 Nov 1994 08:49:37 GMT\r
                Content-Type: application/json\r
                X-A: b\r
                Content-Length: 2\r
                \r
                {}
                """
        )
    }

    @Test("The answer to HEAD has the length and not the content")
    func head() {
        let text = encode(HTTPResponse(status: 200, body: Array("12345".utf8)), isToHead: true)
        #expect(text.contains("Content-Length: 5\r\n") && text.hasSuffix("\r\n\r\n"))
    }

    @Test("204 and 304 have neither length nor content", arguments: [204, 304])
    func noContent(_ status: Int) {
        let text = encode(HTTPResponse(status: status, body: Array("12345".utf8)))
        #expect(!text.contains("Content-Length") && text.hasSuffix("\r\n\r\n"))
    }

    @Test("The last response says so")
    func closing() {
        #expect(encode(HTTPResponse(status: 200), closing: true).contains("\r\nConnection: close\r\n"))
        #expect(!encode(HTTPResponse(status: 200)).contains("Connection"))
    }

    @Test("A status that is none is sent as 500", arguments: [0, 99, 100, 199, 600, -1])
    func badStatus(_ status: Int) {
        #expect(encode(HTTPResponse(status: status)).hasPrefix("HTTP/1.1 500 "))
    }

    @Test("No value can break the head apart", arguments: ["a\r\nX: b", "a\nb", "a\rb", "a\0b", "a\u{7F}", "\u{E9}"])
    func injection(_ value: String) {
        var response = HTTPResponse(status: 200)
        response.set("X", value)
        let text = encode(response)
        #expect(text.utf8.filter { $0 == 10 }.count == 5)
        #expect(text.utf8.allSatisfy { (0x20...0x7E).contains($0) || $0 == 13 || $0 == 10 })
        #expect(response.field("x")?.contains("?") == true)
    }

    @Test(
        "Fields that frame the message cannot be set",
        arguments: ["Content-Length", "content-length", "Transfer-Encoding", "Connection", "Date", "X Y", "", "a:b"]
    )
    func reserved(_ name: String) {
        var response = HTTPResponse(status: 200)
        switch name {
        case "Content-Length": response.set("Content-Length", "9")
        case "content-length": response.append("content-length", "9")
        case "Transfer-Encoding": response.set("Transfer-Encoding", "chunked")
        case "Connection": response.set("Connection", "x")
        case "Date": response.set("Date", "x")
        case "X Y": response.set("X Y", "x")
        case "a:b": response.set("a:b", "x")
        default: response.set("", "x")
        }
        #expect(encode(response) == encode(HTTPResponse(status: 200)))
    }

    @Test("Setting replaces, appending adds, removing removes, whatever the case")
    func setAndAppend() {
        var response = HTTPResponse(status: 200, contentType: "text/plain")
        response.set("Set-A", "1")
        response.append("set-a", "2")
        response.set("Content-type", "text/html")
        #expect(response.field("SET-A") == "1")
        #expect(response.field("content-type") == "text/html")
        response.set("SET-A", "3")
        #expect(encode(response).contains("\r\nSET-A: 3\r\n") && !encode(response).contains("set-a"))
        response.remove("set-a")
        #expect(!response.hasField("Set-A") && response.hasField("Content-Type"))
        response.set("Empty", "")
        #expect(response.field("Empty") == "")
    }

    @Test("Fields are looked up without regard to case, in the order sent")
    func lookUp() {
        let fields = HTTPRequestFields([("Accept", "a"), ("X-Y", "1"), ("x-y", "2"), ("X", ""), ("Accept-X", "b")])
        #expect(fields.first("ACCEPT") == "a" && fields.first("accept") == "a")
        #expect(fields.values("x-Y") == ["1", "2"] && fields.count(of: "X-Y") == 2)
        #expect(fields.first("x") == "" && fields.contains("X"))
        #expect(fields.first("acc") == nil && fields.count(of: "none") == 0 && fields.firstBytes("none") == nil)
        #expect(fields.firstBytes("accept-x").map(Array.init) == [UInt8(ascii: "b")])
        #expect(fields.onlyBytes("ACCEPT-X").map(Array.init) == [UInt8(ascii: "b")])
        #expect(fields.onlyBytes("x-y") == nil && fields.onlyBytes("none") == nil)
        #expect(fields.withFirst("x-y") { $0.count } == 1)
        #expect(fields.count == 5)
    }

    @Test("Names that differ in more than case are different", arguments: ["X^", "X@", "x0"])
    func lookAlikes(_ name: String) {
        let fields = HTTPRequestFields([(name, "a")])
        #expect(fields.first("X~") == nil && fields.first("X`") == nil)
    }

    @Test("A request made from a target is split at its first question mark")
    func target() {
        let request = HTTPRequest(method: .get, target: "/a?b?c")
        #expect(request.path == "/a" && request.query == "b?c" && request.target == "/a?b?c")
        #expect(HTTPRequest(method: .get, target: "/a").query == nil)
        #expect(HTTPRequest(method: .get, target: "/a?").query == "")
    }

    @Test("Methods keep their names", arguments: ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "get"])
    func methods(_ name: String) {
        #expect(HTTPMethod(name: name).name == name)
        #expect((HTTPMethod(name: name) == .get) == (name == "GET"))
    }

    static let forwarded: [(lines: [String], expected: String)] = [
        ([], "10.0.0.1"),
        (["203.0.113.7"], "203.0.113.7"),
        (["198.51.100.1, 203.0.113.7"], "203.0.113.7"),
        (["198.51.100.1", "203.0.113.7"], "203.0.113.7"),
        (["203.0.113.7, 10.0.0.9"], "203.0.113.7"),
        (["203.0.113.7 ,\t10.0.0.9 , 10.1.2.3"], "203.0.113.7"),
        (["10.0.0.7, 10.0.0.9"], "10.0.0.7"),
        (["::ffff:203.0.113.7"], "203.0.113.7"),
        (["2001:db8::1"], "2001:db8::1"),
        (["203.0.113.7, unknown"], "10.0.0.1"),
        (["unknown, 203.0.113.7"], "203.0.113.7"),
        (["203.0.113.7,"], "10.0.0.1"),
        ([""], "10.0.0.1"),
        (["203.0.113.7:1234"], "10.0.0.1"),
        (["0313.0.113.7"], "10.0.0.1"),
        (["203.0.113.7, ::ffff:10.0.0.2"], "203.0.113.7"),
    ]

    @Test("The client's address is the first untrusted one from the right", arguments: forwarded)
    func clientAddress(_ row: (lines: [String], expected: String)) throws {
        let peer = try #require(IPAddress(parsing: "10.0.0.1"))
        let proxies = [try #require(IPNetwork(parsing: "10.0.0.0/8"))]
        let fields = HTTPRequestFields(row.lines.map { ("X-Forwarded-For", $0) })
        #expect(ClientAddress.of(fields, peer: peer, trusting: proxies).description == row.expected)
    }
}

@Suite("Timer wheel")
struct TimerWheelTests {
    private func instant(_ milliseconds: Int) -> MonotonicInstant {
        MonotonicInstant(nanoseconds: 5_000_000_000).adding(milliseconds: milliseconds)
    }

    private func due(_ wheel: inout TimerWheel, _ milliseconds: Int) -> [UInt64] {
        var entries: [TimerWheel.Entry] = []
        wheel.advance(to: instant(milliseconds), into: &entries)
        return entries.map(\.token)
    }

    @Test("An entry comes up once, not before its time and at most two ticks after")
    func once() {
        for delay in [0, 1, 17, 100, 999, 16_000] {
            var wheel = TimerWheel(now: instant(0))
            wheel.insert(7, tick: wheel.tick(for: instant(delay)))
            #expect(due(&wheel, delay).isEmpty, "not before \(delay) ms")
            #expect(due(&wheel, delay + 34) == [7], "\(delay) ms")
            #expect(due(&wheel, delay + 60_000).isEmpty)
        }
    }

    @Test("A deadline beyond the ring comes up early, to be looked at again")
    func beyond() {
        var wheel = TimerWheel(now: instant(0))
        wheel.insert(7, tick: wheel.tick(for: instant(60_000)))
        #expect(due(&wheel, 18_000) == [7])
    }

    @Test("A late look finds everything, even after a whole turn of the ring")
    func late() {
        var wheel = TimerWheel(now: instant(0))
        for token in 0..<100 { wheel.insert(UInt64(token), tick: wheel.tick(for: instant(token * 150))) }
        #expect(due(&wheel, 100_000).sorted() == (0..<100).map(UInt64.init))
        wheel.insert(1, tick: wheel.tick(for: instant(100_050)))
        #expect(due(&wheel, 100_100) == [1])
    }

    @Test("The wait is as long as the nearest entry is away")
    func waiting() throws {
        var wheel = TimerWheel(now: instant(0))
        #expect(wheel.millisecondsUntilDue(now: instant(0)) == nil)
        wheel.insert(1, tick: wheel.tick(for: instant(5000)))
        wheel.insert(2, tick: wheel.tick(for: instant(300)))
        let first = try #require(wheel.millisecondsUntilDue(now: instant(0)))
        #expect((300...334).contains(first))
        #expect(due(&wheel, first) == [2])
        let second = try #require(wheel.millisecondsUntilDue(now: instant(first)))
        #expect((5000...5034).contains(first + second))
    }
}
