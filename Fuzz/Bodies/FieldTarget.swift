import HTTPServer
import InviteStore
import OpenSSLKit
import Platform
import TokenService

/// What the service makes of a request's header fields and of list positions.
///
/// The first byte chooses: header lines of a request, of which the service reads the client's address, the cookie, the
/// page, the key and the type of the body; the query of a list; or edits of a good position in one.
enum FieldTarget {
    static func check(_ bytes: [UInt8]) throws(Finding) {
        guard let choice = bytes.first else { return }
        let rest = Array(bytes.dropFirst())
        switch choice & 3 {
        case 0, 1:
            let head = Array("GET / HTTP/1.1\r\nHost: tokens.example\r\n".utf8) + rest + Array("\r\n\r\n".utf8)
            guard let fields = try ParserRun(head).heads.first?.fields else { return }
            let request = HTTPRequest(method: .get, target: "/", fields: fields, body: Array("{}".utf8))
            try clientAddress(fields)
            try cookie(fields)
            try source(request)
            try credentials(request)
            try bodyType(request)
            try origin(request)
        case 2: if let text = String(validating: rest, as: UTF8.self) { try page(text) }
        default: try cursor(rest)
        }
    }

    // MARK: Who asks

    private static let peer = IPAddress(v4: 0x0A00_0001)
    private static let proxies = ["10.0.0.0/8", "2001:db8::/32"].compactMap(IPNetwork.init(parsing:))

    /// The last address that is none of ours, whatever the client wrote in front of it.
    private static func clientAddress(_ fields: HTTPRequestFields) throws(Finding) {
        let client = ClientAddress.of(fields, peer: peer, trusting: proxies)
        let words = fields.values("x-forwarded-for").joined(separator: ",").utf8
            .split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
            .map { word in String(decoding: word.filter { $0 != 0x20 && $0 != 0x09 }, as: UTF8.self) }
        var expected = peer
        for word in fields.contains("x-forwarded-for") ? words.reversed() : [] {
            guard let address = IPAddress(parsing: word) else {
                expected = peer
                break
            }
            expected = address
            if !proxies.contains(where: { $0.contains(address) }) { break }
        }
        let hasInnerSpace = fields.values("x-forwarded-for").contains { $0.contains(" ") || $0.contains("\t") }
        try require(client == expected || hasInnerSpace && client == peer, "from \(client), plainly \(expected)")
        guard !proxies.contains(where: { $0.contains(client) }) else { return }
        let longer = HTTPRequestFields([("X-Forwarded-For", "203.0.113.7, nonsense")] + fields.pairs)
        try require(ClientAddress.of(longer, peer: peer, trusting: proxies) == client, "a client that names himself")
    }

    /// The cookie, byte by byte: pairs with semicolons between, of which one may have our name.
    private static func cookie(_ fields: HTTPRequestFields) throws(Finding) {
        let start = Array("__Host-session=".utf8)
        var values: [[UInt8]] = []
        for field in fields.values("cookie") {
            for pair in field.utf8.split(separator: UInt8(ascii: ";")) {
                let pair = Array(pair.drop { $0 == 0x20 || $0 == 0x09 })
                if pair.starts(with: start) { values.append(Array(pair.dropFirst(start.count))) }
            }
        }
        let result = Result { () throws(Problem) in try SessionCookie.presented(fields) }
        switch result {
        case .success(let found):
            try require(values.count <= 1, "of \(values.count) cookies one is taken")
            try require(
                found.map { Array($0.utf8) } == values.first,
                "the cookie \(found ?? "none"), plainly \(values)"
            )
        case .failure(let problem):
            try require(values.count > 1 && problem.code == .invalidRequest, "a cookie is refused as \(problem.code)")
        }
    }

    /// Only a page of the service's own is taken for one.
    private static func source(_ request: HTTPRequest) throws(Finding) {
        let source = RequestSource(request, ownOrigin: "https://tokens.example")
        let sites = request.fields.values("sec-fetch-site")
        let origins = request.fields.values("origin")
        switch source {
        case .unknown: try require(sites.isEmpty && origins.isEmpty, "marks that are passed over")
        case .person: try require(sites == ["none"] && origins.isEmpty, "a person from \(sites) \(origins)")
        case .own:
            try require(
                sites.isEmpty || sites.map { Array($0.utf8) } == [Array("same-origin".utf8)],
                "own from \(sites)"
            )
            try require(!sites.isEmpty || !origins.isEmpty, "own for no reason")
            let own = Array("https://tokens.example".utf8)
            try require(origins.isEmpty || origins.map { Array($0.utf8) } == [own], "own from \(origins)")
        case .foreign: try require(!sites.isEmpty || !origins.isEmpty, "foreign for no reason")
        }
    }

