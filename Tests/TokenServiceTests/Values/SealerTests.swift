import InviteStore
import OpenSSLKit
import Platform
import TestSupport
import Testing

@testable import TokenService

@Suite("Sealed records, sealed claims, pseudonyms")
struct SealerTests {
    static let random = SeededRandomSource(seed: 11)
    static let identifiers = IdentifierGenerator(random: random)
    static let now = UnixTime(seconds: 1_800_000_000)
    static let tenant = Tenant(workspace: identifiers.next(at: now), environment: .live)

    private func key(_ seed: UInt64) throws -> HMACSHA256Key {
        try HMACSHA256Key(SecretBytes(random: 32, from: SeededRandomSource(seed: seed)))
    }

    private func sealer(_ seed: UInt64 = 1, label: StaticString = "a") throws -> EpochSealer {
        EpochSealer(root: try key(seed), label: label, random: Self.random)
    }

    @Test("A sealed text opens for its record and context, and no flipped byte passes")
    func epochSealer() throws {
        let sealer = try sealer()
        let id = Self.identifiers.next(at: Self.now)
        let sealed = try sealer.seal(Array("secret".utf8), for: id, context: [1, 2])
        #expect(sealer.open(sealed, for: id, context: [1, 2]) == Array("secret".utf8))
        #expect(sealer.open(sealed, for: id, context: [1, 3]) == nil)
        #expect(sealer.open(sealed, for: id, context: []) == nil)
        #expect(sealer.open(sealed, for: Self.identifiers.next(at: Self.now), context: [1, 2]) == nil)
        for index in sealed.indices {
            var bytes = sealed
            bytes[index] ^= 0x80
            #expect(sealer.open(bytes, for: id, context: [1, 2]) == nil, "byte \(index)")
        }
        for count in 0..<sealed.count {
            #expect(sealer.open(Array(sealed.prefix(count)), for: id, context: [1, 2]) == nil)
        }
    }

    @Test("Another root or another label opens nothing")
    func otherKeys() throws {
        let id = Self.identifiers.next(at: Self.now)
        let sealed = try sealer().seal([1, 2, 3], for: id, context: [])
        #expect(try sealer(2).open(sealed, for: id, context: []) == nil)
        #expect(try sealer(1, label: "b").open(sealed, for: id, context: []) == nil)
        #expect(try sealer().open(sealed, for: id, context: []) == [1, 2, 3])
    }

