#if Postgres
    import HTTPServer
    import InviteStore
    import Platform
    import Testing
    import TestSupport

    @testable import TokenService

    @Suite("Replicas on one PostgreSQL")
    struct ReplicaTests {
        @Test("What one mints the other redeems, renews and validates")
        func shares() async throws {
            let (first, second) = try await Replicas.two()
            let invite = try #require(await first.mint()["invite_token"])
            let opened = await second.redeem(invite)
            #expect(opened.status == 201, "\(opened.text)")
            #expect(await first.redeem(invite).code == "invite_used")
            let token = try #require(opened["participant_token"])
            #expect(await first.send(.get, "/v1/widget/session", token: token).status == 200)
            #expect(await first.send(.post, "/v1/widget/session/renew", token: token).status == 200)
            await Replicas.end((first, second))
        }

        @Test("A token revoked at one is refused by the other, and so is a session that was ended")
        func revokes() async throws {
            let (first, second) = try await Replicas.two()
            let revoked = try await first.openSession()
            let ended = try await first.openSession()
            for session in [revoked, ended] {
                #expect(await second.send(.get, "/v1/widget/session", token: session.participant).status == 200)
            }
            let body = #"{"session_id":"\#(revoked.sessionID)"}"#
            #expect(await first.admin(.post, "/v1/revocations", body: body).status == 201)
            #expect(
                await Replicas.comes(410) { await second.send(.get, "/v1/widget/session", token: revoked.participant) }
            )
            #expect(await first.send(.delete, "/v1/widget/session", token: ended.participant).status == 204)
            #expect(
                await Replicas.comes(410) { await second.send(.get, "/v1/widget/session", token: ended.participant) }
            )
            await Replicas.end((first, second))
        }

        @Test("A key revoked at one is refused by the other, which has it in its cache")
        func revokesKeys() async throws {
            let (first, second) = try await Replicas.two()
            let made = await first.makeKey(scopes: ["invites:read"])
            let (id, secret) = (try #require(made["id"]), try #require(made["secret"]))
            #expect(await second.send(.get, "/v1/invites", key: secret).status == 200)
            #expect(await first.admin(.delete, "/v1/api-keys/\(id)").status == 204)
            #expect(await Replicas.comes(401) { await second.send(.get, "/v1/invites", key: secret) })
            await Replicas.end((first, second))
        }

        @Test("A policy that is narrowed at one binds the other")
        func changesPolicies() async throws {
            let (first, second) = try await Replicas.two()
            #expect(await second.mint(more: #","expires_in":7200"#).status == 201)
            let policy = #"{"invite":{"max_seconds":3600}}"#
            let changed = await first.admin(.put, "/v1/policies", body: policy)
            #expect(changed.status == 200, "\(changed.text)")
            #expect(await Replicas.comes(422) { await second.mint(more: #","expires_in":7200"#) })
            await Replicas.end((first, second))
        }

        @Test("A replica that does not hear of the data base refuses to validate, and goes on when it does again")
        func failsClosed() async throws {
            let cluster = try PostgresCluster()
            let (first, second) = try await Replicas.two(of: cluster) {
                $0.cutOffAfterMilliseconds = 500
                $0.lookMilliseconds = 100
            }
            let session = try await first.openSession()
            func validate() async -> Answer {
                await second.send(.get, "/v1/widget/session", token: session.participant)
            }
            #expect(await validate().status == 200)
            try cluster.crash()
            #expect(await Replicas.comes(503) { await validate() })
            #expect(await second.mint().status == 503)
            try cluster.startAgain()
            #expect(await Replicas.comes(200) { await validate() })
            #expect(await Replicas.comes(201) { await second.mint() })
            await Replicas.end((first, second))
        }
    }
#endif
