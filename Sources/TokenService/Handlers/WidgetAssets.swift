import CAssets
import HTTPServer
import InviteStore
import OpenSSLKit
import StrictJSON

extension Services {
    /// The routes of the widget's files and of the frame page.
    ///
    /// `frameOrigins` names pages that may frame it beside those on the workspace's list.
    func widgetAssetRoutes(frameOrigins: @escaping @Sendable () -> [String]) -> [Route] {
        [
            Route(.get, "/widget/v1.js", .open, .immediate { WidgetFile.script.response($0, .short) }),
            Route(.get, "/widget/v1.d.ts", .open, .immediate { WidgetFile.types.response($0, .short) }),
            Route(.get, "/widget/v1.json", .open, .immediate { [self] in widgetManifest($0) }),
            Route(.get, "/widget/frame.js", .open, .immediate { WidgetFile.frame.response($0, .short) }),
            Route(.get, "/widget/frame-page.js", .open, .immediate { WidgetFile.framePageScript.response($0, .short) }),
            Route(.get, "/widget/page.css", .open, .immediate { WidgetFile.pageStyle.response($0, .short) }),
            Route(
                .get,
                "/widget/frame",
                .open,
                parameters: ["workspace_id"],
                .waiting { [self] in try await framePage($0, frameOrigins()) }
            ),
            Route(.get, "/widget/{file}", .open, .immediate(Self.pinnedScript)),
        ]
    }

    /// `GET /widget/v1.<hash>.js`: the same bytes for ever under one name, or 404.
    private static func pinnedScript(_ call: Call) throws -> HTTPResponse {
        guard call.pathParameters.first == WidgetFile.pinnedName else { throw Problem.notFound("no such widget file") }
        return WidgetFile.script.response(call, .immutable)
    }

    /// `GET /widget/v1.json`: where the script's present bytes stay, and their integrity for a script element.
    ///
    /// Also what a widget asks for to learn whether the service can be reached at all.
    private func widgetManifest(_ call: Call) -> HTTPResponse {
        let path = "/widget/" + WidgetFile.pinnedName
        var response = Responses.json(200, capacity: 512) { writer in
            writer.member("version", 1)
            writer.member("script", path)
            writer.member("url", issuance.issuerURL + path)
            writer.member("integrity", WidgetFile.script.integrity)
            writer.member("bytes", WidgetFile.script.body.count)
            writer.member("types", "/widget/v1.d.ts")
        }
        response.set("Cache-Control", "public, max-age=300")
        CORS.apply(.anyOrigin, to: &response)
        return response
    }

    /// `GET /widget/frame`: a page for a widget's frame, that only the workspace's allowed origins may frame.
    ///
    /// Nothing that the caller sends can widen the list: without one, no page may.
    private func framePage(_ call: Call, _ others: [String]) async throws -> HTTPResponse {
        var origins = others
        if let text = call.query["workspace_id"] {
            guard let workspace = TypeID.parse(.workspace, text) else {
                throw Problem.invalid("workspace_id", "workspace_id must be the id of a workspace.")
            }
            origins += try await workspaces.settings(of: workspace).allowedOrigins
        } else {
            let tenants = try await store.tenantsWithKeys(now: call.now, limit: 3)
            if let only = tenants.first?.workspace, tenants.allSatisfy({ $0.workspace == only }) {
                origins += try await workspaces.settings(of: only).allowedOrigins
            }
        }
        var response = HTTPResponse(
            status: 200,
            body: WidgetFile.framePage.body,
            contentType: "text/html; charset=utf-8"
        )
        response.set("Cache-Control", "no-store")
        PageSecurity.apply(frameAncestors: origins, to: &response)
        return response
    }
}

