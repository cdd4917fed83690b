import HTTPServer
import InviteStore
import OpenSSLKit
import Platform
import StrictJSON
import Telemetry
import TestSupport
import Testing

@testable import TokenService

/// The whole service in one process: real handlers, the in-memory store, a clock and randomness under control.
struct ServiceHarness: Sendable {
    let application: Application
    let time: ManualTimeSource
    let store: any InviteStore
    /// What the service sees of `store`; passes everything on until it is told to fail.
    let faults: FaultyStore
    let setup: SetupResult
    private let factory: ServiceFactory

    static let issuer = "https://tokens.example.com"
    /// Members' passwords cost next to nothing.
    private static let cheap = ScryptCost(logN: 4, r: 8, p: 1) ?? .standard

    init(
        environment: DeploymentEnvironment = .test,
        serving: DeploymentEnvironment? = nil,
        seed: UInt64 = 1,
        addressLimit: Int? = nil,
        policy: LifetimePolicy = LifetimePolicy(),
        directory: String? = nil,
        open: ((DeferredAuditSealer) throws -> any InviteStore)? = nil
    ) async throws {
        let time = ManualTimeSource()
        let random = SeededRandomSource(seed: seed)
        let sealer = DeferredAuditSealer()
        let store = try open?(sealer) ?? Self.store(directory, sealer, time)
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
        let faults = FaultyStore(store)
        var factory = ServiceFactory(
            store: faults,
            sealer: sealer,
            master: master,
            time: time,
            random: random,
            log: Logger(minimum: .error, time: time),
            registry: MetricsRegistry(),
            environment: serving,
            addressLimit: addressLimit
        )
        factory.policy = policy
        factory.passwordCost = Self.cheap
        self.factory = factory
        let services = try await factory.open(place: "memory")
        application = Application(services: services, routes: services.routes(readiness: Readiness(services)))
        self.faults = faults
        self.time = time
        self.store = store
    }

    /// In memory, or durable where a directory is named.
    private static func store(
        _ directory: String?,
        _ sealer: DeferredAuditSealer,
        _ time: ManualTimeSource
    ) throws -> any InviteStore {
        #if SQLite
            if let directory {
                return try SQLiteInviteStore(directory: directory, auditSealer: sealer, time: SystemTimeSource())
            }
        #endif
        return MemoryInviteStore(auditSealer: sealer)
    }

    var services: Services { application.services }

    var registry: MetricsRegistry { factory.registry }

    var tenant: Tenant { Tenant(workspace: setup.workspace, environment: setup.environment) }

    /// Sends one request and waits for its answer.
    func send(
        _ method: HTTPMethod,
        _ target: String,
        body: String? = nil,
        fields: [(String, String)] = [],
        key: String? = nil,
        token: String? = nil,
        from address: IPAddress = .loopback
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
            body: Array((body ?? "").utf8),
            clientAddress: address
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

    /// A second service on the same store, as after a restart, or one that serves one environment alone.
    func restarted(serving environment: DeploymentEnvironment? = nil) async throws -> ServiceHarness {
        try await ServiceHarness(self, serving: environment)
    }

    /// A second service of the same deployment on a store of its own, as another machine has it.
    func replica(open: (DeferredAuditSealer) throws -> any InviteStore) async throws -> ServiceHarness {
        try await ServiceHarness(self, open: open)
    }

    private init(_ other: ServiceHarness, open: (DeferredAuditSealer) throws -> any InviteStore) async throws {
        (time, setup) = (other.time, other.setup)
        let sealer = DeferredAuditSealer()
        store = try open(sealer)
        faults = FaultyStore(store)
        var factory = other.factory
        factory.store = faults
        factory.sealer = sealer
        factory.registry = MetricsRegistry()
        self.factory = factory
        let services = try await factory.open(place: "memory")
        application = Application(services: services, routes: services.routes(readiness: Readiness(services)))
    }

    private init(_ other: ServiceHarness, serving environment: DeploymentEnvironment?) async throws {
        (time, store, faults, setup) = (other.time, other.store, other.faults, other.setup)
        var factory = other.factory
        factory.environment = environment
        factory.registry = MetricsRegistry()
        self.factory = factory
        let services = try await factory.open(place: "memory")
        application = Application(services: services, routes: services.routes(readiness: Readiness(services)))
    }

    /// Makes one key with the first admin key and gives its answer.
    func makeKey(scopes: [String], more: String = "") async -> Answer {
        let list = scopes.map { "\"\($0)\"" }.joined(separator: ",")
        return await admin(.post, "/v1/api-keys", body: #"{"name":"made","scopes":[\#(list)]\#(more)}"#)
    }

    /// An invite and what redeeming it gave.
    func openSession(more: String = "", fields: [(String, String)] = []) async throws -> OpenedSession {
        let minted = await mint(more: more)
        let invite = try #require(minted["invite_token"])
        let opened = await redeem(invite, fields: fields)
        return OpenedSession(
            inviteID: try #require(minted["id"]),
            invite: invite,
            sessionID: try #require(opened["session_id"], "\(opened.text)"),
            participant: try #require(opened["participant_token"])
        )
    }

    /// Every event of the tenant, newest first.
    func events() async throws -> [AuditDraft] {
        let tenant = Tenant(workspace: setup.workspace, environment: setup.environment)
        var events: [AuditDraft] = []
        var before: RecordID?
        repeat {
            let request = PageRequest(before: before, limit: 100)
            let page = try await store.auditEvents(of: tenant, filter: AuditFilter(), page: request)
            events += page.records.map(\.draft)
            before = page.next
        } while before != nil
        return events
    }

    /// Every event that tells of a change or a refusal: all but the minute's first successful authentication.
    func changes() async throws -> [AuditDraft] { try await events().filter { $0.type != "auth.succeeded" } }

    /// Redeems an invite token.
    func redeem(_ token: String, more: String = "", fields: [(String, String)] = []) async -> Answer {
        await send(.post, "/v1/widget/sessions", body: #"{"invite_token":"\#(token)"\#(more)}"#, fields: fields)
    }
}

/// The ids and tokens of one opened session.
struct OpenedSession: Sendable {
    let inviteID: String
    let invite: String
    let sessionID: String
    let participant: String
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
