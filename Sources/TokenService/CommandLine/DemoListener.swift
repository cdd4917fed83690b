import HTTPServer
import InviteStore
import Platform
import Telemetry

/// The listener of the demonstration's host page, on loopback, beside a running service.
struct DemoListener {
    /// The page's address, on another origin than the service.
    let url: String
    private let server: HTTPServer

    /// Listens on loopback.
    ///
    /// - Throws: ``UsageError`` where the deployment has no single key to mint with; what the server throws.
    static func start(_ running: RunningService, stage: DemoStage, port: UInt16) async throws -> DemoListener {
        let services = running.application.services
        let page = DemoPage(
            service: running.application,
            stage: stage,
            principal: try await principal(services),
            serviceURL: "http://" + running.publicAddress
        )
        guard let address = SocketAddress(parsing: "127.0.0.1:\(port)") else { throw UsageError("--port is too high") }
        var configuration = HTTPServerConfiguration(listeners: [address], name: "demo")
        configuration.loopCount = 1
        let server = try HTTPServer(
            configuration: configuration,
            responder: page.application,
            metrics: MetricsRegistry(),
            logger: services.log
        )
        let bound = try server.start().first?.port ?? port
        // The same machine by another name is another origin to a browser.
        stage.origins = ["http://localhost:\(bound)"]
        return DemoListener(url: "http://localhost:\(bound)/", server: server)
    }

    func stop() async { await server.drain(deadlineMilliseconds: 500) }

    /// The operator, in the one tenant of the deployment, minting in the name of its oldest admin key.
    private static func principal(_ services: Services) async throws -> Principal {
        let now = services.time.now()
        guard let tenant = try await services.store.tenantsWithKeys(now: now, limit: 1).first else {
            throw UsageError("the deployment holds no active key: start with another --data-dir")
        }
        let keys = try await services.store.apiKeys(of: tenant, page: PageRequest(limit: 100)).records
        let root = keys.last { $0.kind == .admin && $0.status(at: now) == "active" }
        return Principal(operatorIn: tenant, minting: root?.id)
    }
}
