import HTTPServer
import InviteStore
import Platform
import StrictJSON
import TestSupport
import Testing

@testable import TokenService

@Suite("Simulating a policy")
struct PolicySimulationTests {
    /// Policies that are tried on recorded issuance; `KEY` stands for the first key's id.
    static let proposals: [(place: String, policy: String)] = [
        ("workspace", #"{"invite":{"max_seconds":3600}}"#),
        ("workspace", #"{"invite":{"min_seconds":300,"default_seconds":600,"max_seconds":7200},"max_uses_max":2}"#),
        ("workspace", #"{"allowed_origins":["https://a.example"]}"#),
        ("workspace", #"{"allowed_origins":["https://c.example"],"origins_required":true}"#),
        ("workspace", #"{"origins_required":true}"#),
        ("workspace", #"{"bound_tokens_required":true}"#),
        (
            "workspace",
            #"{"participant_token":{"default_seconds":120,"max_seconds":240},"renew_seconds":600,"invite":{"default_seconds":300}}"#
        ),
        ("campaign", #"{"participant_token":{"max_seconds":300},"renew_seconds":900,"max_uses_max":1}"#),
        ("key", #"{"invite":{"default_seconds":600,"max_seconds":1800},"allowed_origins":["https://b.example"]}"#),
        ("workspace", "{}"),
    ]

    /// The place as requests name it, and its path.
    private static func place(_ name: String, key: String) -> (members: String, path: String) {
        switch name {
        case "campaign": (#""layer":"campaign","campaign_id":"summer""#, "/v1/campaigns/summer/policy")
        case "key": (#""layer":"api_key","api_key_id":"\#(key)""#, "/v1/api-keys/\(key)/policy")
        default: (#""layer":"workspace""#, "/v1/policies")
        }
    }

    @Test(
        "U16: what a simulation predicts on a recorded trace is what enforcement then refuses, no more and no less",
        arguments: [UInt64(1), 2]
    )
    func prediction(seed: UInt64) async throws {
        let recorded = try await ServiceHarness(seed: seed)
        let keys = try await IssuanceTrace.keys(recorded)
        let plan = IssuanceTrace(seed: seed, count: 220)
        let world = await plan.run(on: recorded, keys: keys.map(\.secret))
        let trace = plan.successful(in: world)
        #expect(trace.steps.count > 110)
        var refusals = 0
        for proposal in Self.proposals {
            let place = Self.place(proposal.place, key: keys[0].id)
            let predicted = try await predictedLosses(recorded, place.members, proposal.policy, world)
            let enforcing = try await ServiceHarness(seed: seed)
            let others = try await IssuanceTrace.keys(enforcing)
            let target = Self.place(proposal.place, key: others[0].id)
            #expect(await enforcing.admin(.put, target.path, body: proposal.policy).status == 200)
            let actual = await trace.run(on: enforcing, keys: others.map(\.secret))
            #expect(predicted == Set(actual.failures.keys), "\(proposal)")
            refusals += actual.failures.count
        }
        // A table that refuses nothing would prove nothing.
        #expect(refusals > 150)
    }

    /// The steps that the simulation says would have been lost, held against the counts that the route answers.
    private func predictedLosses(
        _ service: ServiceHarness,
        _ place: String,
        _ policy: String,
        _ world: TraceWorld
    ) async throws -> Set<Int> {
        let answer = await service.admin(
            .post,
            "/v1/policies/simulate",
            body: #"{\#(place),"policy":\#(policy)}"#
        )
        #expect(answer.status == 200, "\(answer.text)")
        #expect(answer.json?["complete"]?.boolean == true)
        let document = try PolicyDocument(reading: BodyReader(JSONDocument(parsing: Array(policy.utf8)).root, path: ""))
        let report = try await report(service, place, document)
        for (name, count) in [
            ("refused", report.refused), ("lapsed", report.lapsed), ("follows", report.follows),
            ("issuances", report.issuances),
        ] { #expect(answer.json?[name]?.integer == Int64(count), "\(name)") }
        let steps = Dictionary(uniqueKeysWithValues: world.requests.map { ($0.value, $0.key) })
        let requests = Dictionary(uniqueKeysWithValues: try await service.events().map { ($0.id, $0.requestID) })
        return Set(report.lost.compactMap { requests[$0].flatMap { steps[$0] } })
    }

    /// The same replay as the route's, whose single events can be seen.
    private func report(
        _ service: ServiceHarness,
        _ place: String,
        _ document: PolicyDocument
    ) async throws -> SimulationReport {
        let tenant = Tenant(workspace: service.setup.workspace, environment: service.setup.environment)
        let named = try JSONDocument(parsing: Array("{\(place)}".utf8)).root
        let target: PolicyPlace =
            if let key = named["api_key_id"]?.string {
                .apiKey(tenant, try #require(TypeID.parse(.apiKey, key)))
            } else if let campaign = named["campaign_id"]?.string {
                .campaign(tenant, campaign)
            } else {
                .workspace(tenant)
            }
        let services = service.application.services
        let today = try await services.policies.policies(of: tenant)
        let proposed = today.replacing(target, with: document, defaults: services.policies.defaults)
        let records = SimulationRecords(store: service.store, tenant: tenant)
        var replay = PolicyReplay(policies: proposed, now: service.time.now(), records: records)
        var report = SimulationReport()
        var events: [AuditRecord] = []
        var page = PageRequest(limit: 100)
        while true {
            let found = try await service.store.auditEvents(of: tenant, filter: AuditFilter(), page: page)
            events += found.records
            guard let next = found.next else { break }
            page.before = next
        }
        for event in events.sorted(by: { $0.sequence < $1.sequence }).compactMap(RecordedIssuance.init) {
            let outcome = try await replay.judge(event)
            report.add(event, outcome.verdict, today: .unknown, apiKey: outcome.apiKey)
        }
        return report
    }

    @Test("The counts are told by rule, by key and by campaign, with examples")
    func counts() async throws {
        let service = try await ServiceHarness()
        let other = await service.makeKey(scopes: ["invites:write"])
        let secret = try #require(other["secret"])
        for number in 0..<7 {
            let body = #"{"campaign_id":"spring","participant_email":"p\#(number)@example.com","expires_in":7200}"#
            #expect(await service.send(.post, "/v1/invites", body: body, key: secret).status == 201)
        }
        _ = await service.mint(more: #","expires_in":60,"max_uses":3"#)
        _ = await service.mint()
        let answer = await service.admin(
            .post,
            "/v1/policies/simulate",
            body: #"{"layer":"workspace","policy":{"invite":{"max_seconds":3600},"max_uses_max":2}}"#
        )
        #expect(answer.json?["issuances"]?.integer == 9)
        #expect(answer.json?["refused"]?.integer == 8)
        #expect(answer.json?["refused_already"]?.integer == 0)
        #expect(answer.json?["shortened"]?.integer == 1)
        let rules = answer.json?["by_rule"]?.elements ?? []
        #expect(rules.compactMap { $0["rule"]?.string } == ["invite", "max_uses_max"])
        #expect(rules.compactMap { $0["refused"]?.integer } == [7, 1])
        #expect(rules.first?["examples"]?.count == 5)
        let example = rules.first?["examples"]?.elements.first
        #expect(example?["kind"]?.string == "invite")
        #expect(example?["requested"]?.string == "7200 s")
        #expect(example?["allowed"]?.string == "60 s to 3600 s")
        #expect(example?["api_key_id"]?.string == other["id"])
        #expect(answer.json?["by_api_key"]?.elements.first?["api_key_id"]?.string == other["id"])
        #expect(answer.json?["by_api_key"]?.elements.compactMap { $0["refused"]?.integer } == [7, 1])
        #expect(answer.json?["by_campaign"]?.elements.first?["campaign_id"]?.string == "spring")
        #expect(answer.json?["live"]?["invites_outliving"]?.integer == 8)
    }

    @Test("Nothing is changed by a simulation, and nothing is refused by it")
    func harmless() async throws {
        let service = try await ServiceHarness()
        _ = await service.mint(more: #","expires_in":7200"#)
        let before = try await service.changes().count
        let body = #"{"layer":"workspace","policy":{"invite":{"max_seconds":60}}}"#
        #expect(await service.admin(.post, "/v1/policies/simulate", body: body).json?["refused"]?.integer == 1)
        #expect(try await service.changes().count == before)
        #expect(await service.mint(more: #","expires_in":7200"#).status == 201)
        #expect(await service.admin(.get, "/v1/policies").json?["version"]?.integer == 0)
    }

    @Test("since and until bound what is looked at")
    func window() async throws {
        let service = try await ServiceHarness()
        var times: [String] = []
        for _ in 0..<3 {
            service.time.advance(seconds: 100)
            times.append(RFC3339.text(service.time.now()))
            _ = await service.mint(more: #","expires_in":7200"#)
        }
        service.time.advance(seconds: 100)
        func refused(_ more: String) async -> Int64? {
            let body = #"{"layer":"workspace","policy":{"invite":{"max_seconds":60}}\#(more)}"#
            return await service.admin(.post, "/v1/policies/simulate", body: body).json?["refused"]?.integer
        }
        #expect(await refused("") == 3)
        #expect(await refused(#","since":"\#(times[1])""#) == 2)
        #expect(await refused(#","until":"\#(times[1])""#) == 1)
        #expect(await refused(#","since":"\#(times[1])","until":"\#(times[2])""#) == 1)
    }

    @Test("Live sessions and invites are told that would be cut or shortened, and when")
    func live() async throws {
        let service = try await ServiceHarness()
        let old = try await service.openSession()
        service.time.advance(seconds: 1000)
        let young = try await service.openSession(fields: [("Origin", "https://a.example")])
        let opened = service.time.now()
        let ended = try await service.openSession()
        _ = await service.send(.delete, "/v1/widget/session", token: ended.participant)
        _ = await service.mint(more: #","allowed_origins":["https://b.example"]"#)
        func live(_ policy: String) async -> JSONValue? {
            let body = #"{"layer":"workspace","policy":\#(policy)}"#
            return await service.admin(.post, "/v1/policies/simulate", body: body).json?["live"]
        }
        let cap = await live(#"{"renew_seconds":900}"#)
        #expect(cap?["sessions_cut"]?.integer == 1)
        #expect(cap?["sessions_shortened"]?.integer == 1)
        #expect(cap?["complete"]?.boolean == true)
        let examples = cap?["examples"]?.elements ?? []
        #expect(Set(examples.compactMap { $0["id"]?.string }) == [old.sessionID, young.sessionID])
        let shortened = examples.first { $0["id"]?.string == young.sessionID }
        #expect(shortened?["would_end_at"]?.string == RFC3339.text(opened.adding(seconds: 900)))
        #expect(shortened?["ends_at"]?.string == RFC3339.text(opened.adding(seconds: 14_400)))
        let origins = await live(#"{"allowed_origins":["https://a.example"]}"#)
        #expect(origins?["sessions_cut"]?.integer == 0)
        #expect(origins?["invites_cut"]?.integer == 1)
        #expect(await live(#"{"bound_tokens_required":true}"#)?["sessions_cut"]?.integer == 2)
        #expect(await live("{}")?["sessions_cut"]?.integer == 0)
    }

    @Test(
        "A simulation that can not be done is refused with the field",
        arguments: [
            (#"{}"#, 400, "layer"), (#"{"layer":"workspace"}"#, 400, "policy"),
            (#"{"layer":"workspace","policy":[]}"#, 400, "policy"), (#"{"layer":"moon","policy":{}}"#, 400, "layer"),
            (#"{"layer":"campaign","policy":{}}"#, 400, "layer"), (#"{"layer":"api_key","policy":{}}"#, 400, "layer"),
            (#"{"layer":"workspace","campaign_id":"a","policy":{}}"#, 400, "layer"),
            (#"{"layer":"campaign","campaign_id":"a b","policy":{}}"#, 400, "campaign_id"),
            (#"{"layer":"api_key","api_key_id":"x","policy":{}}"#, 400, "api_key_id"),
            (#"{"layer":"workspace","policy":{"renew_seconds":0}}"#, 400, "renew_seconds"),
            (#"{"layer":"workspace","policy":{"renew_seconds":14401}}"#, 422, "renew_seconds"),
            (#"{"layer":"workspace","policy":{"nonsense":1}}"#, 400, "nonsense"),
            (#"{"layer":"workspace","policy":{},"since":"x"}"#, 400, "since"),
            (
                #"{"layer":"workspace","policy":{},"since":"2026-01-02T00:00:00Z","until":"2026-01-01T00:00:00Z"}"#,
                400, "since"
            ),
            (#"{"layer":"workspace","policy":{},"since":"2001-01-01T00:00:00Z"}"#, 400, "since"),
            (#"{"layer":"workspace","policy":{},"more":1}"#, 400, "more"),
        ]
    )
    func bad(body: String, status: Int, param: String) async throws {
        let answer = try await ServiceHarness().admin(.post, "/v1/policies/simulate", body: body)
        #expect(answer.status == status, "\(answer.text)")
        #expect(answer.param == param)
    }

    @Test("One simulation of a workspace runs at a time; a second one is told to wait, and the next may run")
    func oneAtATime() async throws {
        let service = try await ServiceHarness()
        let body = #"{"layer":"workspace","policy":{}}"#
        service.faults.before("auditEvents") {
            let second = await service.admin(.post, "/v1/policies/simulate", body: body)
            #expect(second.status == 503)
            #expect(second.response.field("Retry-After") == "5")
        }
        #expect(await service.admin(.post, "/v1/policies/simulate", body: body).status == 200)
        service.faults.arm(name: "sessions")
        #expect(await service.admin(.post, "/v1/policies/simulate", body: body).status == 503)
        service.faults.arm(nil)
        #expect(await service.admin(.post, "/v1/policies/simulate", body: body).status == 200)
    }

    @Test("One workspace's simulation keeps no other's from running, and as many run as there is room for")
    func eachWorkspace() async throws {
        let service = try await ServiceHarness()
        let platform = try await service.platformKey()
        var keys: [String] = [service.setup.secret]
        for number in 0..<4 {
            let workspace = try await service.makeWorkspace(platform, slug: "w\(number)")
            keys.append(try await service.makeKey(in: workspace, platform).secret)
        }
        let secrets = keys
        @Sendable func simulate(_ number: Int) async -> Answer {
            let body = #"{"layer":"workspace","policy":{}}"#
            return await service.send(.post, "/v1/policies/simulate", body: body, key: secrets[number])
        }
        // Each begins the next before it reads: four run at once, and the fifth is one too many.
        @Sendable func nest(_ number: Int) {
            service.faults.before("auditEvents") {
                #expect(await simulate(number - 1).status == 503, "its own is running")
                if number < 4 { nest(number + 1) }
                let next = await simulate(number)
                #expect(next.status == (number < 4 ? 200 : 503), "\(number)")
                if next.status == 503 { #expect(next.response.field("Retry-After") == "5") }
            }
        }
        nest(1)
        #expect(await simulate(0).status == 200)
        #expect(await simulate(4).status == 200)
    }

    @Test("What today's policies refuse already is told apart")
    func already() async throws {
        let service = try await ServiceHarness()
        _ = await service.mint(more: #","expires_in":7200"#)
        _ = await service.mint(more: #","expires_in":1800"#)
        _ = await service.put(#"{"invite":{"max_seconds":3600}}"#)
        let body = #"{"layer":"workspace","policy":{"invite":{"max_seconds":600}}}"#
        let answer = await service.admin(.post, "/v1/policies/simulate", body: body)
        #expect(answer.json?["refused"]?.integer == 2)
        #expect(answer.json?["refused_already"]?.integer == 1)
    }
}
