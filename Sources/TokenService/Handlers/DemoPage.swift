import HTTPServer
import InviteStore
import JWTLite
import OpenSSLKit
import Platform
import StrictJSON
import Synchronization

/// The clock and the origins of a demonstration: what `token-service dev` may change while it runs.
final class DemoStage: TimeSource {
    /// The farthest that the clock goes ahead: a week.
    private static let aheadSecondsMax: Int64 = 604_800

    private struct State {
        var aheadSeconds: Int64 = 0
        var origins: [String] = []
    }

    private let system = SystemTimeSource()
    private let state = Mutex(State())

    init() {}

    func now() -> UnixTime {
        system.now().adding(seconds: state.withLock { $0.aheadSeconds })
    }

    func monotonicNow() -> MonotonicInstant { system.monotonicNow() }

    /// Puts the wall clock ahead; false where it would go too far.
    func advance(seconds: Int64) -> Bool {
        state.withLock { state in
            let (sum, overflows) = state.aheadSeconds.addingReportingOverflow(seconds)
            guard seconds >= 0, !overflows, sum <= Self.aheadSecondsMax else { return false }
            state.aheadSeconds = sum
            return true
        }
    }

    /// The origins of the demonstration's host page.
    var origins: [String] {
        get { state.withLock { $0.origins } }
        set { state.withLock { $0.origins = newValue } }
    }
}

/// The host page of the demonstration and the backend behind it, for `token-service dev` alone.
///
/// It mints as the operator does, and puts the service's clock ahead: it must never be reachable from elsewhere.
struct DemoPage: Sendable {
    /// The public service: what the widget talks to, and what a thief's replay is sent to.
    let service: Application
    let stage: DemoStage
    let principal: Principal
    /// Where the browser reaches the service.
    let serviceURL: String

    init(service: Application, stage: DemoStage, principal: Principal, serviceURL: String) {
        self.service = service
        self.stage = stage
        self.principal = principal
        self.serviceURL = serviceURL
    }

    /// What its listener answers.
    var application: Application {
        let page = HTMLPage(self)
        return Application(
            services: service.services,
            routes: [
                Route(.get, "/", .open, .immediate { _ in page.response() }),
                Route(.get, "/demo.js", .open, .immediate { WidgetFile.demoScript.response($0, .short) }),
                Route(.get, "/page.css", .open, .immediate { WidgetFile.pageStyle.response($0, .short) }),
                Route(.post, "/demo/invites", .open, .waiting { try await mint($0) }),
                Route(.post, "/demo/expire", .open, .waiting { try expire($0) }),
                Route(.post, "/demo/revoke", .open, .waiting { try await revoke($0) }),
                Route(.post, "/demo/steal", .open, .waiting { try await steal($0) }),
            ]
        )
    }

    /// Only the page itself may use its backend: another page in the same browser could reach it as well.
    private func requireOwnPage(_ call: Call) throws(Problem) -> String {
        guard let origin = try CORS.origin(of: call.request), stage.origins.contains(origin) else {
            throw Problem(.originNotAllowed, "Only the demonstration's own page may do this.")
        }
        return origin
    }

    // MARK: What the buttons do

    private func mint(_ call: Call) async throws -> HTTPResponse {
        let origin = try requireOwnPage(call)
        var body = try BodyReader(call.request)
        let campaign = try body.requiredString("campaign_id", charactersMax: 64)
        try body.finish()
        var writer = JSONWriter(capacity: 256)
        writer.beginObject()
        writer.member("campaign_id", campaign)
        writer.member("participant_email", "visitor@example.com")
        writer.member("allowed_origins", [origin])
        writer.endObject()
        return await ask(.post, "/v1/invites", body: writer.bytes)
    }

    private func expire(_ call: Call) throws -> HTTPResponse {
        _ = try requireOwnPage(call)
        var body = try BodyReader(call.request)
        let seconds = try body.integer("seconds", in: 1...86_400) ?? 1
        try body.finish()
        guard stage.advance(seconds: seconds) else {
            throw Problem.invalid("seconds", "The clock is a week ahead already: restart the demonstration.")
        }
        return Responses.noContent()
    }

    private func revoke(_ call: Call) async throws -> HTTPResponse {
        _ = try requireOwnPage(call)
        var body = try BodyReader(call.request)
        let id = try body.requiredString("invite_id", charactersMax: 64)
        try body.finish()
        guard TypeID.parse(.invite, id) != nil else {
            throw Problem.invalid("invite_id", "invite_id is no id of an invite.")
        }
        return await ask(.delete, "/v1/invites/" + id, body: nil)
    }

