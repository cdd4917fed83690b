#if Postgres
    import HTTPServer
    import InviteStore
    import Platform
    import Testing
    import TestSupport

    @testable import TokenService

    @Suite("Replicas on one PostgreSQL")
    struct ReplicaTests {
        /// Two services on one data base, as two machines have them.
        private static func replicas(
            of cluster: PostgresCluster? = nil,
            _ adjust: @Sendable (inout PostgresStoreOptions) -> Void = { _ in }
        ) async throws -> (ServiceHarness, ServiceHarness) {
            let cluster = try cluster ?? PostgresCluster.shared.get()
            let address = cluster.address(schema: try cluster.makeSchema())
            var options = PostgresStoreOptions()
            options.readers = 1
            // The services' clock is the test's.
            options.clockToleranceMilliseconds = nil
            adjust(&options)
            let made = options
            let open: @Sendable (DeferredAuditSealer) throws -> any InviteStore = { sealer in
                try PostgresInviteStore(address: address, auditSealer: sealer, time: SystemTimeSource(), options: made)
            }
            let first = try await ServiceHarness(open: open)
            return (first, try await first.replica(open: open))
        }

        private static func close(_ services: (ServiceHarness, ServiceHarness)) async {
            await services.0.store.close()
            await services.1.store.close()
        }

        /// How long it takes until an answer has this status; nil where it takes more than 20 s.
        private static func time(
            until status: Int,
            _ ask: () async -> Answer
        ) async -> Duration? {
            let begun = ContinuousClock.now
            while ContinuousClock.now - begun < .seconds(20) {
                if await ask().status == status { return ContinuousClock.now - begun }
                await Task.yield()
            }
            return nil
        }

        @Test("What one mints the other redeems, renews and validates")
        func shares() async throws {
            let (first, second) = try await Self.replicas()
            let invite = try #require(await first.mint()["invite_token"])
            let opened = await second.redeem(invite)
            #expect(opened.status == 201, "\(opened.text)")
            #expect(await first.redeem(invite).code == "invite_used")
            let token = try #require(opened["participant_token"])
            #expect(await first.send(.get, "/v1/widget/session", token: token).status == 200)
            #expect(await first.send(.post, "/v1/widget/session/renew", token: token).status == 200)
            await Self.close((first, second))
        }

        @Test("A token revoked at one is refused by the other within a second, and so is a session that was ended")
        func revokes() async throws {
            let (first, second) = try await Self.replicas()
            let revoked = try await first.openSession()
            let ended = try await first.openSession()
            for session in [revoked, ended] {
                #expect(await second.send(.get, "/v1/widget/session", token: session.participant).status == 200)
            }
            let body = #"{"session_id":"\#(revoked.sessionID)"}"#
            #expect(await first.admin(.post, "/v1/revocations", body: body).status == 201)
            let one = await Self.time(until: 410) {
                await second.send(.get, "/v1/widget/session", token: revoked.participant)
            }
            #expect(try #require(one) < .seconds(1))
            #expect(await first.send(.delete, "/v1/widget/session", token: ended.participant).status == 204)
            let other = await Self.time(until: 410) {
                await second.send(.get, "/v1/widget/session", token: ended.participant)
            }
            #expect(try #require(other) < .seconds(1))
            await Self.close((first, second))
        }

        @Test("A key revoked at one is refused by the other, which has it in its cache, within a second")
        func revokesKeys() async throws {
            let (first, second) = try await Self.replicas()
            let made = await first.makeKey(scopes: ["invites:read"])
            let (id, secret) = (try #require(made["id"]), try #require(made["secret"]))
            #expect(await second.send(.get, "/v1/invites", key: secret).status == 200)
            #expect(await first.admin(.delete, "/v1/api-keys/\(id)").status == 204)
            let time = await Self.time(until: 401) { await second.send(.get, "/v1/invites", key: secret) }
            #expect(try #require(time) < .seconds(1))
            await Self.close((first, second))
        }

        @Test("A policy that is narrowed at one binds the other within a second")
        func changesPolicies() async throws {
            let (first, second) = try await Self.replicas()
            #expect(await second.mint(more: #","expires_in":7200"#).status == 201)
            let policy = #"{"invite":{"max_seconds":3600}}"#
            let changed = await first.admin(.put, "/v1/policies", body: policy)
            #expect(changed.status == 200, "\(changed.text)")
            let time = await Self.time(until: 422) { await second.mint(more: #","expires_in":7200"#) }
            #expect(try #require(time) < .seconds(1))
            await Self.close((first, second))
        }

        @Test("A replica that does not hear of the data base refuses to validate, and goes on when it does again")
        func failsClosed() async throws {
            let cluster = try PostgresCluster()
            let (first, second) = try await Self.replicas(of: cluster) {
                $0.cutOffAfterMilliseconds = 500
                $0.lookMilliseconds = 100
            }
            let session = try await first.openSession()
            func validate() async -> Answer {
                await second.send(.get, "/v1/widget/session", token: session.participant)
            }
            #expect(await validate().status == 200)
            try cluster.crash()
            #expect(await Self.time(until: 503) { await validate() } != nil)
            #expect(await second.mint().status == 503)
            try cluster.startAgain()
            #expect(await Self.time(until: 200) { await validate() } != nil)
            #expect(await Self.time(until: 201) { await second.mint() } != nil)
            await Self.close((first, second))
        }
    }
#endif
