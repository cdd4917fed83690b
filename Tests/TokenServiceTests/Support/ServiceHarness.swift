import HTTPServer
import InviteStore
import OpenSSLKit
import Platform
import StrictJSON
import Telemetry
import TestSupport

@testable import TokenService

/// The whole service in one process: real handlers, the in-memory store, a clock and randomness under control.
struct ServiceHarness: Sendable {
    let application: Application
    let time: ManualTimeSource
    let store: MemoryInviteStore
    let setup: SetupResult

    static let issuer = "https://tokens.example.com"

    init(
        environment: DeploymentEnvironment = .test,
        serving: DeploymentEnvironment? = nil,
        seed: UInt64 = 1,
        addressLimit: Int? = nil
    ) async throws {
        let time = ManualTimeSource()
        let random = SeededRandomSource(seed: seed)
        let sealer = DeferredAuditSealer()
        let store = MemoryInviteStore(auditSealer: sealer)
        let master = try MasterKey(random: random)
        setup = try await Setup(random: random).run(
            store: store,
            sealer: sealer,
            master: master,
            issuer: Self.issuer,
            environment: environment,
            algorithm: .es256,
            now: time.now()
        )
        let services = try await ServiceFactory(
            store: store,
            sealer: sealer,
            master: master,
            time: time,
            random: random,
            log: Logger(minimum: .error, time: time),
            registry: MetricsRegistry(),
            environment: serving,
            addressLimit: addressLimit
        ).open(place: "memory")
        application = Application(services: services, routes: services.routes(readiness: Readiness(store: store)))
        self.time = time
        self.store = store
    }

    /// Sends one request and waits for its answer.
    func send(
        _ method: HTTPMethod,
        _ target: String,
        body: String? = nil,
        fields: [(String, String)] = [],
        key: String? = nil,
        token: String? = nil
    ) async -> Answer {
        var all = fields
        if body != nil, !fields.contains(where: { $0.0.lowercased() == "content-type" }) {
            all.append(("Content-Type", "application/json"))
        }
        if let credential = key ?? token { all.append(("Authorization", "Bearer " + credential)) }
        let request = HTTPRequest(
            method: method,
            target: target,
            fields: HTTPRequestFields(all),
            body: Array((body ?? "").utf8)
        )
        switch application.respond(to: request) {
        case .now(let response): return Answer(response)
        case .later(let work): return Answer(await work())
        }
    }

    /// Sends one request with the first admin key.
    func admin(
        _ method: HTTPMethod,
        _ target: String,
        body: String? = nil,
        fields: [(String, String)] = []
    ) async -> Answer {
        await send(method, target, body: body, fields: fields, key: setup.secret)
    }

    /// Mints one invite and gives its answer.
    func mint(
        campaign: String = "camp_456abc",
        email: String = "user@example.com",
        more: String = ""
    ) async -> Answer {
        await admin(
            .post,
            "/v1/invites",
            body: #"{"campaign_id":"\#(campaign)","participant_email":"\#(email)"\#(more)}"#
        )
    }

    /// Redeems an invite token.
    func redeem(_ token: String, more: String = "", fields: [(String, String)] = []) async -> Answer {
        await send(.post, "/v1/widget/sessions", body: #"{"invite_token":"\#(token)"\#(more)}"#, fields: fields)
    }
}

/// One answer, parsed.
struct Answer: Sendable {
    let response: HTTPResponse

    init(_ response: HTTPResponse) { self.response = response }

    var status: Int { response.status }
    var text: String { String(decoding: response.body, as: UTF8.self) }

    var json: JSONValue? {
        (try? JSONDocument(parsing: response.body, limits: JSONLimits(bytesMax: 8 << 20, valuesMax: 200_000)))?.root
    }

    subscript(_ name: String) -> String? { json?[name]?.string }

    /// The `code` of an error answer.
    var code: String? { json?["error"]?["code"]?.string }
    /// The `param` of an error answer.
    var param: String? { json?["error"]?["param"]?.string }
}
