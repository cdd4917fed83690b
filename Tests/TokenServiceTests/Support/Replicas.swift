#if Postgres
    import HTTPServer
    import InviteStore
    import Platform
    import TestSupport

    @testable import TokenService

    /// Services on one PostgreSQL, as several machines have them.
    enum Replicas {
        /// One service for each address; the services' clock is the test's, that of their stores the machine's.
        static func at(
            _ addresses: [String],
            time: any TimeSource = SystemTimeSource(),
            _ adjust: @Sendable (inout PostgresStoreOptions) -> Void = { _ in }
        ) async throws -> [ServiceHarness] {
            var options = PostgresStoreOptions()
            options.readers = 1
            options.clockToleranceMilliseconds = nil
            adjust(&options)
            let made = options
            var services: [ServiceHarness] = []
            for address in addresses {
                let open: @Sendable (DeferredAuditSealer) throws -> any InviteStore = { sealer in
                    try PostgresInviteStore(address: address, auditSealer: sealer, time: time, options: made)
                }
                if let first = services.first {
                    services.append(try await first.replica(open: open))
                } else {
                    services.append(try await ServiceHarness(open: open))
                }
            }
            return services
        }

        static func make(
            _ count: Int,
            of cluster: PostgresCluster? = nil,
            _ adjust: @Sendable (inout PostgresStoreOptions) -> Void = { _ in }
        ) async throws -> [ServiceHarness] {
            let cluster = try cluster ?? PostgresCluster.shared.get()
            let address = cluster.address(schema: try cluster.makeSchema())
            return try await at(Array(repeating: address, count: count), adjust)
        }

        static func two(
            of cluster: PostgresCluster? = nil,
            _ adjust: @Sendable (inout PostgresStoreOptions) -> Void = { _ in }
        ) async throws -> (ServiceHarness, ServiceHarness) {
            let services = try await make(2, of: cluster, adjust)
            return (services[0], services[1])
        }

        static func end(_ services: (ServiceHarness, ServiceHarness)) async {
            await end([services.0, services.1])
        }

        static func end(_ services: [ServiceHarness]) async {
            for service in services { await service.store.close() }
        }

        /// Asks until an answer has this status; false where none had in 20 s.
        ///
        /// How long it may take at most is held by the black-box tests, which have the machine for themselves.
        static func comes(_ status: Int, _ ask: () async -> Answer) async -> Bool {
            await comes { await ask().status == status }
        }

        /// Waits for something that other threads bring about; false where it did not come in 20 s.
        static func comes(_ isThere: () async -> Bool) async -> Bool {
            let end = ContinuousClock.now + .seconds(20)
            while true {
                let isLast = ContinuousClock.now >= end
                if await isThere() { return true }
                if isLast { return false }
                await Task.yield()
            }
        }
    }
#endif