    /// One key, as it stands in its field.
    private static func credentials(_ request: HTTPRequest) throws(Finding) {
        let fields = request.fields
        switch Authenticator.presentedKey(request) {
        case .failure(let problem):
            try require([.invalidRequest, .unauthorized].contains(problem.code), "a key refused as \(problem.code)")
        case .success(let key):
            let keys = fields.values("x-api-key")
            let texts = fields.values("authorization")
            try require(keys.count <= 1 && texts.count <= 1 && keys.count + texts.count > 0, "a key out of many")
            guard let value = fields.firstBytes("authorization") else { return }
            try require(value.prefix(7).map { $0 | 0x20 }.elementsEqual("bearer ".utf8), "a key without Bearer")
            try require(!key.isEmpty && !key.contains(0x20) && value.dropFirst(7) == key, "another key")
        }
    }

    /// JSON is what says so, in ASCII.
    private static func bodyType(_ request: HTTPRequest) throws(Finding) {
        let types = request.fields.values("content-type")
        do throws(Problem) {
            _ = try BodyReader(request)
        } catch {
            try require(error.code == .unsupportedMediaType, "a type refused as \(error.code)")
            return
        }
        let plain = types.first.map {
            $0.utf8.filter { $0 != 0x20 && $0 != 0x09 }.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }
        }
        let parts = (plain ?? []).split(separator: UInt8(ascii: ";"), omittingEmptySubsequences: false).map {
            Array($0)
        }
        let charsets = ["charset=utf-8", "charset=\"utf-8\""].map { Array($0.utf8) }
        try require(types.count == 1 && parts.first == Array("application/json".utf8), "JSON of type \(types)")
        try require(parts.dropFirst().allSatisfy(charsets.contains), "JSON of type \(types)")
    }

    private static func origin(_ request: HTTPRequest) throws(Finding) {
        let origins = request.fields.values("origin")
        guard let origin = try? CORS.origin(of: request) else { return }
        try require(
            origins.count == 1 && origins.first == origin && (1...512).contains(origin.utf8.count),
            "another origin"
        )
    }

    // MARK: Lists

    private static let cursors = Result {
        PageCursor(key: try HMACSHA256Key(SecretBytes([UInt8](repeating: 7, count: 32))))
    }
    private static let tenant = TokenBench.tenant

    /// The page of a list that a query asks for: nobody but the service makes positions.
    private static func page(_ text: String) throws(Finding) {
        guard case .success(let cursors) = cursors, let query = try? QueryParameters(parsing: text) else { return }
        let call = call(query)
        let page: PageRequest
        do throws(Problem) {
            page = try cursors.page(call, list: "invites", tenant: tenant)
        } catch {
            try require(error.code == .invalidRequest, "a page refused as \(error.code)")
            try require(["limit", "cursor"].contains(error.param), "refused for \(error.param ?? "nothing")")
            return
        }
        try require((1...ServiceLimits.pageLimitMax).contains(page.limit), "a page of \(page.limit)")
        try require(query["limit"].map { Int($0) == page.limit } ?? true, "another limit")
        let written = page.before.map { cursors.text($0, list: "invites", tenant: tenant) }
        try require(query["cursor"] == written, "another position")
    }

    /// Three bytes: which id, where, and what is changed there.
    private static func cursor(_ edits: [UInt8]) throws(Finding) {
        guard case .success(let cursors) = cursors, edits.count >= 3 else { return }
        let id = RecordID(high: UInt64(edits[0]) << 16 | 0x7000, low: 1 << 63 | UInt64(edits[0]))
        let good = cursors.text(id, list: "invites", tenant: tenant)
        var bytes = Array(good.utf8)
        for start in stride(from: 1, to: edits.count - 1, by: 2) {
            bytes[Int(edits[start]) % bytes.count] ^= edits[start + 1]
        }
        let isGood = bytes.elementsEqual(good.utf8)
        let text = bytes.map { byte in "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
        guard let query = try? QueryParameters(parsing: "cursor=" + text) else { return }
        let page = try? cursors.page(call(query), list: "invites", tenant: tenant)
        try require((page != nil) == isGood && (page == nil || page?.before == id), "an edited position is taken")
        let other = try? cursors.page(call(query), list: "api_keys", tenant: tenant)
        try require(other == nil, "a position in another list")
        let theirs = try? cursors.page(call(query), list: "invites", tenant: Tenant(workspace: id, environment: .test))
        try require(theirs == nil, "a position in another tenant's list")
    }

    private static func call(_ query: QueryParameters) -> Call {
        Call(
            request: HTTPRequest(method: .get, target: "/v1/invites"),
            id: RecordID(high: 0x7000, low: 1 << 63),
            now: TokenBench.now,
            pathParameters: [],
            query: query
        )
    }
}
