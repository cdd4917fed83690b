import HTTPServer
import InviteStore
import Platform
import StrictJSON
import TestSupport
import Testing

@testable import TokenService

@Suite("What counts against an address")
struct AddressTests {
    private static let one = IPAddress(v4: 0xC000_0201)
    private static let two = IPAddress(v4: 0xC000_0202)

    private static func redeem(_ service: ServiceHarness, _ token: String, from address: IPAddress = one) async
        -> Answer
    {
        await service.send(.post, "/v1/widget/sessions", body: #"{"invite_token":"\#(token)"}"#, from: address)
    }

    /// The address may still exchange an invite.
    private static func expectRoom(_ service: ServiceHarness) async throws {
        let minted = await service.mint()
        #expect(await redeem(service, try #require(minted["invite_token"])).status == 201)
    }

    @Test(
        "Retries with an invite whose time is over never lock the address out, however many",
        arguments: ["expired", "used", "revoked"]
    )
    func deadInvites(state: String) async throws {
        let service = try await ServiceHarness(addressLimit: 5)
        let minted = await service.mint(more: #","expires_in":60"#)
        let token = try #require(minted["invite_token"])
        switch state {
        case "expired": service.time.advance(milliseconds: 61_000)
        case "used": #expect(await Self.redeem(service, token, from: Self.two).status == 201)
        default: #expect(await service.admin(.delete, "/v1/invites/\(try #require(minted["id"]))").status == 204)
        }
        for count in 1...20 {
            let answer = await Self.redeem(service, token)
            let code = ["expired": "invite_expired", "used": "invite_used", "revoked": "invite_revoked"][state]
            #expect(answer.code == (count <= 5 ? code : "rate_limited"), "\(count): \(answer.text)")
            if count > 5 { #expect(answer.status == 429 && answer.response.field("Retry-After") != nil) }
        }
        // Others behind the same address go on, and so does the same invite from elsewhere.
        for _ in 0..<5 {
            let fresh = try #require(await service.mint()["invite_token"])
            #expect(await Self.redeem(service, fresh).status == 201)
        }
        #expect(await Self.redeem(service, token, from: Self.two).status != 429)
    }

    @Test("Guesses do lock the address out, for the rest of the minute and for nobody else")
    func guesses() async throws {
        let service = try await ServiceHarness(addressLimit: 5)
        let fresh = try #require(await service.mint()["invite_token"])
        for count in 1...7 {
            let answer = await Self.redeem(service, "eyJ.guess.\(count)")
            #expect(answer.status == (count <= 5 ? 401 : 429), "\(count): \(answer.text)")
        }
        #expect(await Self.redeem(service, fresh).status == 429)
        #expect(await Self.redeem(service, fresh, from: Self.two).status == 201)
        service.time.advance(milliseconds: 60_000)
        try await Self.expectRoom(service)
    }

    @Test("Guessed participant tokens lock out guesses alone: good, expired and ended tokens are answered as ever")
    func participantTokens() async throws {
        let service = try await ServiceHarness(addressLimit: 3)
        let session = try await service.openSession()
        func read(_ token: String, from address: IPAddress = Self.one) async -> Answer {
            await service.send(.get, "/v1/widget/session", token: token, from: address)
        }
        for count in 1...5 {
            let answer = await read("eyJ.guess.\(count)")
            #expect(answer.status == (count <= 3 ? 401 : 429), "\(count): \(answer.text)")
        }
        #expect(await read(session.participant).status == 200)
        #expect(await read("eyJ.guess.0", from: Self.two).status == 401)
        let proxied = "/v1/forward-auth?campaign_id=camp_456abc"
        for _ in 1...9 {
            let answer = await service.send(.get, proxied, token: "eyJ.guess.1", from: Self.one)
            #expect(answer.status == 401, "a proxy asks for all its clients: \(answer.text)")
        }
        service.time.advance(seconds: 1000)
        for _ in 1...9 { #expect(await read(session.participant).code == "token_expired") }
        try await Self.expectRoom(service)
    }

    @Test("Exchanges that open a session count, too")
    func exchanges() async throws {
        let service = try await ServiceHarness(addressLimit: 2)
        var statuses: [Int] = []
        for _ in 0..<3 {
            statuses.append(await Self.redeem(service, try #require(await service.mint()["invite_token"])).status)
        }
        #expect(statuses == [201, 201, 429])
    }

    @Test("Of parallel exchanges from one address exactly the limit opens sessions")
    func parallel() async throws {
        let service = try await ServiceHarness(addressLimit: 20)
        let minted = await service.mint(more: #","max_uses":100"#)
        let token = try #require(minted["invite_token"])
        let opened = await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<60 { group.addTask { await Self.redeem(service, token).status == 201 } }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(opened == 20)
    }

    @Test("A job that goes on with a revoked key locks out itself, and nobody else behind its address")
    func deadKeys() async throws {
        let service = try await ServiceHarness(addressLimit: 3)
        let made = await service.makeKey(scopes: ["invites:read"])
        let key = try #require(made["secret"])
        #expect(await service.admin(.delete, "/v1/api-keys/\(try #require(made["id"]))").status == 204)
        for count in 1...6 {
            let answer = await service.send(.get, "/v1/invites", key: key, from: Self.one)
            #expect(answer.status == (count <= 3 ? 401 : 429), "\(count): \(answer.text)")
        }
        try await Self.expectRoom(service)
        #expect(await service.send(.get, "/v1/invites", from: Self.one).status == 401)
    }

    @Test("Giving a try back makes room for one more, in its own minute only")
    func givingBack() {
        let start = UnixTime(seconds: 1_800_000_000)
        let limiter = AddressLimiter(limit: 1)
        #expect(limiter.hasRoom(Self.one, now: start))
        #expect(limiter.admits(Self.one, now: start))
        #expect(!limiter.hasRoom(Self.one, now: start))
        limiter.giveBack(Self.one, now: start)
        #expect(limiter.hasRoom(Self.one, now: start))
        #expect(limiter.admits(Self.one, now: start))
        let next = start.adding(seconds: 60)
        #expect(limiter.admits(Self.one, now: next))
        limiter.giveBack(Self.one, now: start)
        #expect(!limiter.admits(Self.one, now: next))
        limiter.giveBack(Self.two, now: next)
        #expect(limiter.admits(Self.two, now: next))
        #expect(!limiter.admits(Self.two, now: next))
    }
}
