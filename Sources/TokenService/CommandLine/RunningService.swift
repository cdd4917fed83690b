import HTTPServer
import InviteStore
import OpenSSLKit
import Platform
import Telemetry

/// A service with both listeners open.
struct RunningService {
    let publicAddress: String
    let adminAddress: String
    /// What the public listener answers.
    let application: Application
    private let server: HTTPServer
    private let admin: HTTPServer
    private let services: Services
    private let readiness: Readiness
    private let settings: ServeSettings
    private let upkeep: Task<Void, Never>
    private let webhooks: WebhookWorker
    private let deliveries: Task<Void, Never>

    /// Opens the store, then the listeners; ready when it returns.
    ///
    /// A demonstration brings a stage: its clock and the origins that may frame the widget.
    static func start(
        _ settings: ServeSettings,
        _ arguments: Arguments,
        demo: DemoStage? = nil
    ) async throws -> RunningService {
        Platform.raiseDescriptorLimit()
        Platform.disableCoreDumps()
        Platform.disableCrashReports()
        Platform.ignoreBrokenPipes()
        Platform.returnLargeBlocks()
        let time = SystemTimeSource()
        let log = Logger(minimum: settings.logLevel, time: time)
        let registry = MetricsRegistry()
        let services = try await open(settings, arguments, demo ?? time, log, registry)
        let readiness = Readiness(services)
        let routes = services.routes(readiness: readiness, frameOrigins: { demo?.origins ?? [] })
        let application = Application(services: services, routes: routes, isSecure: settings.tls != nil)
        do {
            let transport = try HTTPWebhookTransport(services.webhooks.rules)
            let webhooks = WebhookWorker(services: services, transport: transport)
            let server = try HTTPServer(
                // Its `Date` has to be the service's own, which proofs are dated by.
                configuration: settings.publicListener(time: demo ?? time),
                responder: application,
                metrics: registry,
                logger: log
            )
            let admin = try HTTPServer(
                configuration: settings.adminListener(time: time),
                responder: AdminListener(services: services, readiness: readiness, registry: registry).application,
                metrics: registry,
                logger: log
            )
            let addresses = try server.start()
            for address in addresses {
                services.proofs.addresses.add(listener: address, isSecure: settings.tls != nil)
            }
            return RunningService(
                publicAddress: Self.text(addresses),
                adminAddress: Self.text(try admin.start()),
                application: application,
                server: server,
                admin: admin,
                services: services,
                readiness: readiness,
                settings: settings,
                upkeep: Upkeep(
                    services: services,
                    auditDays: settings.auditDays,
                    signingKeyDays: settings.signingKeyDays
                ).start(),
                webhooks: webhooks,
                deliveries: Task.detached(name: "webhooks") { await webhooks.run() }
            )
        } catch {
            await services.store.close()
            throw error
        }
    }

    private static func text(_ addresses: [SocketAddress]) -> String {
        addresses.map(\.description).joined(separator: ",")
    }

    /// The one line that says the service is ready.
    var readyLine: String { "listening on \(publicAddress), admin on \(adminAddress)" }

    /// Serves until SIGTERM or SIGINT, then drains; SIGHUP reads the certificate again.
    ///
    /// Blocks the calling thread, which should be the main one.
    func run(until signals: borrowing SignalWaiter) async {
        while true {
            switch signals.wait() {
            case .hangUp: reloadCertificate()
            case .terminate, .interrupt:
                await drain()
                return
            case nil: continue
            }
        }
    }

    private func reloadCertificate() {
        guard settings.tls != nil else { return }
        do {
            try server.reloadTLS()
            services.log.warning("certificate reloaded")
        } catch {
            services.log.error("certificate not reloaded: the old one stays", ["error": .string("\(error)")])
        }
    }

    /// Readiness first, so that load balancers look away; then listening stops, begun requests are answered, and the
    /// store is closed.
    private func drain() async {
        readiness.drain()
        deliveries.cancel()
        // What is not told by now is told after the next start.
        async let stopped: Void = webhooks.stop(after: deliveries, waitMilliseconds: 5_000)
        await server.drain(deadlineMilliseconds: settings.drainDelaySeconds * 1000 + 8000)
        await admin.drain(deadlineMilliseconds: 500)
        upkeep.cancel()
        await stopped
        await Upkeep(services: services).storeCounts()
        await services.store.close()
    }

    private static func open(
        _ settings: ServeSettings,
        _ arguments: Arguments,
        _ time: any TimeSource,
        _ log: Logger,
        _ registry: MetricsRegistry
    ) async throws -> Services {
        let directory = try DataDirectory(arguments)
        let sealer = DeferredAuditSealer()
        let random = SystemRandomSource()
        let choice = try StoreChoice(arguments)
        if choice == .sqlite, !PrivateFile.exists(directory.path) { throw DeploymentError.notSetUp(directory.path) }
        let store = try directory.openStore(
            arguments,
            sealer: sealer,
            time: time,
            observer: StoreMetrics(registry)
        )
        do {
            let master: MasterKey
            if choice == .memory {
                master = try await seedMemory(store, sealer, directory, settings, time, random)
            } else {
                guard try await store.deployment() != nil else {
                    throw DeploymentError.notSetUp(choice.place(directory))
                }
                master = try directory.masterKey(creates: false, random: random)
            }
            var factory = ServiceFactory(
                store: store,
                sealer: sealer,
                master: master,
                time: time,
                random: random,
                log: log,
                registry: registry,
                environment: settings.environment,
                addressLimit: settings.addressLimit
            )
            factory.webhookRules = settings.webhooks
            factory.publicURLs = settings.publicURLs
            return try await factory.open(place: choice.place(directory))
        } catch {
            await store.close()
            throw error
        }
    }

    /// The in-memory store starts empty each time: it sets itself up and leaves its key in the data directory.
    private static func seedMemory(
        _ store: any InviteStore,
        _ sealer: DeferredAuditSealer,
        _ directory: DataDirectory,
        _ settings: ServeSettings,
        _ time: any TimeSource,
        _ random: SystemRandomSource
    ) async throws -> MasterKey {
        let master = try MasterKey(random: random)
        let result = try await Setup(random: random).run(
            store: store,
            sealer: sealer,
            master: master,
            issuer: "http://127.0.0.1:\(settings.listen.port)",
            environment: settings.environment ?? .test,
            algorithm: .es256,
            now: time.now()
        )
        try PrivateFile.makeDirectory(directory.path)
        try PrivateFile.replace(directory.path + "/memory-api-key", content: Array((result.secret + "\n").utf8))
        return master
    }
}

extension ServeSettings {
    func publicListener(time: any TimeSource) -> HTTPServerConfiguration {
        var configuration = HTTPServerConfiguration(listeners: [listen], name: "public")
        configuration.time = time
        configuration.loopCount = loopCount
        if addressLimit == nil { configuration.limits.connectionsPerAddressMax = 0 }
        configuration.tls = tls
        configuration.trustedProxies = trustedProxies
        configuration.drainDelayMilliseconds = drainDelaySeconds * 1000
        return configuration
    }

    func adminListener(time: any TimeSource) -> HTTPServerConfiguration {
        var configuration = HTTPServerConfiguration(listeners: [adminListen], name: "admin")
        configuration.time = time
        configuration.loopCount = 1
        return configuration
    }
}
