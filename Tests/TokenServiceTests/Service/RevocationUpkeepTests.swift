import HTTPServer
import InviteStore
import Platform
import StrictJSON
import Synchronization
import TestSupport
import Testing

@testable import TokenService

@Suite("Revoking all, and catching up")
struct RevocationUpkeepTests {
    private static func workspace(_ service: ServiceHarness) -> String {
        #"{"workspace_id":"\#(TypeID.text(.workspace, service.setup.workspace))"}"#
    }

    @Test("A whole workspace ends in one cut-off, and what is minted in the same second afterwards lives")
    func wholeWorkspace() async throws {
        let service = try await ServiceHarness()
        let before = [try await service.openSession(), try await service.openSession()]
        let unused = try #require(await service.mint(campaign: "other", email: "o@b.example")["invite_token"])
        let preview = await service.admin(.post, "/v1/revocations?preview=true", body: Self.workspace(service))
        #expect(preview.json?["invites"]?.integer == 1, "\(preview.text)")
        #expect(preview.json?["sessions"]?.integer == 2)
        let answer = await service.admin(.post, "/v1/revocations", body: Self.workspace(service))
        #expect(answer.status == 201, "\(answer.text)")
        #expect(answer["target_type"] == "workspace")
        #expect(answer["target"] == TypeID.text(.workspace, service.setup.workspace))
        for session in before {
            #expect(await service.send(.get, "/v1/widget/session", token: session.participant).code == "token_revoked")
        }
        #expect(await service.redeem(unused).code == "invite_revoked")
        let after = try await service.openSession()
        #expect(await service.send(.get, "/v1/widget/session", token: after.participant).status == 200)
        #expect(try await service.store.lastCutOffNumber() == 1)
        let event = try #require(try await service.events().first { $0.type == "revocation.created" })
        #expect(String(decoding: event.detail, as: UTF8.self).contains("ws_"))
    }

    @Test("Another workspace is not there, and no second target may stand beside it")
    func onlyOwn() async throws {
        let service = try await ServiceHarness()
        let other = try await ServiceHarness(seed: 9)
        #expect(await service.admin(.post, "/v1/revocations", body: Self.workspace(other)).status == 404)
        #expect(await service.admin(.post, "/v1/revocations", body: #"{"workspace_id":"all"}"#).status == 404)
        let id = TypeID.text(.workspace, service.setup.workspace)
        let two = #"{"workspace_id":"\#(id)","campaign_id":"c"}"#
        #expect(await service.admin(.post, "/v1/revocations", body: two).status == 400)
        #expect(try await service.store.lastCutOffNumber() == 0)
    }

    @Test(
        "A workspace's cut-off spares what a clock that runs behind mints afterwards, and nothing before it",
        arguments: [0, 1, 4_999] as [Int64]
    )
    func skewed(backMilliseconds: Int64) async throws {
        let service = try await ServiceHarness()
        let now = service.time.now()
        let before = try await service.openSession()
        #expect(await service.admin(.post, "/v1/revocations", body: Self.workspace(service)).status == 201)
        service.time.setWall(UnixTime(milliseconds: now.milliseconds - backMilliseconds))
        let after = try await service.openSession()
        #expect(await service.send(.get, "/v1/widget/session", token: after.participant).status == 200)
        #expect(await service.send(.get, "/v1/widget/session", token: before.participant).code == "token_revoked")
    }

