import HTTPServer
import InviteStore
import Platform
import StrictJSON
import Telemetry
import TestSupport
import Testing

@testable import TokenService

/// What the service makes of a clock that jumps, drifts and goes back.
@Suite("A clock that can not be trusted")
struct ClockTests {
    private static let decade: Int64 = 10 * 365 * 86_400 * 1000

    @Test(
        "The service's time never goes back, and more than five seconds behind is not believed",
        arguments: readings
    )
    func reads(stored: Int64, shown: [Int64], told: Int64, isBehind: Bool) {
        let time = ManualTimeSource()
        let clock = ServiceClock(time, stored: UnixTime(milliseconds: stored))
        for milliseconds in shown {
            time.setWall(UnixTime(milliseconds: milliseconds))
            _ = clock.now()
        }
        #expect(clock.now() == UnixTime(milliseconds: told))
        #expect(clock.isBehind == isBehind)
    }

    /// What is stored, what the clock shows one after the other; what is told of the last.
    static let readings: [(Int64, [Int64], Int64, Bool)] = [
        (1_000_000, [1_000_000], 1_000_000, false),
        (1_000_000, [2_000_000], 2_000_000, false),
        (1_000_000, [995_000], 1_000_000, false), (1_000_000, [994_999], 1_000_000, true),
        (1_000_000, [2_000_000, 1_995_000], 2_000_000, false), (1_000_000, [2_000_000, 1_994_999], 2_000_000, true),
        (1_000_000, [2_000_000, 1_000_000, 1_999_999], 2_000_000, false),
        (1_000_000, [2_000_000, 1_000_000, 2_000_001], 2_000_001, false),
        (1_000_000, [decade, 1_500_000], decade, true), (1_000_000, [-decade], 1_000_000, true),
        (.min, [-decade], -decade, false), (.max, [.min], .max, true), (.min, [.min], .min, false),
    ]

    @Test("Where another clock says that this one is right, what it showed before counts no more")
    func confirms() {
        let time = ManualTimeSource()
        let clock = ServiceClock(time, stored: UnixTime(milliseconds: 0))
        let start = clock.now()
        #expect(clock.confirm() == nil)
        time.setWall(start.adding(seconds: 60))
        #expect(clock.now() == start.adding(seconds: 60))
        time.setWall(start)
        #expect(clock.isBehind)
        #expect(clock.confirm() == start.adding(seconds: 60))
        #expect(!clock.isBehind && clock.now() == start)
        time.setWall(start.adding(seconds: 5))
        #expect(clock.now() == start.adding(seconds: 5))
        time.setWall(start)
        // As near as a clock that is slewed: the time does not go back for that.
        #expect(clock.confirm() == nil && clock.now() == start.adding(seconds: 5))
    }

    /// Steps of the clock in milliseconds, and whether a token of 15 minutes may be accepted after each.
    static let steps: [[(milliseconds: Int64, isAccepted: Bool)]] = [
        [(899_999, true), (1, false), (-1, false), (-4_999, false), (10_000, false)],
        [(decade, false), (-decade, false), (decade, false)],
        [(-decade, false), (decade, true), (899_999, true), (1, false)],
        [(-60_000, false), (55_000, true), (5_000, true), (899_999, true), (1, false), (-900_000, false)],
        [(3_000, true), (-3_000, true), (3_000, true), (-3_000, true), (900_000, false), (-3_000, false)],
        [(600_000, true), (-600_000, false), (599_000, true), (301_000, false)],
    ]

