import HTTPServer
import StrictJSON
import TestSupport
import Testing

@testable import TokenService

@Suite("The widget's files and pages")
struct WidgetAssetTests {
    @Test(
        "Every file is served whole, cacheable, and to any page",
        arguments: [
            ("/widget/v1.js", "text/javascript", "/*! TokenService"), ("/widget/frame.js", "text/javascript", "/*!"),
            ("/widget/v1.d.ts", "text/plain", "/** TokenService"), ("/widget/page.css", "text/css", ":root"),
            ("/widget/frame-page.js", "text/javascript", "//"),
        ]
    )
    func files(path: String, type: String, start: String) async throws {
        let service = try await ServiceHarness()
        let answer = await service.send(.get, path, fields: [("Origin", "https://app.example.com")])
        #expect(answer.status == 200)
        #expect(answer.text.hasPrefix(start))
        #expect(answer.response.field("Content-Type")?.hasPrefix(type) == true)
        #expect(answer.response.field("Access-Control-Allow-Origin") == "*")
        #expect(answer.response.field("Access-Control-Allow-Credentials") == nil)
        #expect(answer.response.field("Cache-Control") == "public, max-age=300")
        #expect(answer.response.field("X-Content-Type-Options") == "nosniff")
        let tag = try #require(answer.response.field("ETag"))
        let again = await service.send(.get, path, fields: [("If-None-Match", tag)])
        #expect(again.status == 304 && again.response.body.isEmpty)
    }

    @Test("The script has one name under which its bytes never change, and a hash to check them by")
    func pinned() async throws {
        let service = try await ServiceHarness()
        let manifest = await service.send(.get, "/widget/v1.json")
        let path = try #require(manifest["script"])
        let pinned = await service.send(.get, path)
        #expect(pinned.response.body == WidgetFile.script.body)
        #expect(pinned.response.field("Cache-Control") == "public, max-age=31536000, immutable")
        #expect(manifest["url"] == ServiceHarness.issuer + path)
        #expect(manifest["integrity"]?.utf8.count == 51)
        #expect(manifest.json?["bytes"]?.integer == Int64(pinned.response.body.count))
        for name in ["v1.0000000000000000.js", "v2.js", "v1", "..", "v1.js.map"] {
            #expect(await service.send(.get, "/widget/" + name).status == 404, "\(name)")
        }
    }

    @Test("Space, comments and semicolons before a closing brace go, everything else stays")
    func compaction() {
        let table = [
            ("a = 1; // not a line of its own", "a=1;//not a line of its own\n"),
            ("// gone\n  x  =  y\n", "x=y\n"), ("if (a) {\n  b();\n}\nc();", "if(a){b()}\nc();\n"),
            ("s = `;}`;", "s=`;}`;\n"),
            ("let s = 'a  //  b';", "let s='a  //  b';\n"), ("t = `a  ${b + c}  d`;", "t=`a  ${b + c}  d`;\n"),
            ("r = x.replace(/[/ ]  '/, '');", "r=x.replace(/[/ ]  '/,'');\n"), ("a + +b - -c", "a+ +b- -c\n"),
            ("return  async  () => 1", "return async()=>1\n"), ("a = b / c;", "a=b/c;\n"),
            ("r = /a  '/;", "r=/a  '/;\n"),
            ("/*! kept  as it is */\nx", "/*! kept  as it is */\nx\n"), ("s = 'it\\'s';  t", "s='it\\'s';t\n"),
            ("f('ü  ä')", "f('ü  ä')\n"), ("'never closed", "'never closed\n"), ("", "\n"), ("/", "/\n"),
        ]
        for (source, expected) in table {
            let result = WidgetScript.compacted(Array(source.utf8))
            #expect(String(decoding: result, as: UTF8.self) == expected)
        }
    }

    @Test("The script reaches for no storage, no code in text and no other host")
    func contents() {
        let text = String(decoding: WidgetFile.script.body, as: UTF8.self)
        #expect(text.utf8.count < 16_384)
        for word in [
            "localStorage", "sessionStorage", "indexedDB", "document.cookie", "innerHTML", "eval(", "Function(",
            "import", "https://",
        ] {
            #expect(!text.contains(word), "\(word)")
        }
    }

    // MARK: The frame page

    private static let list = #"{"allowed_origins":["https://app.example.com","https://b.example:8443"]}"#

    private func ancestors(_ answer: Answer) -> String? {
        answer.response.field("Content-Security-Policy")?.split(separator: "; ").last.map(String.init)
    }

    @Test("Only the workspace's allowed origins may frame the frame page")
    func frame() async throws {
        let service = try await ServiceHarness()
        service.faults.set(settings: Self.list)
        let workspace = TypeID.text(.workspace, service.setup.workspace)
        for path in ["/widget/frame", "/widget/frame?workspace_id=" + workspace] {
            let answer = await service.send(.get, path)
            #expect(answer.status == 200)
            #expect(ancestors(answer) == "frame-ancestors https://app.example.com https://b.example:8443")
            #expect(answer.response.field("Content-Security-Policy")?.hasPrefix("default-src 'none'; ") == true)
            #expect(answer.response.field("Content-Security-Policy")?.contains("unsafe") == false)
            #expect(answer.response.field("Referrer-Policy") == "no-referrer")
            #expect(answer.response.field("Cache-Control") == "no-store")
            #expect(answer.response.field("Access-Control-Allow-Origin") == nil)
        }
    }

    @Test("Without a list nobody may frame it, whatever the query says")
    func frameClosed() async throws {
        let service = try await ServiceHarness()
        let unknown = "ws_01h455vb4pexqr5w7z8z8z8z8z"
        for query in ["", "?workspace_id=" + unknown] {
            #expect(ancestors(await service.send(.get, "/widget/frame" + query)) == "frame-ancestors 'none'")
        }
        for query in ["?workspace_id=x", "?workspace_id=", "?frame_ancestors=*", "?origin=https://evil.example"] {
            #expect(await service.send(.get, "/widget/frame" + query).status == 400, "\(query)")
        }
    }

    @Test("What is no origin does not get into the policy")
    func frameInjection() async throws {
        let service = try await ServiceHarness()
        service.faults.set(
            settings: #"{"allowed_origins":["*","https://a.example; script-src *","https:","https://good.example"]}"#
        )
        #expect(ancestors(await service.send(.get, "/widget/frame")) == "frame-ancestors https://good.example")
    }

    @Test("The page with the documentation may not be framed")
    func docs() async throws {
        let answer = try await ServiceHarness().send(.get, "/docs")
        #expect(answer.response.field("Content-Security-Policy")?.contains("frame-ancestors 'none'") == true)
        #expect(answer.response.field("Referrer-Policy") == "no-referrer")
    }
}
