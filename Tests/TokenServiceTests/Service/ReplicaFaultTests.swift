#if Postgres
    import HTTPServer
    import InviteStore
    import Platform
    import Telemetry
    import Testing
    import TestSupport

    @testable import TokenService

    @Suite("Replicas, when something between them and PostgreSQL fails", .serialized)
    struct ReplicaFaultTests {
        /// Waits that a test can afford, and no shorter than a loaded machine needs.
        private static let quick: @Sendable (inout PostgresStoreOptions) -> Void = {
            $0.cutOffAfterMilliseconds = 800
            $0.lookMilliseconds = 100
            $0.readDeadlineMilliseconds = 700
            $0.writeDeadlineMilliseconds = 1_000
            $0.connectDeadlineMilliseconds = 700
            $0.reconnectPauseMilliseconds = 200
        }

        private static func expectUnavailable(_ answer: Answer, _ place: SourceLocation = #_sourceLocation) {
            #expect(answer.status == 503 && answer.code == "unavailable", "\(answer.text)", sourceLocation: place)
            let wait = answer.response.field("Retry-After").flatMap { Int($0) } ?? 0
            #expect(wait > 0, sourceLocation: place)
        }

        @Test("One that is cut off refuses, others serve on; healed it knows what it missed, and nothing comes back")
        func isCutOff() async throws {
            let cluster = try PostgresCluster.shared.get()
            let proxy = try cluster.makeProxy()
            defer { proxy.end() }
            let schema = try cluster.makeSchema()
            let addresses = [cluster.address(schema: schema), proxy.address(schema: schema)]
            let services = try await Replicas.at(addresses, Self.quick)
            let (there, cut) = (services[0], services[1])
            let (dead, alive) = (try await there.openSession(), try await there.openSession())
            let used = try #require(await there.mint()["invite_token"])
            func validate(_ service: ServiceHarness, _ session: OpenedSession) async -> Answer {
                await service.send(.get, "/v1/widget/session", token: session.participant)
            }
            for session in [dead, alive] { #expect(await validate(cut, session).status == 200) }
            proxy.cut()
            #expect(await Replicas.comes { cut.services.revocations.isCutOff })
            Self.expectUnavailable(await validate(cut, alive))
            Self.expectUnavailable(await cut.mint())
            Self.expectUnavailable(await cut.redeem(used))
            Self.expectUnavailable(await cut.send(.get, "/readyz"))
            // The other one does not notice.
            let body = #"{"session_id":"\#(dead.sessionID)"}"#
            #expect(await there.admin(.post, "/v1/revocations", body: body).status == 201)
            #expect(await there.redeem(used).status == 201)
            #expect(await validate(there, alive).status == 200)
            proxy.heal()
            #expect(await Replicas.comes { !cut.services.revocations.isCutOff })
            #expect(await Replicas.comes { await cut.store.isReady() })
            #expect(await validate(cut, alive).status == 200)
            #expect(await validate(cut, dead).status == 410)
            #expect(await Replicas.comes(201) { await cut.mint() })
            #expect(await cut.redeem(used).code == "invite_used")
            #expect(await cut.send(.get, "/readyz").status == 200)
            await Replicas.end(services)
        }

        @Test("A data base that is too slow means 503 with Retry-After at the deadline, until it is fast again")
        func isSlow() async throws {
            let cluster = try PostgresCluster.shared.get()
            let schema = try cluster.makeSchema()
            let service = try await Replicas.at([cluster.address(schema: schema)], Self.quick)[0]
            let invite = try #require(await service.mint()["invite_token"])
            #expect(await service.admin(.get, "/v1/invites").status == 200)
            let lock = try cluster.lock("invites, audit_events", schema: schema)
            let begun = ContinuousClock.now
            async let minted = service.mint()
            async let redeemed = service.redeem(invite)
            async let listed = service.admin(.get, "/v1/invites")
            for answer in await [minted, redeemed, listed] { Self.expectUnavailable(answer) }
            #expect(ContinuousClock.now - begun < .seconds(10))
            // What needs no data base goes on.
            #expect(await service.send(.get, "/.well-known/jwks.json").status == 200)
            lock.end()
            #expect(await Replicas.comes(201) { await service.mint() })
            // What was under way at the deadline may have been done after it, as its 503 said; then, too, only once.
            let again = await service.redeem(invite)
            #expect(again.status == 201 || again.code == "invite_used", "\(again.text)")
            #expect(await service.redeem(invite).code == "invite_used")
            #expect(try cluster.number("SELECT max(uses) FROM invites", schema: schema) == 1)
            #expect(try cluster.number("SELECT count(*) FROM sessions", schema: schema) == 1)
            await service.store.close()
        }

        @Test("A disk that is full means 503 to writes and from readyz until there is room; validation goes on")
        func isFull() async throws {
            let cluster = try PostgresCluster.shared.get()
            let schema = try cluster.makeSchema()
            let service = try await Replicas.at([cluster.address(schema: schema)])[0]
            let session = try await service.openSession()
            let invite = try #require(await service.mint()["invite_token"])
            #expect(await service.send(.get, "/readyz").status == 200)
            try cluster.refuse("53100", schema: schema)
            Self.expectUnavailable(await service.mint())
            Self.expectUnavailable(await service.send(.get, "/readyz"))
            Self.expectUnavailable(await service.redeem(invite))
            Self.expectUnavailable(await service.send(.post, "/v1/widget/session/renew", token: session.participant))
            #expect(await service.send(.get, "/v1/widget/session", token: session.participant).status == 200)
            // That it is tried again changes nothing as long as there is no room.
            let tries = try cluster.refusals(schema: schema)
            #expect(await Replicas.comes { (try? cluster.refusals(schema: schema)) ?? 0 >= tries + 2 })
            Self.expectUnavailable(await service.send(.get, "/readyz"))
            try cluster.accept(schema: schema)
            #expect(await Replicas.comes(200) { await service.send(.get, "/readyz") })
            #expect(await service.redeem(invite).status == 201)
            #expect(await service.mint().status == 201)
            await service.store.close()
        }

        @Test("With every connection busy and the line full it turns away at once, and serves on when they are free")
        func isExhausted() async throws {
            let cluster = try PostgresCluster.shared.get()
            let schema = try cluster.makeSchema()
            let service = try await Replicas.at([cluster.address(schema: schema)]) {
                $0.waitingReadsMax = 4
                $0.waitingWritesMax = 4
            }[0]
            #expect(await service.admin(.get, "/v1/invites").status == 200)
            #expect(await service.mint().status == 201)
            let lock = try cluster.lock("invites", schema: schema)
            let begun = ContinuousClock.now
            let answers = await withTaskGroup(of: (Answer, Duration).self) { group in
                for number in 0..<40 {
                    group.addTask {
                        let answer =
                            number % 2 == 0 ? await service.mint() : await service.admin(.get, "/v1/invites")
                        return (answer, ContinuousClock.now - begun)
                    }
                }
                return await group.reduce(into: []) { $0.append($1) }
            }
            for (answer, _) in answers { Self.expectUnavailable(answer) }
            // One at work and four in line, of each kind; the others need not wait.
            #expect(answers.count { $0.1 < .milliseconds(1_500) } >= 20)
            lock.end()
            #expect(await Replicas.comes(201) { await service.mint() })
            #expect(await Replicas.comes(200) { await service.admin(.get, "/v1/invites") })
            await service.store.close()
        }

        @Test("A clock that is a minute off judges nothing: 503 to all, and readyz says that it is the clock")
        func clockIsOff() async throws {
            let cluster = try PostgresCluster.shared.get()
            let clock = ShiftedTimeSource()
            let address = cluster.address(schema: try cluster.makeSchema())
            let service = try await Replicas.at([address], time: clock, Self.quick)[0]
            let session = try await service.openSession()
            let invite = try #require(await service.mint()["invite_token"])
            for seconds: Int64 in [60, -60] {
                clock.shift(milliseconds: seconds * 1000)
                #expect(await Replicas.comes { service.store.isClockOff })
                let ready = await service.send(.get, "/readyz")
                Self.expectUnavailable(ready)
                #expect(ready.text.contains("clock"))
                Self.expectUnavailable(await service.mint())
                Self.expectUnavailable(await service.redeem(invite))
                let renewed = await service.send(.post, "/v1/widget/session/renew", token: session.participant)
                Self.expectUnavailable(renewed)
                for path in ["/v1/widget/session", "/v1/forward-auth?campaign_id=camp_456abc"] {
                    Self.expectUnavailable(await service.send(.get, path, token: session.participant))
                }
                Self.expectUnavailable(await service.admin(.get, "/v1/invites"))
                #expect(await service.send(.get, "/.well-known/jwks.json").status == 200)
                #expect(await service.send(.get, "/livez").status == 200)
                let metrics = String(decoding: service.registry.prometheusText(), as: UTF8.self)
                #expect(metrics.contains("tokenservice_replica_clock_offset_seconds \(seconds < 0 ? "-" : "")"))
                clock.shift(milliseconds: 0)
                #expect(await Replicas.comes { await service.store.isReady() })
                #expect(await service.send(.get, "/readyz").status == 200)
            }
            #expect(await service.redeem(invite).status == 201)
            #expect(await service.send(.get, "/v1/widget/session", token: session.participant).status == 200)
            await service.store.close()
        }
    }
#endif
