import OpenSSLKit
import Platform
import StrictJSON
import TestSupport
import Testing

@testable import TokenService

@Suite("Nonces and remembered proofs")
struct ProofNonceTests {
    static let root = Array(repeating: UInt8(7), count: 32)

    private static func nonces(_ root: [UInt8] = root) throws -> ProofNonces {
        try ProofNonces(root: HMACSHA256Key(SecretBytes(root)))
    }

    private static func json(_ text: [UInt8]) throws -> JSONValue {
        try JSONDocument(parsing: Array("\"".utf8) + text + Array("\"".utf8)).root
    }

    @Test("A nonce is good in its slot and the next, in this process and any other with the same keys")
    func lifetime() throws {
        let time = ManualTimeSource(now: UnixTime(seconds: 1_800_000_000))
        let nonces = try Self.nonces()
        let given = try Self.json(nonces.current(now: time.now()))
        let slot = time.now().seconds / ProofNonces.slotSeconds
        #expect(nonces.judge(given, now: time.now()) == .newest(slot: slot))
        #expect(try Self.nonces().judge(given, now: time.now()) == .newest(slot: slot), "a restart takes it")
        time.advance(seconds: Int(ProofNonces.slotSeconds))
        #expect(nonces.judge(given, now: time.now()) == .aging(slot: slot))
        #expect(nonces.current(now: time.now()) != given.stringUTF8)
        time.advance(seconds: Int(ProofNonces.slotSeconds) - 1)
        #expect(nonces.judge(given, now: time.now()) == .aging(slot: slot))
        time.advance(seconds: 1)
        #expect(nonces.judge(given, now: time.now()) == .refused)
    }

    @Test("A replica whose clock is one slot behind takes the nonce, one two slots behind does not")
    func clockSkew() throws {
        let now = UnixTime(seconds: 1_800_000_000)
        let given = try Self.json(try Self.nonces().current(now: now))
        let slot = now.seconds / ProofNonces.slotSeconds
        let behind = now.adding(seconds: -ProofNonces.slotSeconds)
        #expect(try Self.nonces().judge(given, now: behind) == .newest(slot: slot))
        let farBehind = now.adding(seconds: -2 * ProofNonces.slotSeconds)
        #expect(try Self.nonces().judge(given, now: farBehind) == .refused)
    }

    @Test("A clock that ran far ahead leaves nothing behind: nonces of the right time are given and taken again")
    func ranAhead() throws {
        let now = UnixTime(seconds: 1_800_000_000)
        let time = ManualTimeSource(now: now)
        let nonces = try Self.nonces()
        let right = try Self.json(nonces.current(now: time.now()))
        time.setWall(now.adding(seconds: 3_600))
        let wrong = try Self.json(nonces.current(now: time.now()))
        #expect(nonces.judge(right, now: time.now()) == .refused)
        time.setWall(now)
        #expect(nonces.judge(wrong, now: time.now()) == .refused)
        #expect(nonces.current(now: time.now()) == right.stringUTF8)
        #expect(nonces.slot(now: time.now()) == now.seconds / ProofNonces.slotSeconds)
        #expect(nonces.judge(right, now: time.now()) == .newest(slot: now.seconds / ProofNonces.slotSeconds))
    }

    @Test("A request from before the turn, or a clock that is set back a little, brings no old nonce to life")
    func setBack() throws {
        let now = UnixTime(seconds: 1_800_000_000)
        let slot = now.seconds / ProofNonces.slotSeconds
        let nonces = try Self.nonces()
        // One for each slot, from the one before the moment's to the second after the next.
        let given = try (-1...2).map {
            try Self.json(try Self.nonces().current(now: now.adding(seconds: $0 * ProofNonces.slotSeconds)))
        }
        _ = nonces.current(now: now.adding(seconds: ProofNonces.slotSeconds))
        let verdicts = given.map { nonces.judge($0, now: now) }
        #expect(verdicts == [.refused, .aging(slot: slot), .newest(slot: slot + 1), .refused])
        #expect(nonces.slot(now: now) == slot + 1)
    }

    @Test("What is none of ours is refused")
    func foreign() throws {
        let now = UnixTime(seconds: 1_800_000_000)
        let nonces = try Self.nonces()
        let own = nonces.current(now: now)
        #expect(own.count == 22)
        let foreign = try Self.nonces(Array(repeating: 8, count: 32)).current(now: now)
        for text in [foreign, Array("n".utf8), own + [0x41], Array(own.dropLast()), Array(own.reversed())] {
            #expect(nonces.judge(try Self.json(text), now: now) == .refused)
        }
        #expect(nonces.judge(nil, now: now) == .refused)
    }