    @Test("The same text never seals to the same bytes, and hours beyond the cache still open")
    func epochs() throws {
        let sealer = try sealer()
        let id = Self.identifiers.next(at: Self.now)
        #expect(try sealer.seal([1], for: id, context: []) != sealer.seal([1], for: id, context: []))
        let ids = (0..<300).map { Self.identifiers.next(at: Self.now.adding(seconds: Int64($0) * 3600)) }
        let sealed = try ids.map { try sealer.seal([7], for: $0, context: []) }
        for (id, bytes) in zip(ids, sealed) { #expect(sealer.open(bytes, for: id, context: []) == [7]) }
    }

    @Test(
        "Details come back whole, whatever their size",
        arguments: [
            ("a@b", ""), ("user@example.com", #"{"a":"b"}"#),
            (String(repeating: "a", count: 242) + "@example.com", String(repeating: "m", count: 2048)),
        ]
    )
    func recordSealer(email: String, metadata: String) throws {
        let sealer = RecordSealer(try sealer())
        let id = Self.identifiers.next(at: Self.now)
        let details = SealedDetails(email: email, metadata: Array(metadata.utf8))
        let sealed = try sealer.seal(details, of: Self.tenant, record: id)
        #expect(sealer.open(sealed, of: Self.tenant, record: id) == details)
    }

    @Test("A row's ciphertext opens in no other row, tenant or environment")
    func movedRecord() throws {
        let sealer = RecordSealer(try sealer())
        let id = Self.identifiers.next(at: Self.now)
        let sealed = try sealer.seal(SealedDetails(email: "user@example.com"), of: Self.tenant, record: id)
        let test = Tenant(workspace: Self.tenant.workspace, environment: .test)
        let other = Tenant(workspace: Self.identifiers.next(at: Self.now), environment: .live)
        #expect(sealer.open(sealed, of: test, record: id) == nil)
        #expect(sealer.open(sealed, of: other, record: id) == nil)
        #expect(sealer.open(sealed, of: Self.tenant, record: Self.identifiers.next(at: Self.now)) == nil)
        for index in sealed.indices {
            var bytes = sealed
            bytes[index] ^= 1
            #expect(sealer.open(bytes, of: Self.tenant, record: id) == nil, "byte \(index)")
        }
        #expect(!sealed.contains(Array("example".utf8)))
    }

    @Test("A seal claim comes back whole, and opens in no other token", arguments: [true, false])
    func tokenSeal(hasInvite: Bool) throws {
        let seal = TokenSeal(try sealer())
        let token = Self.identifiers.next(at: Self.now)
        let content = TokenSealContent(
            email: "user@example.com",
            renewUntil: Self.now,
            invite: hasInvite ? Self.identifiers.next(at: Self.now) : nil,
            apiKey: Self.identifiers.next(at: Self.now),
            originMarks: hasInvite ? [TokenSealContent.mark(of: "https://app.example.com"), 7] : []
        )
        let text = try seal.seal(content, tokenID: token)
        #expect(seal.open(text, tokenID: token) == content)
        #expect(seal.open(text, tokenID: Self.identifiers.next(at: Self.now)) == nil)
        #expect(!text.contains("user"))
    }

    @Test("No character of a seal claim can change, come or go")
    func flippedSeal() throws {
        let seal = TokenSeal(try sealer())
        let token = Self.identifiers.next(at: Self.now)
        let content = TokenSealContent(email: "a@b", renewUntil: Self.now, invite: nil, apiKey: token)
        let text = Array(try seal.seal(content, tokenID: token).utf8)
        for index in text.indices {
            var bytes = text
            bytes[index] = bytes[index] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
            #expect(seal.open(String(decoding: bytes, as: UTF8.self), tokenID: token) == nil, "character \(index)")
            #expect(seal.open(String(decoding: text.prefix(index), as: UTF8.self), tokenID: token) == nil)
        }
        for extra in ["=", "A", "\n", " "] {
            #expect(seal.open(String(decoding: text, as: UTF8.self) + extra, tokenID: token) == nil)
        }
    }

    @Test("A pseudonym is stable, and differs by address, workspace and environment")
    func pseudonyms() throws {
        let names = Pseudonymizer(root: try key(1), index: try key(2))
        let user = try #require(EmailAddress("user@example.com"))
        let upper = try #require(EmailAddress("USER@EXAMPLE.com"))
        let other = try #require(EmailAddress("other@example.com"))
        let test = Tenant(workspace: Self.tenant.workspace, environment: .test)
        let elsewhere = Tenant(workspace: Self.identifiers.next(at: Self.now), environment: .live)
        let first = try names.pseudonym(of: user, in: Self.tenant)
        #expect(try names.pseudonym(of: upper, in: Self.tenant) == first)
        #expect(try Pseudonymizer(root: key(1), index: key(2)).pseudonym(of: user, in: Self.tenant) == first)
        #expect(try names.pseudonym(of: other, in: Self.tenant) != first)
        #expect(try names.pseudonym(of: user, in: test) != first)
        #expect(try names.pseudonym(of: user, in: elsewhere) != first)
        #expect(try Pseudonymizer(root: key(3), index: key(2)).pseudonym(of: user, in: Self.tenant) != first)
    }

    @Test("The blind index differs by tenant too, and is never the pseudonym")
    func blindIndex() throws {
        let names = Pseudonymizer(root: try key(1), index: try key(2))
        let user = try #require(EmailAddress("user@example.com"))
        let test = Tenant(workspace: Self.tenant.workspace, environment: .test)
        let elsewhere = Tenant(workspace: Self.identifiers.next(at: Self.now), environment: .live)
        let index = names.addressIndex(of: user, in: Self.tenant)
        #expect(names.addressIndex(of: user, in: Self.tenant) == index)
        #expect(names.addressIndex(of: user, in: test) != index)
        #expect(names.addressIndex(of: user, in: elsewhere) != index)
        #expect(try names.pseudonym(of: user, in: Self.tenant) != index)
    }

    @Test("The text of a pseudonym is sub_ and 22 characters, and has one spelling")
    func pseudonymText() throws {
        let digest = KeyedDigest16(high: 1, low: .max)
        let text = Pseudonymizer.text(digest)
        #expect(text.utf8.count == 26)
        #expect(Pseudonymizer.parse(text) == digest)
        for bad in [
            "", "sub_", "sub_AAAA", text + "A", String(text.dropLast()), "SUB_" + text.dropFirst(4), text + "=",
        ] {
            #expect(Pseudonymizer.parse(bad) == nil, "\(bad)")
        }
    }
}
