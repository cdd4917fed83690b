import HTTPClient
import HTTPServer
import OpenSSLKit
import Platform

/// Sends management requests to a running service over HTTP/1.1, one connection each.
struct RemoteTransport: AdminTransport {
    private static let answerBytesMax = 16 << 20

    private let client: HTTPClient
    private let endpoint: HTTPEndpoint
    private let basePath: String
    private let key: String

    init(url: String, key: String, timeoutSeconds: Int) throws {
        guard let parsed = ServiceURL(parsing: url) else {
            throw UsageError("--url must be a URL such as https://tokens.example.com")
        }
        endpoint = parsed.endpoint
        var limits = HTTPAnswerLimits(bodyBytesMax: Self.answerBytesMax)
        limits.headBytesMax = 64 * 1024
        client = HTTPClient(
            addresses: .none,
            tls: parsed.isSecure ? try TLSClientContext(trust: .system) : nil,
            deadlines: .init(connectMilliseconds: timeoutSeconds * 1000, totalMilliseconds: timeoutSeconds * 1000),
            limits: limits
        )
        basePath = parsed.path
        self.key = key
    }

    func send(_ method: HTTPMethod, _ target: String, body: [UInt8]?) async throws -> AdminAnswer {
        var fields = [("Authorization", "Bearer " + key), ("Accept", "application/json")]
        if body != nil { fields.append(("Content-Type", "application/json")) }
        let order = HTTPOrder(
            method: method.name,
            endpoint: endpoint,
            target: basePath + target,
            fields: fields,
            body: body ?? []
        )
        let answer = try client.send(order)
        return AdminAnswer(status: answer.status, body: answer.body)
    }

    func close() async {}
}

/// Where a service is: scheme, host, port and the path before its routes.
struct ServiceURL: Equatable, Sendable {
    let isSecure: Bool
    let host: String
    let port: UInt16
    let path: String

    init?(parsing text: String) {
        isSecure = text.hasPrefix("https://")
        guard isSecure || text.hasPrefix("http://") else { return nil }
        let rest = text.dropFirst(isSecure ? 8 : 7)
        let slash = rest.firstIndex(of: "/") ?? rest.endIndex
        var authority = rest[..<slash]
        var path = String(rest[slash...])
        while path.hasSuffix("/") { path.removeLast() }
        guard path.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#") })
        else { return nil }
        self.path = path
        var port: UInt16 = isSecure ? 443 : 80
        if let colon = authority.lastIndex(of: ":"), authority.last != "]" {
            let digits = authority[authority.index(after: colon)...]
            guard digits.utf8.allSatisfy({ $0 >= 48 && $0 <= 57 }), let number = UInt16(digits) else { return nil }
            port = number
            authority = authority[..<colon]
        }
        self.port = port
        if authority.hasPrefix("["), authority.hasSuffix("]") {
            authority = authority.dropFirst().dropLast()
            guard authority.contains(":"), IPAddress(parsing: String(authority)) != nil else { return nil }
        } else if authority.contains(where: { ":[]".contains($0) }) {
            return nil
        }
        guard !authority.isEmpty, authority.utf8.count <= 253,
            authority.utf8.allSatisfy({ Base62.contains($0) || [45, 46, 58, 95].contains($0) })
        else { return nil }
        host = String(authority)
    }

    /// Whom requests go to.
    var endpoint: HTTPEndpoint { HTTPEndpoint(isSecure: isSecure, host: host, port: port) }
}