    // MARK: Remembered proofs

    private static func key(_ number: Int) -> [UInt8] {
        Array(SHA256Digest.digest(Array("\(number)".utf8)).hexadecimal.utf8)
    }

    @Test("A proof is fresh once, for its key and id, in whichever slot it comes again")
    func once() {
        let replays = ProofReplays(entriesMax: 1000, time: ManualTimeSource())
        let (one, two) = (Self.key(1), Self.key(2))
        #expect(replays.admit(key: one, id: [1], slot: 10, current: 10) == .fresh)
        #expect(replays.admit(key: one, id: [1], slot: 10, current: 10) == .replayed)
        #expect(replays.admit(key: one, id: [1], slot: 11, current: 11) == .replayed)
        #expect(replays.admit(key: one, id: [1], slot: 9, current: 10) == .replayed)
        #expect(replays.admit(key: one, id: [2], slot: 10, current: 10) == .fresh)
        #expect(replays.admit(key: two, id: [1], slot: 10, current: 10) == .fresh)
        #expect(replays.count == 3)
    }

    @Test("What is forgotten can not be told any more, and is refused by its slot")
    func slots() {
        let replays = ProofReplays(entriesMax: 1000, time: ManualTimeSource())
        #expect(replays.admit(key: Self.key(1), id: [1], slot: 10, current: 10) == .fresh)
        #expect(replays.admit(key: Self.key(1), id: [2], slot: 11, current: 11) == .fresh)
        #expect(replays.count == 2)
        #expect(replays.admit(key: Self.key(1), id: [1], slot: 10, current: 12) == .tooOld)
        #expect(replays.admit(key: Self.key(1), id: [3], slot: 14, current: 12) == .tooOld)
        #expect(replays.admit(key: Self.key(1), id: [3], slot: 13, current: 12) == .fresh)
        #expect(replays.count == 2, "the bucket of slot 10 is gone")
    }

    @Test("While the clock jumps there and back, proofs stay remembered as long as their nonces may be taken")
    func jumps() {
        let time = ManualTimeSource()
        let replays = ProofReplays(entriesMax: 1000, time: time)
        let key = Self.key(1)
        func admit(_ id: UInt8, slot: Int64, current: Int64) -> ProofReplays.Verdict {
            replays.admit(key: key, id: [id], slot: slot, current: current)
        }
        let slotSeconds = Int(ProofNonces.slotSeconds)
        #expect(admit(1, slot: 10, current: 10) == .fresh)
        #expect(admit(2, slot: 11, current: 10) == .fresh)
        #expect(admit(3, slot: 40, current: 40) == .fresh)
        time.advance(seconds: slotSeconds)
        #expect(admit(4, slot: 41, current: 41) == .fresh)
        // Set right: meanwhile it is one slot later.
        #expect(admit(1, slot: 10, current: 11) == .replayed)
        #expect(admit(2, slot: 11, current: 11) == .replayed)
        #expect(admit(3, slot: 40, current: 11) == .tooOld)
        time.advance(seconds: slotSeconds)
        #expect(admit(1, slot: 10, current: 12) == .tooOld)
        #expect(admit(2, slot: 11, current: 12) == .replayed)
        for slot in Int64(13)...14 {
            time.advance(seconds: slotSeconds)
            #expect(admit(5, slot: slot, current: slot) == (slot == 13 ? .fresh : .replayed))
        }
        #expect(replays.count == 1, "only what can come again is remembered in the end")
    }

    @Test("However seldom proofs come, none is remembered for longer than its nonce lives")
    func seldom() {
        let time = ManualTimeSource()
        let replays = ProofReplays(entriesMax: 1000, time: time)
        for round in Int64(0)..<20 {
            let slot = 10 + 7 * round
            #expect(replays.admit(key: Self.key(1), id: [1], slot: slot, current: slot) == .fresh)
            #expect(replays.count == 1)
            time.advance(seconds: 7 * Int(ProofNonces.slotSeconds))
        }
    }

