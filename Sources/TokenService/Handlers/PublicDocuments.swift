import CAssets
import HTTPServer
import InviteStore
import OpenSSLKit
import StrictJSON

extension Services {
    /// `GET /.well-known/jwks.json`: the public keys (RFC 7517), cacheable for five minutes.
    func jwks(_ call: Call) -> HTTPResponse {
        var response = document(keyring.jwks, "application/json", maxAgeSeconds: 300, call)
        CORS.apply(.anyOrigin, to: &response)
        return response
    }

    /// `GET /openapi.yaml`.
    func openAPI(_ call: Call) -> HTTPResponse {
        document(Assets.openAPI, "application/yaml", maxAgeSeconds: 300, call)
    }

    /// `GET /docs`: the routes on one page, without a script.
    func docs(_ call: Call) -> HTTPResponse {
        var response = document(Assets.docs, "text/html; charset=utf-8", maxAgeSeconds: 300, call)
        response.set(
            "Content-Security-Policy",
            "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        )
        response.set("Referrer-Policy", "no-referrer")
        return response
    }

    private func document(_ body: [UInt8], _ type: StaticString, maxAgeSeconds: Int, _ call: Call) -> HTTPResponse {
        let tag = "\"" + Base64URLText.encode(Array(keys.cursor.authenticate(body).bytes.prefix(12))) + "\""
        let isKnown = Self.names(tag, call.request)
        var response =
            isKnown
            ? HTTPResponse(status: 304, body: [], contentType: nil)
            : HTTPResponse(status: 200, body: body, contentType: type)
        response.set("ETag", tag)
        response.set("Cache-Control", "public, max-age=\(maxAgeSeconds)")
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
    static let openAPI = unsafe bytes(cassets_openapi_start(), cassets_openapi_length)
    static let docs = unsafe bytes(cassets_docs_start(), cassets_docs_length)

    /// A copy of one file.
    static func bytes(_ start: UnsafePointer<UInt8>?, _ length: Int) -> [UInt8] {
        unsafe [UInt8](UnsafeBufferPointer(start: start, count: length))
    }
}