    /// Replays a token as thieves would, and tells what each got; where it is bound, one brings a key of his own.
    private func steal(_ call: Call) async throws -> HTTPResponse {
        let origin = try requireOwnPage(call)
        var body = try BodyReader(call.request)
        let token = try body.requiredString("token", charactersMax: ServiceLimits.tokenCharactersMax)
        try body.finish()
        let thieves: [(name: String, origin: String?)] = [
            ("another web site", "https://thief.example"), ("a program that says nothing of an origin", nil),
            ("a program that lies about its origin", origin),
        ]
        var answers: [(name: String, status: Int, code: String)] = []
        for thief in thieves {
            let answer = await replay(token, thief.origin)
            answers.append((thief.name, answer.status, Self.code(of: answer)))
        }
        if try service.services.keyring.reader.participant(token, now: call.now).claims.boundKey != nil {
            let answer = try await replay(token, origin, provenBy: SigningKey.generate(.es256), call)
            answers.append(("a program that lies about its origin and has a key", answer.status, Self.code(of: answer)))
        }
        return Responses.json(200, isSecret: true) { writer in
            writer.name("replays")
            writer.beginArray()
            for answer in answers {
                writer.beginObject()
                writer.member("from", answer.name)
                writer.member("status", answer.status)
                writer.member("code", answer.code)
                writer.endObject()
            }
            writer.endArray()
        }
    }

    private static func code(of answer: HTTPResponse) -> String {
        (try? JSONDocument(parsing: answer.body))?.root["error"]?["code"]?.string ?? "accepted"
    }

    private func replay(_ token: String, _ origin: String?) async -> HTTPResponse {
        var fields = [("Authorization", "Bearer " + token)]
        if let origin { fields.append(("Origin", origin)) }
        return await present(fields)
    }

    /// What a thief gets who makes proofs as good as he can, with the nonce that the service gives to anybody.
    private func replay(
        _ token: String,
        _ origin: String,
        provenBy key: SigningKey,
        _ call: Call
    ) async throws -> HTTPResponse {
        let signer = DPoPProofSigner(key: key)
        var nonce: String?
        var answer = HTTPResponse(status: 401)
        for attempt in ["first", "second"] {
            let proof = try signer.proof(
                id: "\(attempt)-\(call.requestID)",
                method: "GET",
                target: serviceURL + "/v1/widget/session",
                issuedAtSeconds: call.now.seconds,
                tokenHash: DPoPProof.hash(ofToken: Array(token.utf8)),
                nonce: nonce
            )
            answer = await present([
                ("Authorization", "DPoP " + token), ("DPoP", String(decoding: proof, as: UTF8.self)),
                ("Origin", origin),
            ])
            nonce = answer.field("DPoP-Nonce")
            if nonce == nil { break }
        }
        return answer
    }

    private func present(_ fields: [(String, String)]) async -> HTTPResponse {
        let request = HTTPRequest(method: .get, target: "/v1/widget/session", fields: HTTPRequestFields(fields))
        switch service.respond(to: request) {
        case .now(let response): return response
        case .later(let work): return await work()
        }
    }

    private func ask(_ method: HTTPMethod, _ target: String, body: [UInt8]?) async -> HTTPResponse {
        let fields = HTTPRequestFields(body == nil ? [] : [("Content-Type", "application/json")])
        let request = HTTPRequest(method: method, target: target, fields: fields, body: body ?? [])
        let answer = await service.respond(to: request, as: principal)
        // Its own fields belong to the other request: only status and content go on.
        var response = HTTPResponse(status: answer.status, body: answer.body, contentType: "application/json")
        response.set("Cache-Control", "no-store")
        return response
    }
}

/// The page with the addresses filled in.
private struct HTMLPage: Sendable {
    private let body: [UInt8]
    private let serviceURL: String

    init(_ demo: DemoPage) {
        serviceURL = demo.serviceURL
        let workspace = TypeID.text(.workspace, demo.principal.tenant.workspace)
        let frame = demo.serviceURL + "/widget/frame?workspace_id=" + workspace
        let source = String(decoding: WidgetFile.demo.body, as: UTF8.self)
        var text = ""
        for (index, part) in source.split(separator: "{{", omittingEmptySubsequences: false).enumerated() {
            if index == 0 {
                text += part
            } else if part.hasPrefix("service}}") {
                text += demo.serviceURL + part.dropFirst(9)
            } else if part.hasPrefix("frame}}") {
                text += frame + part.dropFirst(7)
            }
        }
        body = Array(text.utf8)
    }

    func response() -> HTTPResponse {
        var response = HTTPResponse(status: 200, body: body, contentType: "text/html; charset=utf-8")
        response.set("Cache-Control", "no-store")
        PageSecurity.apply(sources: serviceURL, to: &response)
        return response
    }
}
