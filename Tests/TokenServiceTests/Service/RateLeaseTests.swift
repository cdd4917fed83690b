#if Postgres
    import HTTPServer
    import InviteStore
    import Platform
    import Testing
    import TestSupport

    @testable import TokenService

    @Suite("A limit on requests, over three replicas")
    struct RateLeaseTests {
        /// Three services with this plan for the workspace.
        private static func services(_ plan: Plan) async throws -> [ServiceHarness] {
            let services = try await Replicas.make(3)
            for service in services { service.faults.set(plan: plan) }
            return services
        }

        private static func ask(_ service: ServiceHarness) async -> Answer {
            await service.admin(.get, "/v1/invites?limit=1")
        }

        /// The end of the window that an answer was counted in.
        private static func window(_ answer: Answer) -> Int64 {
            answer.response.field("X-RateLimit-Reset").flatMap { Int64($0) } ?? 0
        }

        private static func remaining(_ answer: Answer) -> Int {
            answer.response.field("X-RateLimit-Remaining").flatMap { Int($0) } ?? -1
        }

        private static func leases(_ services: [ServiceHarness]) -> Int {
            services.reduce(0) { sum, service in sum + service.faults.calls.count { $0 == "lease" } }
        }

        @Test("Hammered over a window's edge they admit exactly the limit in each window")
        func exact() async throws {
            let services = try await Self.services(.free)
            services[0].time.advance(seconds: 55)
            let answers = await withTaskGroup(of: [Answer].self) { group in
                for lane in 0..<12 {
                    let service = services[lane % 3]
                    group.addTask {
                        var answers: [Answer] = []
                        for number in 0..<60 {
                            if lane == 0, number == 30 { service.time.advance(seconds: 10) }
                            answers.append(await Self.ask(service))
                        }
                        return answers
                    }
                }
                return await group.reduce(into: []) { $0 += $1 }
            }
            // And what any of them has left.
            var all = answers
            for _ in 0..<20 { for service in services { all.append(await Self.ask(service)) } }
            #expect(Set(all.map(\.status)) == [200, 429])
            let admitted = Dictionary(grouping: all.filter { $0.status == 200 }, by: Self.window).mapValues(\.count)
            let ends = admitted.keys.sorted()
            #expect(ends.count == 2)
            #expect(admitted.values.allSatisfy { $0 <= 100 })
            #expect(ends.last.map { admitted[$0] } == 100)
            #expect(all.allSatisfy { Self.remaining($0) >= 0 && Self.remaining($0) < 100 })
            await Replicas.end(services)
        }

        @Test(
            "Asked unevenly they admit all but what idle ones hold: a twentieth of the limit each",
            arguments: [1, 3, 4, 5, 9]
        )
        func uneven(asked: Int) async throws {
            let services = try await Self.services(.free)
            var admitted = 0
            for service in services[1...] {
                for _ in 0..<asked where await Self.ask(service).status == 200 { admitted += 1 }
            }
            for _ in 0..<110 where await Self.ask(services[0]).status == 200 { admitted += 1 }
            #expect(admitted <= 100 && admitted >= 90, "\(admitted)")
            #expect(await Self.ask(services[0]).status == 429)
            services[0].time.advance(seconds: 60)
            #expect(await Self.ask(services[0]).status == 200)
            await Replicas.end(services)
        }

        @Test("No request costs a statement: a thousand take some thirty leases, refusals none")
        func cheap() async throws {
            let services = try await Self.services(.pro)
            for service in services { service.faults.arm(nil) }
            for _ in 0..<400 { for service in services { _ = await Self.ask(service) } }
            let leases = Self.leases(services)
            #expect(leases >= 25 && leases <= 60, "\(leases)")
            for _ in 0..<50 {
                let answer = await Self.ask(services[1])
                #expect(answer.status == 429 && answer.response.field("Retry-After") == "60")
            }
            #expect(Self.leases(services) == leases)
            await Replicas.end(services)
        }

        @Test("Without the data base it admits what it holds and then answers 503, with Retry-After and no rate")
        func failsClosed() async throws {
            let services = try await Self.services(.pro)
            let service = services[0]
            let first = await Self.ask(service)
            #expect(first.status == 200 && Self.remaining(first) <= 999)
            service.faults.arm(name: "lease")
            var admitted = 0
            while admitted < 100, await Self.ask(service).status == 200 { admitted += 1 }
            #expect(admitted < 50)
            let refused = await Self.ask(service)
            #expect(refused.status == 503 && refused.code == "unavailable")
            #expect(refused.response.field("Retry-After") != nil)
            #expect(refused.response.field("RateLimit") == nil)
            service.faults.arm(nil)
            #expect(await Self.ask(service).status == 200)
            await Replicas.end(services)
        }

        @Test("A plan that is raised counts at once, also where the window was full")
        func raised() async throws {
            let services = try await Self.services(.free)
            for _ in 0..<120 { _ = await Self.ask(services[0]) }
            #expect(await Self.ask(services[0]).status == 429)
            for service in services {
                service.faults.set(plan: .pro)
                service.services.workspaces.invalidateAll()
            }
            #expect(await Self.ask(services[0]).status == 200)
            #expect(await Self.ask(services[1]).status == 200)
            await Replicas.end(services)
        }
    }
#endif
