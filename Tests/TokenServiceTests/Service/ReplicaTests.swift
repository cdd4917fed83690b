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

        /// Asks until an answer has this status; false where none had in 20 s.
        ///
        /// How long it may take at most is held by the black-box tests, which have the machine for themselves.
        private static func comes(_ status: Int, _ ask: () async -> Answer) async -> Bool {
            let end = ContinuousClock.now + .seconds(20)
            while true {
                let isLast = ContinuousClock.now >= end
                if await ask().status == status { return true }
                if isLast { return false }
                await Task.yield()
            }
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

        @Test("A token revoked at one is refused by the other, and so is a session that was ended")
        func revokes() async throws {
            let (first, second) = try await Self.replicas()
            let revoked = try await first.openSession()
            let ended = try await first.openSession()
            for session in [revoked, ended] {
                #expect(await second.send(.get, "/v1/widget/session", token: session.participant).status == 200)
            }
            let body = #"{"session_id":"\#(revoked.sessionID)"}"#
            #expect(await first.admin(.post, "/v1/revocations", body: body).status == 201)
            #expect(
                await Self.comes(410) { await second.send(.get, "/v1/widget/session", token: revoked.participant) }
            )
            #expect(await first.send(.delete, "/v1/widget/session", token: ended.participant).status == 204)
            #expect(await Self.comes(410) { await second.send(.get, "/v1/widget/session", token: ended.participant) })
            await Self.close((first, second))
        }

        @Test("A key revoked at one is refused by the other, which has it in its cache")
        func revokesKeys() async throws {
            let (first, second) = try await Self.replicas()
            let made = await first.makeKey(scopes: ["invites:read"])
            let (id, secret) = (try #require(made["id"]), try #require(made["secret"]))
            #expect(await second.send(.get, "/v1/invites", key: secret).status == 200)
            #expect(await first.admin(.delete, "/v1/api-keys/\(id)").status == 204)
            #expect(await Self.comes(401) { await second.send(.get, "/v1/invites", key: secret) })
            await Self.close((first, second))
        }

        @Test("A policy that is narrowed at one binds the other")
        func changesPolicies() async throws {
            let (first, second) = try await Self.replicas()
            #expect(await second.mint(more: #","expires_in":7200"#).status == 201)
            let policy = #"{"invite":{"max_seconds":3600}}"#
            let changed = await first.admin(.put, "/v1/policies", body: policy)
            #expect(changed.status == 200, "\(changed.text)")
            #expect(await Self.comes(422) { await second.mint(more: #","expires_in":7200"#) })
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
            #expect(await Self.comes(503) { await validate() })
            #expect(await second.mint().status == 503)
            try cluster.startAgain()
            #expect(await Self.comes(200) { await validate() })
            #expect(await Self.comes(201) { await second.mint() })
            await Self.close((first, second))
        }
    }
#endif
