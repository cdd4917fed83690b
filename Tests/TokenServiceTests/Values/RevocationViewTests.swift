import InviteStore
import Platform
import Testing

@testable import TokenService

@Suite("The revocation view")
struct RevocationViewTests {
    static let now = UnixTime(seconds: 1_800_000_000)
    static let tenant = Tenant(workspace: id(1), environment: .live)
    static let participant = KeyedDigest16(high: 5, low: 6)

    static func id(_ number: UInt64) -> RecordID { RecordID(high: number, low: number) }

    static func cutOff(
        _ number: Int64,
        _ target: CutOffTarget,
        tenant: Tenant = tenant,
        forgetAt: UnixTime = now.adding(seconds: 100)
    ) -> CutOffRecord {
        CutOffRecord(
            number: number,
            id: id(UInt64(number)),
            tenant: tenant,
            target: target,
            createdAt: now,
            forgetAt: forgetAt
        )
    }

    static func claims(
        rev: Int64,
        token: UInt64 = 10,
        session: UInt64 = 11,
        invite: UInt64? = 12,
        expiresAt: UnixTime = now.adding(seconds: 900)
    ) -> ParticipantClaims {
        ParticipantClaims(
            token: id(token),
            tenant: tenant,
            session: id(session),
            campaign: "camp",
            participant: participant,
            issuedAt: now,
            expiresAt: expiresAt,
            rev: rev,
            seal: TokenSealContent(
                email: "a@b",
                renewUntil: now.adding(seconds: 14_400),
                invite: invite.map(id),
                apiKey: id(13)
            )
        )
    }

    static func invite(rev: Int64) -> InviteClaims {
        InviteClaims(
            invite: id(12),
            tenant: tenant,
            campaign: "camp",
            participant: participant,
            issuedAt: now,
            expiresAt: now.adding(seconds: 900),
            rev: rev
        )
    }

    static let covering: [CutOffTarget] = [
        .token(id(10)), .invite(id(12)), .session(id(11)), .participant(participant), .campaign("camp"),
        .apiKey(id(13)), .workspace,
    ]

    @Test("A cut-off kills a participant token with a lower number, and no other", arguments: covering)
    func participantToken(target: CutOffTarget) {
        let view = RevocationView()
        view.insert([Self.cutOff(5, target)])
        #expect(view.refusal(of: Self.claims(rev: 4)) == .revoked)
        #expect(view.refusal(of: Self.claims(rev: 5)) == nil)
        #expect(view.refusal(of: Self.claims(rev: 6)) == nil)
    }

    @Test(
        "A cut-off on something else kills nothing",
        arguments: [
            CutOffTarget.token(id(99)), .invite(id(10)), .session(id(12)), .campaign("Camp"), .apiKey(id(10)),
            .participant(KeyedDigest16(high: 6, low: 5)),
        ]
    )
    func others(target: CutOffTarget) {
        let view = RevocationView()
        view.insert([Self.cutOff(5, target)])
        #expect(view.refusal(of: Self.claims(rev: 0)) == nil)
        #expect(!view.isCut(Self.invite(rev: 0), apiKey: Self.id(13)))
    }

    @Test("A cut-off holds in its own workspace and environment alone", arguments: covering)
    func tenants(target: CutOffTarget) {
        let view = RevocationView()
        let test = Tenant(workspace: Self.tenant.workspace, environment: .test)
        let other = Tenant(workspace: Self.id(2), environment: .live)
        view.insert([Self.cutOff(5, target, tenant: test), Self.cutOff(6, target, tenant: other)])
        #expect(view.refusal(of: Self.claims(rev: 0)) == nil)
    }

    @Test("An invite token falls to what covers it", arguments: covering)
    func inviteToken(target: CutOffTarget) {
        let view = RevocationView()
        view.insert([Self.cutOff(5, target)])
        let covers = ![CutOffTarget.token(Self.id(10)), .session(Self.id(11))].contains(target)
        #expect(view.isCut(Self.invite(rev: 4), apiKey: Self.id(13)) == covers)
        #expect(!view.isCut(Self.invite(rev: 5), apiKey: Self.id(13)))
    }

    @Test("Numbers decide whatever order they come in")
    func order() {
        let view = RevocationView()
        view.insert([Self.cutOff(9, .campaign("camp")), Self.cutOff(3, .campaign("camp"))])
        view.insert([Self.cutOff(2, .campaign("camp"))])
        #expect(view.lastNumber == 9)
        #expect(view.refusal(of: Self.claims(rev: 8)) == .revoked)
        #expect(view.refusal(of: Self.claims(rev: 9)) == nil)
    }

    @Test("A session without an invite is not hit by a cut-off on invites")
    func noInvite() {
        let view = RevocationView()
        view.insert([Self.cutOff(5, .invite(Self.id(12)))])
        #expect(view.refusal(of: Self.claims(rev: 0, invite: nil)) == nil)
    }

    @Test("An ended session says so, and outranks a cut-off")
    func ended() {
        let view = RevocationView()
        view.insert([Self.cutOff(5, .workspace)])
        view.insert([EndedSession(session: Self.id(11), forgetAt: Self.now.adding(seconds: 10))])
        #expect(view.refusal(of: Self.claims(rev: 0)) == .sessionEnded)
        #expect(view.refusal(of: Self.claims(rev: 5)) == .sessionEnded)
        #expect(view.refusal(of: Self.claims(rev: 5, session: 77)) == nil)
    }

