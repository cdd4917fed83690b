package import InviteStore
package import OpenSSLKit
package import Platform
package import Telemetry

/// Opens a deployment that is set up, and wires its services.
package struct ServiceFactory: Sendable {
    package var store: any InviteStore
    package var sealer: DeferredAuditSealer
    package var master: MasterKey
    package var time: any TimeSource
    package var random: any RandomSource
    package var log: Logger
    package var registry: MetricsRegistry
    /// Nil to serve both environments.
    package var environment: DeploymentEnvironment?
    /// Exchanges and refused credentials a minute and address; nil for no limit.
    package var addressLimit: Int?
    /// What the deployment's layer of policies says as long as no stored policy says otherwise.
    package var policy = LifetimePolicy()
    /// What hashing a member's password costs.
    package var passwordCost = ScryptCost.standard
    /// Where webhooks may go; on a loopback issuer, this machine too.
    package var webhookRules = WebhookRules()
    /// Addresses under which clients know the service, beside the issuer's URL.
    package var publicURLs: [String] = []
    /// How what no request waits for is done.
    package var background = BackgroundWork()

    package init(
        store: any InviteStore,
        sealer: DeferredAuditSealer,
        master: MasterKey,
        time: any TimeSource,
        random: any RandomSource,
        log: Logger,
        registry: MetricsRegistry,
        environment: DeploymentEnvironment?,
        addressLimit: Int?
    ) {
        self.store = store
        self.sealer = sealer
        self.master = master
        self.time = time
        self.random = random
        self.log = log
        self.registry = registry
        self.environment = environment
        self.addressLimit = addressLimit
    }

    /// Reads the deployment, opens its keys and fills the revocation view.
    ///
    /// - Parameter place: what to call the store in errors.
    /// - Throws: ``DeploymentError``, ``StoreError``.
    package func open(place: String) async throws -> Services {
        guard let deployment = try await store.deployment() else { throw DeploymentError.notSetUp(place) }
        guard master.matches(check: deployment.masterKeyCheck) else { throw DeploymentError.wrongMasterKey }
        let keys = try DataKeys(deployment.dataKeys, under: master)
        sealer.arm(keys.audit)
        let seal = TokenSeal(EpochSealer(root: keys.tokenSeal, label: "tokenservice token seal v1", random: random))
        let keyrings = try LiveKeyring(
            deployment.signingKeys,
            issuerURL: deployment.issuer,
            wrapping: keys.signingKeys,
            seal: seal,
            time: time
        )
        let revocations = RevocationView()
        measure(revocations)
        // Before anything is judged by the time: an earlier run, or another replica, may have been told a later one.
        let clock = ServiceClock(time, stored: try await store.newestInstant())
        let services = try services(keys, keyrings, revocations, deployment.issuer, clock)
        // Before anything is read that will be remembered, so that no change of another process falls in between.
        try await store.observeChanges(ReplicaObserver(services: services, registry: registry))
        try await revocations.fill(from: store, now: clock.now())
        try await services.imports.load()
        try await services.policies.start()
        // Keys that changed between reading them and observing.
        await services.reloadKeyring()
        return services
    }

    private func services(
        _ keys: DataKeys,
        _ keyrings: LiveKeyring,
        _ revocations: RevocationView,
        _ issuerURL: String,
        _ time: ServiceClock
    ) throws -> Services {
        let identifiers = IdentifierGenerator(random: random)
        let audit = AuditTrail(identifiers: identifiers)
        let leases = store.rateShares.map { RateLeases(shares: $0, time: time, registry: registry) }
        let directory = APIKeyDirectory(store: store, digestKey: keys.apiKeyDigest, leases: leases)
        let imports = ImportedKeys(store: store, audit: audit, hashes: SlowHashQueue(time: time), log: log)
        let workspaces = WorkspaceDirectory(store: store)
        let addresses = AddressLimiter(limit: addressLimit)
        let metrics = ServiceMetrics(registry)
        let events = SecurityEvents(store: store, identifiers: identifiers, log: log, metrics: metrics)
        let records = EpochSealer(root: keys.recordSeal, label: "tokenservice record seal v1", random: random)
        let issuance = Issuance(
            store: store,
            keyrings: keyrings,
            identifiers: identifiers,
            sealer: RecordSealer(records),
            pseudonyms: Pseudonymizer(root: keys.pseudonym, index: keys.addressIndex),
            audit: audit,
            issuerURL: issuerURL
        )
        let authenticator = Authenticator(
            directory: directory,
            imports: imports,
            addresses: addresses,
            workspaces: workspaces,
            events: events,
            environment: environment
        )
        let console = ConsoleGate(
            store: store,
            secrets: try MemberSecrets(keys, random: random),
            passwords: Passwords(cost: passwordCost, time: time, random: random, worker: background.worker),
            addresses: addresses,
            events: events,
            log: log,
            issuerURL: issuerURL,
            environment: environment
        )
        let usage = UsageLedger()
        registry.counter(
            "tokenservice_usage_dropped_total",
            help: "Requests, mints and redeems that no key's usage counts, since too many keys were busy at once."
        ) { Double(usage.dropped) }
        registry.gauge(
            "tokenservice_clock_lag_seconds",
            help:
                "How far the clock is behind the newest instant that is known; beyond 5 nothing is issued or accepted."
        ) { Double(time.lagMilliseconds) / 1000 }
        return Services(
            store: store,
            time: time,
            random: random,
            log: log,
            metrics: metrics,
            identifiers: identifiers,
            keys: keys,
            directory: directory,
            imports: imports,
            workspaces: workspaces,
            authenticator: authenticator,
            addresses: addresses,
            events: events,
            revocations: revocations,
            issuance: issuance,
            idempotency: IdempotencyGate(key: keys.idempotency),
            audit: audit,
            usage: usage,
            cursors: PageCursor(key: keys.cursor),
            policies: PolicyDirectory(store: store, workspaces: workspaces, defaults: policy),
            console: console,
            webhooks: webhookDesk(keys, issuerURL, time),
            proofs: ProofVerifier(
                nonces: try ProofNonces(root: keys.holder),
                replays: ProofReplays(entriesMax: ServiceLimits.proofsRememberedMax, time: time),
                addresses: PublicAddresses([issuerURL] + publicURLs),
                registry: registry
            ),
            validated: validatedTokens(),
            environment: environment,
            background: background
        )
    }

    private func measure(_ revocations: RevocationView) {
        let name = "tokenservice_revocations_remembered"
        let help = "Cut-offs and ended sessions that a living token may still be under."
        registry.gauge(name, help: help, labels: ["kind": "cut_off"]) { Double(revocations.counts.cutOffs) }
        registry.gauge(name, help: help, labels: ["kind": "ended_session"]) { Double(revocations.counts.endedSessions) }
    }

    private func webhookDesk(_ keys: DataKeys, _ issuerURL: String, _ time: ServiceClock) -> WebhookDesk {
        var rules = webhookRules
        // An issuer is plain HTTP on loopback only.
        rules.allowsLoopback = issuerURL.hasPrefix("http://")
        let seal = EpochSealer(root: keys.recordSeal, label: "tokenservice webhook seal v1", random: random)
        return WebhookDesk(
            sealer: WebhookSealer(seal),
            rules: rules,
            metrics: WebhookMetrics(registry, time: time)
        )
    }

    private func validatedTokens() -> ValidatedTokenCache {
        let cache = ValidatedTokenCache(
            entriesMax: ServiceLimits.validatedTokensMax,
            bytesMax: ServiceLimits.validatedTokensBytesMax
        )
        let lookups = "tokenservice_token_cache_lookups_total"
        let help = "Look-ups among validated participant tokens, by result."
        registry.counter(lookups, help: help, labels: ["result": "hit"]) { Double(cache.statistics.hits) }
        registry.counter(lookups, help: help, labels: ["result": "miss"]) { Double(cache.statistics.misses) }
        registry.gauge("tokenservice_token_cache_bytes", help: "Bytes of validated participant tokens.") {
            Double(cache.statistics.bytes)
        }
        return cache
    }
}
