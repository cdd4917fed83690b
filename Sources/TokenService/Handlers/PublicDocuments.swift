import CAssets
import HTTPServer
import InviteStore
import OpenSSLKit
import StrictJSON

extension Services {
    /// `GET /.well-known/jwks.json`: the public keys (RFC 7517), cacheable for five minutes.
    func jwks(_ call: Call) -> HTTPResponse {
        var response = PublicDocument(keyring.jwks, "application/json").response(call)
        CORS.apply(.anyOrigin, to: &response)
        return response
    }

    /// `GET /openapi.yaml`.
    func openAPI(_ call: Call) -> HTTPResponse {
        PublicDocument.openAPI.response(call)
    }

    /// `GET /docs`: the routes on one page, without a script.
    func docs(_ call: Call) -> HTTPResponse {
        var response = PublicDocument.docs.response(call)
        response.set(
            "Content-Security-Policy",
            "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        )
        response.set("Referrer-Policy", "no-referrer")
        return response
    }
}

/// A document for everybody, cacheable for five minutes; its tag is made once, not for each who asks.
struct PublicDocument: Sendable {
    private let body: [UInt8]
    private let type: StaticString
    private let tag: String

    init(_ body: [UInt8], _ type: StaticString) {
        self.body = body
        self.type = type
        tag = "\"" + SHA256Digest.digest(body).hexadecimal.prefix(24) + "\""
    }

    static let openAPI = PublicDocument(
        unsafe Assets.bytes(cassets_openapi_start(), cassets_openapi_length),
        "application/yaml"
    )
    static let docs = PublicDocument(
        unsafe Assets.bytes(cassets_docs_start(), cassets_docs_length),
        "text/html; charset=utf-8"
    )

    /// The document, or 304 where the client has it (RFC 9110 section 13.1.2).
    func response(_ call: Call) -> HTTPResponse {
        var response =
            Services.names(tag, call.request)
            ? HTTPResponse(status: 304, body: [], contentType: nil)
            : HTTPResponse(status: 200, body: body, contentType: type)
        response.set("ETag", tag)
        response.set("Cache-Control", "public, max-age=300")
        return response
    }
}

extension Services {
    /// Whether `If-None-Match` names the tag; compared weakly (RFC 9110 section 13.1.2).
    static func names(_ tag: String, _ request: HTTPRequest) -> Bool {
        for value in request.fields.values("if-none-match") {
            for part in value.split(separator: ",") {
                let candidate = String(part.filter { $0 != " " && $0 != "\t" })
                if candidate == tag || candidate == "W/" + tag || candidate == "*" { return true }
            }
        }
        return false
    }
}

/// Files embedded at compile time.
enum Assets {
    /// A copy of one file.
    static func bytes(_ start: UnsafePointer<UInt8>?, _ length: Int) -> [UInt8] {
        unsafe [UInt8](UnsafeBufferPointer(start: start, count: length))
    }
}
