import HTTPServer
import InviteStore
import Platform
import Telemetry

/// Runs the service's own handlers on a data directory, as the operator.
struct LocalTransport: AdminTransport {
    private let application: Application
    private let principal: Principal

    static func open(_ arguments: Arguments) async throws -> LocalTransport {
        let directory = try DataDirectory(arguments)
        let sealer = DeferredAuditSealer()
        let time = SystemTimeSource()
        let store = try directory.openStore(arguments, sealer: sealer, time: time)
        do {
            let services = try await ServiceFactory(
                store: store,
                sealer: sealer,
                master: directory.masterKey(creates: false, random: SystemRandomSource()),
                time: time,
                random: SystemRandomSource(),
                log: Logger(minimum: .error, time: time),
                registry: MetricsRegistry(),
                environment: nil,
                addressLimit: nil
            ).open(place: directory.path)
            let application = Application(
                services: services,
                routes: services.routes(readiness: Readiness(store: store))
            )
            return LocalTransport(application: application, principal: try await principal(arguments, services))
        } catch {
            await store.close()
            throw error
        }
    }

    /// The operator, in the tenant that the options name, with the tenant's oldest admin key as the root of what is
    /// minted.
    private static func principal(_ arguments: Arguments, _ services: Services) async throws -> Principal {
        let now = services.time.now()
        let tenant = try await tenant(CommonOptions.environment(arguments), services, now)
        var page = PageRequest(limit: 100)
        var root: APIKeyRecord?
        while true {
            let keys = try await services.store.apiKeys(of: tenant, page: page)
            root = keys.records.last { $0.kind == .admin && $0.status(at: now) == "active" } ?? root
            guard let next = keys.next else { break }
            page.before = next
        }
        return Principal(operatorIn: tenant, minting: root?.id)
    }

    /// The one workspace, in the environment named; without a name, in the one environment that holds keys.
    private static func tenant(
        _ environment: DeploymentEnvironment?,
        _ services: Services,
        _ now: UnixTime
    ) async throws -> Tenant {
        let workspaces = try await services.store.workspaces(PageRequest(limit: 2)).records
        guard workspaces.count == 1, let workspace = workspaces.first else {
            throw UsageError("there is more than one workspace: use --url with a key of the one you mean")
        }
        if let environment { return Tenant(workspace: workspace.id, environment: environment) }
        let tenants = try await services.store.tenantsWithKeys(now: now, limit: 2)
        guard tenants.count == 1, let tenant = tenants.first else {
            throw UsageError("name the environment with --environment live or --environment test")
        }
        return tenant
    }

    func send(_ method: HTTPMethod, _ target: String, body: [UInt8]?) async throws -> AdminAnswer {
        let fields = HTTPRequestFields(body == nil ? [] : [("Content-Type", "application/json")])
        let request = HTTPRequest(method: method, target: target, fields: fields, body: body ?? [])
        let response = await application.respond(to: request, as: principal)
        return AdminAnswer(status: response.status, body: response.body)
    }

    func close() async {
        await application.services.storeUsage()
        await application.services.store.close()
    }
}