    @Test(
        "However the clock is set, no token is accepted past its exp, and an expired one never lives again",
        arguments: steps
    )
    func validates(steps: [(milliseconds: Int64, isAccepted: Bool)]) async throws {
        let service = try await ServiceHarness()
        let session = try await service.openSession()
        func accepted() async -> Bool {
            await service.send(.get, "/v1/widget/session", token: session.participant).status == 200
        }
        // Three times, so that it is among those whose signature is not checked again.
        for _ in 0..<3 { #expect(await accepted()) }
        for (index, step) in steps.enumerated() {
            service.time.setWall(UnixTime(milliseconds: service.time.now().milliseconds + step.milliseconds))
            #expect(await accepted() == step.isAccepted, "step \(index)")
            let verified = await service.admin(
                .post,
                "/v1/tokens/verify",
                body: #"{"token":"\#(session.participant)"}"#
            )
            #expect((verified.json?["valid"]?.boolean ?? false) == step.isAccepted, "step \(index)")
        }
    }

    @Test("A revocation that was forgotten at a wrong time comes not to be missed when the clock is set right")
    func forgotten() async throws {
        let service = try await ServiceHarness()
        let session = try await service.openSession()
        let now = service.time.now()
        #expect(await service.admin(.delete, "/v1/invites/\(session.inviteID)").status == 204)
        service.time.setWall(UnixTime(milliseconds: now.milliseconds + Self.decade))
        await Upkeep(services: service.services).round()
        #expect(service.services.revocations.counts.cutOffs == 0)
        service.time.setWall(now)
        for service in [service, try await service.restarted()] {
            let answer = await service.send(.get, "/v1/widget/session", token: session.participant)
            #expect(answer.status == 503, "\(answer.text)")
        }
    }

    @Test("While the clock is more than five seconds behind, nothing is issued on any route, and nothing is stored")
    func issuesNothing() async throws {
        let service = try await ServiceHarness()
        let requests = try await IssuingRequests(service)
        let newest = service.time.now()
        service.time.setWall(UnixTime(milliseconds: newest.milliseconds - 5_001))
        let before = try await service.events().count
        service.faults.arm(nil)
        for (name, answer) in await requests.answers() {
            #expect(answer.status == 503 && answer.code == "unavailable", "\(name): \(answer.text)")
            #expect(answer.response.field("Retry-After") == "5", "\(name)")
        }
        #expect(service.faults.calls.isEmpty)
        #expect(try await service.events().count == before)
        service.time.setWall(UnixTime(milliseconds: newest.milliseconds - 5_000))
        #expect(await requests.mint().status == 201)
        #expect(await service.redeem(requests.unused).status == 201)
        #expect(await requests.renew().status == 200)
    }

    @Test("Readiness says that it is the clock, and comes back with it; what needs no clock goes on")
    func readiness() async throws {
        let service = try await ServiceHarness()
        #expect(await service.mint().status == 201)
        let newest = service.time.now()
        func lag() -> String? {
            let text = String(decoding: service.registry.prometheusText(), as: UTF8.self)
            return text.split(separator: "\n").first { $0.hasPrefix("tokenservice_clock_lag_seconds ") }.map(
                String.init
            )
        }
        for back in [Int64(6_000), 3_600_000, Self.decade] {
            service.time.setWall(UnixTime(milliseconds: newest.milliseconds - back))
            let answer = await service.send(.get, "/readyz")
            #expect(answer.status == 503 && answer.text.contains("clock"), "\(answer.text)")
            #expect(answer.response.field("Retry-After") != nil)
            #expect(await service.send(.get, "/livez").status == 200)
            #expect(await service.send(.get, "/.well-known/jwks.json").status == 200)
            #expect(lag()?.hasSuffix(" 0") == false)
            service.time.setWall(newest)
            #expect(await service.send(.get, "/readyz").status == 200)
            #expect(lag()?.hasSuffix(" 0") == true)
            #expect(await service.mint().status == 201)
        }
    }

    @Test("A restart knows what time it was: on either store it issues nothing until the clock has caught up")
    func restarts() async throws {
        let folder = TemporaryFolder()
        for directory in [nil, folder.path] {
            let service = try await ServiceHarness(directory: directory)
            service.time.advance(seconds: 3_600)
            let session = try await service.openSession()
            let newest = service.time.now()
            service.time.setWall(newest.adding(seconds: -7))
            let restarted = try await service.restarted()
            #expect(await restarted.mint().status == 503)
            #expect(await restarted.send(.get, "/v1/widget/session", token: session.participant).status == 503)
            #expect(await restarted.send(.get, "/readyz").text.contains("clock"))
            service.time.advance(seconds: 7)
            #expect(await restarted.mint().status == 201)
            #expect(await restarted.send(.get, "/v1/widget/session", token: session.participant).status == 200)
            #expect(await restarted.send(.get, "/readyz").status == 200)
        }
    }

    /// Routes that change something although the clock is off, with the reason.
    static let unguarded: [String: String] = [:]

    @Test("Every route that can change something needs a clock that is right, or stands in a list with its reason")
    func guardsRoutes() async throws {
        let service = try await ServiceHarness()
        #expect(await service.mint().status == 201)
        service.time.setWall(service.time.now().adding(seconds: -6))
        service.faults.arm(nil)
        var count = 0
        for route in service.application.table.routes where route.method != .get {
            let name = route.method.name + " " + route.template
            guard Self.unguarded[name] == nil else { continue }
            #expect(route.needsClock, "\(name)")
            let path = route.template.split(separator: "/").map { $0.hasPrefix("{") ? "x" : $0 }
            let answer = await service.admin(route.method, "/" + path.joined(separator: "/"), body: "{}")
            #expect(answer.status == 503 && answer.text.contains("clock"), "\(name): \(answer.text)")
            count += 1
        }
        #expect(count > 35)
        #expect(service.faults.calls.isEmpty)
        // Whoever shows a key, a token or a cookie is judged by the time, too; what is open shows none.
        let open: Set<String> = [
            "/.well-known/jwks.json", "/openapi.yaml", "/docs", "/livez", "/readyz",
        ]
        for route in service.application.table.routes where !route.needsClock {
            #expect(open.contains(route.template) || route.template.hasPrefix("/widget/"), "\(route.template)")
        }
    }
}
