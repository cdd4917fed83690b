import HTTPServer
import InviteStore
import Platform
import Telemetry

/// Runs the service's own handlers on a data directory, as the operator.
struct LocalTransport: AdminTransport {
    private let application: Application
    let principal: Principal

    var services: Services { application.services }

    /// `platform`: as the operator of the deployment itself, in no workspace.
    static func open(_ arguments: Arguments, platform: Bool = false) async throws -> LocalTransport {
        let services = try await services(arguments)
        do {
            let application = Application(
                services: services,
                routes: services.routes(readiness: Readiness(services))
            )
            let principal =
                platform
                ? try await operatorOfDeployment(arguments, services) : try await principal(arguments, services)
            return LocalTransport(application: application, principal: principal)
        } catch {
            await services.store.close()
            throw error
        }
    }

    /// Opens the directory's store and its keys; the caller closes the store.
    static func services(_ arguments: Arguments) async throws -> Services {
        let directory = try DataDirectory(arguments)
        let sealer = DeferredAuditSealer()
        let time = SystemTimeSource()
        let store = try directory.openStore(arguments, sealer: sealer, time: time)
        do {
            return try await ServiceFactory(
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
        } catch {
            await store.close()
            throw error
        }
    }

    /// The operator, outside all workspaces; in the environment named, or in the one that holds keys, or in `live`.
    private static func operatorOfDeployment(_ arguments: Arguments, _ services: Services) async throws -> Principal {
        if let environment = try CommonOptions.environment(arguments) {
            return Principal(operatorIn: .deployment(environment), minting: nil)
        }
        let tenants = try await services.store.tenantsWithKeys(now: services.time.now(), limit: 100)
        let environments = Set(tenants.map(\.environment))
        let environment = environments.count == 1 ? environments.first ?? .live : .live
        return Principal(operatorIn: .deployment(environment), minting: nil)
    }

    /// The operator, in the tenant that the options name, with the tenant's oldest admin key as the root of what is
    /// minted.
    private static func principal(_ arguments: Arguments, _ services: Services) async throws -> Principal {
        let now = services.time.now()
        let tenant = try await tenant(arguments, services, now)
        let root = try await services.store.rootKey(of: tenant, now: now)
        let mintingAllowed = try await services.workspaces.settings(of: tenant).mintingAllowed
        return Principal(operatorIn: tenant, minting: root?.id, mintingAllowed: mintingAllowed)
    }

    /// The workspace named, or the only one, in the environment named; without a name, in the one environment in which it
    /// holds keys.
    private static func tenant(
        _ arguments: Arguments,
        _ services: Services,
        _ now: UnixTime
    ) async throws -> Tenant {
        let workspace = try await workspace(arguments, services)
        if let environment = try CommonOptions.environment(arguments) {
            return Tenant(workspace: workspace, environment: environment)
        }
        let tenants = try await services.store.tenantsWithKeys(now: now, limit: 100_000)
            .filter { $0.workspace == workspace }
        guard tenants.count == 1, let tenant = tenants.first else {
            throw UsageError("name the environment with --environment live or --environment test")
        }
        return tenant
    }

    private static func workspace(_ arguments: Arguments, _ services: Services) async throws -> RecordID {
        guard let name = arguments.value("workspace") else {
            let workspaces = try await services.store.workspaces(PageRequest(limit: 2)).records
            guard workspaces.count == 1, let workspace = workspaces.first else {
                throw UsageError("there is more than one workspace: name one with --workspace")
            }
            return workspace.id
        }
        let id = TypeID.parse(.workspace, name)
        let found =
            if let id { try await services.store.workspace(id) } else {
                try await services.store.workspace(slug: name)
            }
        guard let found else { throw UsageError("there is no workspace \(ShownName.text(name))") }
        return found.id
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