/// What every page of ours tells the browser beside its content.
enum PageSecurity {
    /// Sets the content security policy and `Referrer-Policy`.
    ///
    /// - Parameters:
    ///   - frameAncestors: origins that may frame the page; what is no origin is left out, and without any nobody may.
    ///   - sources: one more origin that scripts, requests and frames of the page may go to.
    static func apply(frameAncestors: [String] = [], sources: String? = nil, to response: inout HTTPResponse) {
        let ancestors = frameAncestors.compactMap { WebOrigin($0)?.text }
        let own = "'self'" + (sources.map { " " + $0 } ?? "")
        let rules = [
            "default-src 'none'", "script-src " + own, "style-src 'self'", "connect-src " + own,
            "frame-src " + (sources ?? "'none'"), "base-uri 'none'", "form-action 'none'",
            "frame-ancestors " + (ancestors.isEmpty ? "'none'" : ancestors.joined(separator: " ")),
        ]
        response.set("Content-Security-Policy", rules.joined(separator: "; "))
        response.set("Referrer-Policy", "no-referrer")
    }
}

/// One embedded file of the widget, as it is served.
struct WidgetFile: Sendable {
    /// How long a browser may keep it.
    enum Lifetime {
        case short
        case immutable
    }

    let body: [UInt8]
    private let contentType: StaticString
    private let digest: Digest256

    private init(_ body: [UInt8], _ contentType: StaticString) {
        self.body = body
        self.contentType = contentType
        digest = SHA256Digest.digest(body)
    }

    /// The value for a script element's `integrity` (Subresource Integrity).
    var integrity: String { "sha256-" + Self.base64(digest.bytes) }

    /// The name under which the script's present bytes stay: `v1.` and 16 hexadecimal digits of their hash.
    static let pinnedName = "v1." + script.digest.hexadecimal.prefix(16) + ".js"

    static let script = WidgetFile(
        WidgetScript.compacted(unsafe Assets.bytes(cassets_widget_start(), cassets_widget_length)),
        "text/javascript; charset=utf-8"
    )
    static let frame = WidgetFile(
        WidgetScript.compacted(unsafe Assets.bytes(cassets_frame_start(), cassets_frame_length)),
        "text/javascript; charset=utf-8"
    )
    static let types = WidgetFile(
        unsafe Assets.bytes(cassets_widget_types_start(), cassets_widget_types_length),
        "text/plain; charset=utf-8"
    )
    static let framePage = WidgetFile(
        unsafe Assets.bytes(cassets_frame_page_start(), cassets_frame_page_length),
        "text/html; charset=utf-8"
    )
    static let framePageScript = WidgetFile(
        unsafe Assets.bytes(cassets_frame_page_script_start(), cassets_frame_page_script_length),
        "text/javascript; charset=utf-8"
    )
    static let pageStyle = WidgetFile(
        unsafe Assets.bytes(cassets_page_style_start(), cassets_page_style_length),
        "text/css; charset=utf-8"
    )
    static let demo = WidgetFile(
        unsafe Assets.bytes(cassets_demo_start(), cassets_demo_length),
        "text/html; charset=utf-8"
    )
    static let demoScript = WidgetFile(
        unsafe Assets.bytes(cassets_demo_script_start(), cassets_demo_script_length),
        "text/javascript; charset=utf-8"
    )

    /// The file, or 304 where the client has it; any page may load it.
    func response(_ call: Call, _ lifetime: Lifetime) -> HTTPResponse {
        let tag = "\"" + digest.hexadecimal.prefix(16) + "\""
        var response =
            Services.names(tag, call.request)
            ? HTTPResponse(status: 304) : HTTPResponse(status: 200, body: body, contentType: contentType)
        response.set("ETag", tag)
        switch lifetime {
        case .short: response.set("Cache-Control", "public, max-age=300")
        case .immutable: response.set("Cache-Control", "public, max-age=31536000, immutable")
        }
        response.set("Cross-Origin-Resource-Policy", "cross-origin")
        CORS.apply(.anyOrigin, to: &response)
        return response
    }

    /// Base64 with padding (RFC 4648 section 4), from the URL form that the module has.
    private static func base64(_ bytes: [UInt8]) -> String {
        var text = String(
            Base64URLText.encode(bytes).map { character -> Character in
                switch character {
                case "-": "+"
                case "_": "/"
                default: character
                }
            }
        )
        while text.utf8.count % 4 != 0 { text.append("=") }
        return text
    }
}
