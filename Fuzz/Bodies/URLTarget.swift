import HTTPServer
import TokenService

/// Targets, queries, origins and URLs of settings: what is accepted has one spelling.
///
/// The first byte chooses the reader.
enum URLTarget {
    private static let routes = RouteTable(
        [
            ("/v1/invites", HTTPMethod.post), ("/v1/invites/{id}", .get), ("/v1/invites/batch", .post),
            ("/v1/campaigns/{id}/policy", .put), ("/v1/widget/sessions", .post), ("/livez", .get),
        ].map { template, method in
            Route(method, template, .open, .immediate { _ in HTTPResponse(status: 200) })
        }
    )

    static func check(_ bytes: [UInt8]) throws(Finding) {
        guard let choice = bytes.first else { return }
        let rest = Array(bytes.dropFirst())
        switch choice & 3 {
        case 0: try target(rest)
        case 1: if let text = String(validating: rest, as: UTF8.self) { try query(text) }
        case 2: if let text = String(validating: rest, as: UTF8.self) { try origin(text) }
        default: if let text = String(validating: rest, as: UTF8.self) { try issuer(text) }
        }
    }

    /// A target, as a request brings it, up to its route and its parameters.
    private static func target(_ bytes: [UInt8]) throws(Finding) {
        let line = Array("GET ".utf8) + bytes + Array(" HTTP/1.1\r\nHost: a\r\n\r\n".utf8)
        guard let head = try ParserRun(line).heads.first else { return }
        try require(head.path.utf8.count + (head.query?.utf8.count ?? 0) <= 8192, "a long target")
        if case .route(let route, let parameters) = routes.match(head.method, head.path) {
            try require(parameters.count == route.template.count { $0 == "{" }, "parameters are miscounted")
            try require(parameters.allSatisfy { !$0.isEmpty && !$0.contains("/") }, "a parameter of two segments")
        }
        if let query = head.query { try self.query(query) }
    }

    private static func query(_ text: String) throws(Finding) {
        _ = try? QueryParameters.value(of: "token", inForm: text)
        let query: QueryParameters
        do throws(Problem) {
            query = try QueryParameters(parsing: text)
        } catch {
            try require(error.code == .invalidRequest, "a query that is \(error.code)")
            let shownBytes = error.param?.utf8.count ?? 0
            try require(shownBytes <= 256, "a parameter shown in \(shownBytes) bytes")
            return
        }
        try require(query.pairs.count <= QueryParameters.countMax, "\(query.pairs.count) parameters")
        let names = Set(query.pairs.map(\.name))
        try require(names.count == query.pairs.count, "a parameter given twice")
        for pair in query.pairs {
            try require((pair.name + pair.value).utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F }, "a control byte")
            try require(query[pair.name] == pair.value, "a parameter is not found")
        }
        let written = query.pairs.map { "\(encoded($0.name))=\(encoded($0.value))" }.joined(separator: "&")
        guard let again = try? QueryParameters(parsing: written) else { throw Finding("not read again: \(written)") }
        try require(
            again.pairs.elementsEqual(query.pairs) { $0.name == $1.name && $0.value == $1.value },
            "other parameters"
        )
    }

    private static func encoded(_ text: String) -> String {
        text.utf8.map { byte in
            let digits = String(byte, radix: 16)
            return "%" + (digits.utf8.count == 1 ? "0" : "") + digits
        }.joined()
    }

    private static func origin(_ text: String) throws(Finding) {
        guard let origin = WebOrigin(text) else { return }
        try require(origin.text.utf8.elementsEqual(text.utf8), "another origin")
        try require(text.utf8.count <= WebOrigin.bytesMax, "a long origin")
        try require(text == text.lowercased(), "an origin with capitals")
        let afterScheme = text.dropFirst(text.hasPrefix("https://") ? 8 : 7)
        let odd = Array("/?#@\\\"' ,;*%".utf8)
        try require(
            !afterScheme.isEmpty && !afterScheme.utf8.contains(where: odd.contains),
            "an origin with more in it"
        )
        try require(!afterScheme.hasSuffix(text.hasPrefix("https://") ? ":443" : ":80"), "a default port")
    }

    private static func issuer(_ text: String) throws(Finding) {
        guard let issuer = try? IssuerURL(text) else { return }
        try require(issuer.text == text && text.utf8.count <= IssuerURL.bytesMax, "another issuer")
        try require(text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != 0x22 && $0 != 0x5C }, "odd bytes")
        try require(!text.contains { "?#@".contains($0) } && !text.hasSuffix("/"), "an issuer with more in it")
        let host = text.drop { $0 != "/" }.dropFirst(2).prefix { $0 != "/" }
        try require(!host.isEmpty, "an issuer without a host")
    }
}