    @Test("A family of any size ends with the same calls to the store, and one row", arguments: [1, 400, 4_000])
    func constantWork(size: Int) async throws {
        let service = try await ServiceHarness()
        let made = await service.makeKey(scopes: ["invites:write"])
        let id = try #require(made["id"])
        let item = #"{"campaign_id":"c","participant_email":"a@b.example"}"#
        var token: String?
        for start in stride(from: 0, to: size, by: 1_000) {
            let items = Array(repeating: item, count: min(1_000, size - start)).joined(separator: ",")
            let body = #"{"invites":[\#(items)]}"#
            let answer = await service.send(.post, "/v1/invites/batch", body: body, key: made["secret"])
            token = answer.json?["results"]?.elements.first?["invite"]?["invite_token"]?.string
        }
        // The admin key is in the cache by now, so that only the revocation itself is counted.
        service.faults.arm(nil)
        let answer = await service.admin(.post, "/v1/revocations", body: #"{"api_key_id":"\#(id)"}"#)
        #expect(answer.status == 201)
        #expect(service.faults.calls == ["apiKey", "createCutOff"])
        #expect(try await service.store.cutOffs(after: 0, now: service.time.now(), limit: 9).count == 1)
        #expect(service.services.revocations.counts == (1, 0))
        #expect(await service.redeem(try #require(token)).code == "invite_revoked")
    }

    @Test("A cut-off is kept until the last token that it can hit is over, and then no longer")
    func forgotten() async throws {
        let service = try await ServiceHarness()
        #expect(await service.admin(.post, "/v1/revocations", body: Self.workspace(service)).status == 201)
        let upkeep = Upkeep(services: service.services)
        service.time.advance(seconds: Int(service.services.policies.longestDescentSeconds) - 1)
        await upkeep.round()
        #expect(service.services.revocations.counts == (1, 0))
        #expect(try await service.store.cutOffs(after: 0, now: service.time.now(), limit: 9).count == 1)
        service.time.advance(seconds: 1)
        await upkeep.round()
        #expect(service.services.revocations.counts == (0, 0))
        #expect(try await service.store.cutOffs(after: 0, now: UnixTime(seconds: 0), limit: 9).isEmpty)
        #expect(service.services.revocations.lastNumber == 1)
    }

    @Test("S44: a request that began before its key was revoked gets 401, and all later ones do")
    func inFlight() async throws {
        for (path, call) in [("/v1/invites", "createInvites"), ("/v1/participant-tokens", "createSession")] {
            let service = try await ServiceHarness()
            let made = await service.makeKey(scopes: ["invites:write", "tokens:write"])
            let id = try #require(made["id"])
            let body = #"{"campaign_id":"c","participant_email":"a@b.example"}"#
            service.faults.before(call) { _ = await service.admin(.delete, "/v1/api-keys/" + id) }
            for _ in 0..<2 {
                let answer = await service.send(.post, path, body: body, key: made["secret"])
                #expect(answer.status == 401, "\(answer.text)")
            }
        }
    }

    // MARK: Catching up

    @Test("The wait between tries doubles from 100 ms to 5 s")
    func delays() {
        var delay = RetryDelay()
        #expect((0..<9).map { _ in delay.next() } == [100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000, 5_000])
    }

    @Test("Revocations that may be missing are asked for again and again until the store tells, quickly at first")
    func catchesUp() async throws {
        let service = try await ServiceHarness()
        let view = service.services.revocations
        let waits = Mutex<[Int]>([])
        service.faults.arm(name: "cutOffs")
        view.markStale()
        await service.services.catchUp { milliseconds in
            let count = waits.withLock { waits in
                waits.append(milliseconds)
                return waits.count
            }
            if count == 4 { service.faults.arm(nil) }
        }
        #expect(waits.withLock { $0 } == [100, 200, 400, 800])
        #expect(!view.isStale)
    }

    @Test("The upkeep hears at once that the view is stale", .timeLimit(.minutes(1)))
    func hears() async throws {
        let service = try await ServiceHarness()
        let view = service.services.revocations
        let watch = Task { await service.services.keepCaughtUp { _ in await Task.yield() } }
        for _ in 0..<3 {
            view.markStale()
            while view.isStale { await Task.yield() }
        }
        watch.cancel()
        await watch.value
    }

    @Test("However many revocations there are, a start reads them in parts; more than fit are no start")
    func parts() async throws {
        let service = try await ServiceHarness()
        for _ in 0..<7 {
            let session = try await service.openSession()
            #expect(await service.send(.delete, "/v1/widget/session", token: session.participant).status == 204)
            let body = #"{"session_id":"\#(try await service.openSession().sessionID)"}"#
            #expect(await service.admin(.post, "/v1/revocations", body: body).status == 201)
        }
        let now = service.time.now()
        service.faults.arm(nil)
        let view = RevocationView()
        try await view.fill(from: service.faults, now: now, rowsPerRead: 2)
        #expect(view.counts.cutOffs == 7)
        #expect(view.counts.endedSessions == 7)
        #expect(view.lastNumber == 7)
        let reads = service.faults.calls
        #expect(reads.count { $0 == "endedSessions" } == 5)
        #expect(reads.count { $0 == "cutOffs" } == 5)
        for room in 1...6 {
            await #expect(throws: StoreError.overloaded) {
                try await RevocationView(entriesMax: room).fill(from: service.store, now: now, rowsPerRead: 2)
            }
        }
        let roomy = RevocationView(entriesMax: 7)
        try await roomy.fill(from: service.store, now: now, rowsPerRead: 2)
        #expect(roomy.counts.endedSessions == 7)
    }

    @Test("What became doubtful while the store was read stays doubtful")
    func marks() async throws {
        let service = try await ServiceHarness()
        let view = service.services.revocations
        view.markStale()
        service.faults.before("endedSessions") { view.markStale() }
        await service.services.catchUpIfStale(now: service.time.now())
        #expect(view.isStale)
        await service.services.catchUpIfStale(now: service.time.now())
        #expect(!view.isStale)
    }

    @Test(
        "While a commit may still be open the view stays stale; a store that writes nothing has none open",
        arguments: [
            (StoreError.deadlineExceeded, true), (.overloaded, true), (.unknownOutcome("slow"), true),
            (.unavailable("gone"), false), (.clockBehind, false),
        ]
    )
    func openCommits(error: StoreError, isStale: Bool) async throws {
        let service = try await ServiceHarness()
        let view = service.services.revocations
        service.faults.arm(name: "appendAudit", error: error)
        view.markStale()
        await service.services.catchUpIfStale(now: service.time.now())
        #expect(view.isStale == isStale)
    }
}
