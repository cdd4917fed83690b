import HTTPServer
import InviteStore
import OpenSSLKit
import Platform
import TestSupport
import Testing

@testable import TokenService

@Suite("Tokens that were validated before")
struct ValidatedTokenCacheTests {
    static let now = UnixTime(seconds: 1_800_000_000)

    /// A token-like text: the end differs from token to token, as signatures do.
    private static func text(_ number: Int, bytes: Int = 400) -> [UInt8] {
        let tail = Array(SHA256Digest.digest(Array("\(number)".utf8)).hexadecimal.utf8)
        return Array(repeating: UInt8(ascii: "a"), count: bytes - tail.count) + tail
    }

    private static func entry(_ text: [UInt8], expiresAt: UnixTime = now.adding(seconds: 900)) -> ValidatedToken {
        let claims = RevocationViewTests.claims(rev: 0, expiresAt: expiresAt)
        return ValidatedToken(text: text, claims: claims, answer: [1], tokenHash: [], keyring: 0)
    }

    @Test(
        "Tokens that come round in turn are all remembered, while they take less than a third of the places or half of the bytes",
        arguments: [8 << 20, 7 << 19]
    )
    func inTurn(bytesMax: Int) {
        let cache = ValidatedTokenCache(entriesMax: 4096, bytesMax: bytesMax)
        // What was there before, and is not asked for any more, gives way.
        for number in 10_000..<18_000 { cache.insert(Self.entry(Self.text(number)), now: Self.now) }
        let texts = (0..<1250).map { Self.text($0) }
        for _ in 1...6 {
            for text in texts where cache.find(text[...]) == nil {
                if cache.isKnown(text[...]) { cache.insert(Self.entry(text), now: Self.now) }
            }
        }
        let before = cache.statistics
        for text in texts { _ = cache.find(text[...]) }
        #expect(cache.statistics.misses == before.misses)
        #expect(cache.statistics.hits - before.hits == 1250)
    }

    @Test("Exactly the bytes that were put in are found, and no others that end alike")
    func exact() {
        let cache = ValidatedTokenCache(entriesMax: 1024, bytesMax: 1 << 20)
        let text = Self.text(1)
        let entry = Self.entry(text)
        #expect(cache.find(text[...]) == nil)
        cache.insert(entry, now: Self.now)
        #expect(cache.find(text[...]) === entry)
        #expect(cache.find(([0] + text + [0])[1...text.count]) === entry, "a slice of a longer field")
        for index in stride(from: 0, to: text.count - 8, by: 7) {
            var other = text
            other[index] ^= 1
            #expect(cache.find(other[...]) == nil, "\(index)")
        }
        #expect(cache.find(text.dropFirst()) == nil)
        #expect(cache.find(([UInt8(ascii: "a")] + text)[...]) == nil)
        #expect(cache.find([]) == nil)
        #expect(cache.find(text.suffix(8)) == nil)
    }

    @Test("A token is worth keeping when it is seen for the second time")
    func sights() {
        let cache = ValidatedTokenCache(entriesMax: 1024, bytesMax: 1 << 20)
        #expect(!cache.isKnown(Self.text(1)[...]))
        #expect(!cache.isKnown(Self.text(2)[...]))
        #expect(cache.isKnown(Self.text(1)[...]))
        #expect(!cache.isKnown([]))
    }

    @Test("Entries and bytes stay within their bounds, whatever comes, and what is asked for is found")
    func bounded() {
        let cache = ValidatedTokenCache(entriesMax: 256, bytesMax: 100_000)
        var found = 0
        for number in 0..<5000 {
            let text = Self.text(number, bytes: 100 + number % 900)
            cache.insert(Self.entry(text), now: Self.now)
            if cache.find(text[...]) != nil { found += 1 }
            if number % 500 == 0 {
                #expect(cache.statistics.bytes <= 100_000)
                #expect(cache.statistics.entries <= 256)
            }
        }
        #expect(found == 5000, "the newest is always there")
        #expect(cache.statistics.entries > 20)
    }

    @Test("Putting the same token in twice keeps one")
    func twice() {
        let cache = ValidatedTokenCache(entriesMax: 1024, bytesMax: 1 << 20)
        cache.insert(Self.entry(Self.text(1)), now: Self.now)
        let bytes = cache.statistics.bytes
        cache.insert(Self.entry(Self.text(1)), now: Self.now)
        #expect(cache.statistics.entries == 1)
        #expect(cache.statistics.bytes == bytes)
    }

    @Test("A token that is too large for its part is not kept")
    func tooLarge() {
        let cache = ValidatedTokenCache(entriesMax: 64, bytesMax: 16 * 1000)
        cache.insert(Self.entry(Self.text(1, bytes: 1500)), now: Self.now)
        #expect(cache.statistics.entries == 0)
        #expect(cache.statistics.bytes == 0)
    }

    @Test("Tokens that are over are given up together, to the millisecond, and no others")
    func givesUpExpired() {
        let cache = ValidatedTokenCache(entriesMax: 4096, bytesMax: 8 << 20)
        let texts = (0..<1_000).map { Self.text($0) }
        for (number, text) in texts.enumerated() {
            cache.insert(Self.entry(text, expiresAt: Self.now.adding(seconds: Int64(1 + number % 10))), now: Self.now)
        }
        let bytes = cache.statistics.bytes
        var last = Self.now.adding(seconds: 6)
        last.milliseconds -= 1
        cache.removeExpired(now: last)
        #expect(cache.statistics.entries == 500 && cache.statistics.bytes == bytes / 2)
        cache.removeExpired(now: Self.now.adding(seconds: 6))
        #expect(cache.statistics.entries == 400)
        for (number, text) in texts.enumerated() { #expect((cache.find(text[...]) != nil) == (number % 10 > 5)) }
        cache.removeExpired(now: Self.now.adding(seconds: 10))
        #expect(cache.statistics.entries == 0 && cache.statistics.bytes == 0)
    }

    @Test("The round of upkeep gives up what is over, and keeps what is not")
    func upkeep() async throws {
        let service = try await ServiceHarness()
        let session = try await service.openSession()
        func validate() async -> Int {
            await service.send(.get, "/v1/widget/session", token: session.participant).status
        }
        for _ in 1...3 { #expect(await validate() == 200) }
        let upkeep = Upkeep(services: service.services)
        service.time.advance(seconds: 899)
        await upkeep.round()
        #expect(service.services.validated.statistics.entries == 1)
        service.time.advance(seconds: 1)
        await upkeep.round()
        #expect(service.services.validated.statistics.entries == 0)
        #expect(await validate() == 410)
    }

    @Test("One that has expired gives way before any other")
    func expired() {
        let cache = ValidatedTokenCache(entriesMax: 64, bytesMax: 1 << 20)
        for number in 0..<64 { cache.insert(Self.entry(Self.text(number), expiresAt: Self.now), now: Self.now) }
        for number in 100..<104 { cache.insert(Self.entry(Self.text(number)), now: Self.now) }
        for number in 100..<104 { #expect(cache.find(Self.text(number)[...]) != nil) }
    }
}