    @Test("Where there is no room nothing is fresh, and the room comes back with time")
    func full() {
        let replays = ProofReplays(entriesMax: 8 * 10, time: ManualTimeSource())
        let key = Self.key(1)
        for number in UInt8(0)..<10 {
            #expect(replays.admit(key: key, id: [number], slot: 10, current: 10) == .fresh)
        }
        #expect(replays.admit(key: key, id: [10], slot: 10, current: 10) == .full)
        #expect(replays.admit(key: key, id: [10], slot: 11, current: 11) == .full)
        #expect(replays.admit(key: key, id: [3], slot: 10, current: 10) == .replayed, "what is known is still told")
        #expect(replays.count == 10)
        #expect(replays.admit(key: key, id: [10], slot: 12, current: 12) == .fresh)
        #expect(replays.count == 1)
    }

    @Test("A flood of one key's proofs leaves room for most others")
    func parts() {
        let replays = ProofReplays(entriesMax: 8 * 16, time: ManualTimeSource())
        while replays.admit(key: Self.key(1), id: Array("\(replays.count)".utf8), slot: 1, current: 1) == .fresh {}
        #expect(replays.count == 16)
        let served = (2..<66).filter { replays.admit(key: Self.key($0), id: [1], slot: 1, current: 1) == .fresh }.count
        #expect(served > 40)
    }

    @Test("A key's share is counted exactly, for each slot by itself, and what it made before is still told")
    func shareBound() {
        let replays = ProofReplays(entriesMax: 8 * 100, shareMax: 10, time: ManualTimeSource())
        let key = Self.key(1)
        func admit(_ id: UInt8, slot: Int64) -> ProofReplays.Verdict {
            replays.admit(key: key, id: [id], slot: slot, current: 10)
        }
        for id in 0..<10 as Range<UInt8> { #expect(admit(id, slot: 10) == .fresh) }
        #expect(admit(10, slot: 10) == .overShare)
        #expect(admit(9, slot: 10) == .replayed)
        for id in 10..<20 as Range<UInt8> { #expect(admit(id, slot: 11) == .fresh) }
        #expect(admit(20, slot: 11) == .overShare)
        #expect(replays.count == 20)
        #expect(replays.admit(key: key, id: [20], slot: 12, current: 12) == .fresh)
        #expect(replays.admit(key: Self.key(2), id: [20], slot: 10, current: 10) == .fresh)
    }

    @Test("A key that floods has its share and no more, in each slot, and all others of its part go on")
    func share() {
        let replays = ProofReplays(entriesMax: ServiceLimits.proofsRememberedMax, time: ManualTimeSource())
        let (flood, slots) = (Self.key(1), Int64(10)...12)
        for slot in slots {
            var taken = 0
            // 250 a second for as long as a slot lasts, and then no end of them.
            while taken < 300_000,
                replays.admit(key: flood, id: Array("\(slot) \(taken)".utf8), slot: slot, current: 11) == .fresh
            { taken += 1 }
            #expect(taken >= 250 * Int(ProofNonces.slotSeconds))
        }
        let served = (2..<514).filter { replays.admit(key: Self.key($0), id: [1], slot: 11, current: 11) == .fresh }
        #expect(served.count == 512)
    }

    @Test("However many proofs come, no more are remembered than there is room for")
    func bounded() {
        let replays = ProofReplays(entriesMax: 800, time: ManualTimeSource())
        for number in 0..<5000 {
            _ = replays.admit(key: Self.key(number), id: [1], slot: 1, current: 1)
        }
        #expect(replays.count <= 800)
        #expect(replays.count > 600)
    }

    // MARK: Addresses

    @Test("Only what was set is an address of the service, and a listener on loopback")
    func addresses() throws {
        let known = PublicAddresses(["https://Tokens.example.com:443", "https://b.example/prefix/", "nonsense"])
        #expect(Self.texts(known) == ["https://tokens.example.com", "https://b.example/prefix"])
        known.add(listener: try #require(SocketAddress(parsing: "192.0.2.1:8080")), isSecure: false)
        #expect(Self.texts(known).count == 2)
        known.add(listener: try #require(SocketAddress(parsing: "127.0.0.1:8080")), isSecure: false)
        known.add(listener: try #require(SocketAddress(parsing: "[::1]:8080")), isSecure: false)
        #expect(
            Self.texts(known).dropFirst(2) == [
                "http://127.0.0.1:8080", "http://[::1]:8080", "http://localhost:8080",
            ]
        )
    }

    private static func texts(_ addresses: PublicAddresses) -> [String] {
        addresses.bases.map { String(decoding: $0, as: UTF8.self) }
    }
}