    @Test("An entry is kept to the second in which it can hit nothing more, and its number for ever")
    func forgetting() {
        let view = RevocationView()
        view.insert([Self.cutOff(5, .campaign("camp"), forgetAt: Self.now.adding(seconds: 10))])
        view.insert([EndedSession(session: Self.id(11), forgetAt: Self.now.adding(seconds: 10))])
        view.forget(before: Self.now.adding(seconds: 9))
        #expect(view.counts == (1, 1))
        view.forget(before: Self.now.adding(seconds: 10))
        #expect(view.counts == (0, 0))
        #expect(view.lastNumber == 5)
        #expect(view.refusal(of: Self.claims(rev: 0)) == nil)
    }

    @Test("The longer memory wins where one target is cut twice")
    func longerMemory() {
        let view = RevocationView()
        view.insert([Self.cutOff(5, .workspace, forgetAt: Self.now.adding(seconds: 100))])
        view.insert([Self.cutOff(6, .workspace, forgetAt: Self.now.adding(seconds: 50))])
        view.forget(before: Self.now.adding(seconds: 60))
        #expect(view.refusal(of: Self.claims(rev: 4)) == .revoked)
    }

    @Test("The last number only ever rises")
    func lastNumber() {
        let view = RevocationView()
        #expect(view.lastNumber == 0)
        view.advance(toNumber: 7)
        view.advance(toNumber: 3)
        view.insert([Self.cutOff(5, .workspace)])
        #expect(view.lastNumber == 7)
    }

    // MARK: Shares

    /// A view with room for 3,200: 3,000 for all, and up to 3,150 two for each.
    static func small() -> RevocationView { RevocationView(entriesMax: 3_200) }

    static func other(_ number: UInt64) -> Tenant { Tenant(workspace: id(number), environment: .live) }

    /// Cuts off as many campaigns of a tenant as are allowed; how many that were.
    static func cutOffAll(_ view: RevocationView, _ tenant: Tenant, max: Int = .max) -> Int {
        var count = 0
        while count < max, view.hasRoom(for: .campaign("c\(count)"), of: tenant) {
            #expect(view.insert([cutOff(view.lastNumber + 1, .campaign("c\(count)"), tenant: tenant)]))
            count += 1
        }
        return count
    }

    @Test("One tenant gets two thirds of the room, each next one two thirds of the rest, and all have a reserve")
    func shares() {
        let view = Self.small()
        #expect(Self.cutOffAll(view, Self.tenant) == 2_000)
        #expect(Self.cutOffAll(view, Self.other(2)) == 667)
        #expect(Self.cutOffAll(view, Self.other(3)) == 222)
        // However many take what they can get, the reserve is for those who have little.
        for number in UInt64(4)..<79 { #expect(Self.cutOffAll(view, Self.other(number)) >= 2) }
        #expect(!view.hasRoom(for: .campaign("more"), of: Self.tenant))
    }

    @Test("What is cut off already, and a workspace as a whole, need no share")
    func needsNoShare() {
        let view = Self.small()
        _ = Self.cutOffAll(view, Self.tenant)
        #expect(!view.hasRoom(for: .campaign("more"), of: Self.tenant))
        #expect(view.hasRoom(for: .campaign("c0"), of: Self.tenant))
        #expect(view.hasRoom(for: .workspace, of: Self.tenant))
        #expect(view.hasRoom(for: .campaign("more"), of: Self.other(2)))
    }

    @Test("A share is free again when what filled it is forgotten, and not for a target that is cut off twice")
    func sharesComeBack() {
        let view = Self.small()
        #expect(Self.cutOffAll(view, Self.tenant) == 2_000)
        // Again, which holds no more.
        view.insert([Self.cutOff(5_000, .campaign("c0"))])
        view.forget(before: Self.now.adding(seconds: 100))
        #expect(view.counts.cutOffs == 0)
        #expect(Self.cutOffAll(view, Self.tenant) == 2_000)
    }

    @Test("One tenant's ended sessions leave room for the others'; what other processes tell of counts for nobody")
    func sharesOfEnds() {
        let view = Self.small()
        let until = Self.now.adding(seconds: 10)
        var next: UInt64 = 1
        func endAll(_ tenant: Tenant) -> Int {
            let first = next
            while view.hasRoom(forEndOf: Self.id(next), of: tenant) {
                #expect(view.insert([EndedSession(session: Self.id(next), forgetAt: until)], of: tenant))
                next += 1
            }
            return Int(next - first)
        }
        view.insert((900_000..<901_500).map { EndedSession(session: Self.id($0), forgetAt: until) })
        #expect(endAll(Self.tenant) == 1_000)
        #expect(view.hasRoom(forEndOf: Self.id(1), of: Self.tenant), "it has ended before")
        #expect(endAll(Self.other(2)) == 334)
        view.forget(before: until)
        #expect(endAll(Self.tenant) == 2_000)
    }

    @Test("What finds no room is told, and what was there already is taken in whatever is free")
    func noRoom() {
        let view = RevocationView(entriesMax: 2)
        #expect(view.insert([Self.cutOff(1, .campaign("a")), Self.cutOff(2, .campaign("b"))]))
        #expect(!view.insert([Self.cutOff(3, .campaign("camp")), Self.cutOff(4, .campaign("a"))]))
        #expect(view.insert([Self.cutOff(5, .campaign("b"))]))
        #expect(view.counts.cutOffs == 2)
        let ends = (1...3).map { EndedSession(session: Self.id($0), forgetAt: Self.now.adding(seconds: 10)) }
        #expect(view.insert(Array(ends[..<2])))
        #expect(!view.insert(ends))
        #expect(view.counts.endedSessions == 2)
    }
}
