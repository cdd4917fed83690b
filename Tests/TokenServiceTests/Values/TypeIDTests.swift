import InviteStore
import Platform
import TestSupport
import Testing

@testable import TokenService

@Suite("Type ids")
struct TypeIDTests {
    static let kinds: [IdentifierKind] = [
        .workspace, .apiKey, .invite, .session, .participantToken, .policy, .cutOff, .signingKey, .webhook, .event,
        .request, .member,
    ]

    @Test("Every kind carries the prefix that the contract names")
    func prefixes() {
        #expect(
            Self.kinds.map(\.rawValue) == [
                "ws", "key", "inv", "ses", "ptk", "pol", "cut", "sgk", "whk", "evt", "req", "mem",
            ]
        )
    }

    @Test("A thousand random ids of every kind come back from their text", arguments: kinds)
    func roundTrip(kind: IdentifierKind) {
        let random = SeededRandomSource(seed: 7)
        for _ in 0..<1000 {
            let words = random.words()
            let id = RecordID(high: words.0, low: words.1)
            let text = TypeID.text(kind, id)
            #expect(text.utf8.count == kind.rawValue.utf8.count + 27)
            #expect(TypeID.parse(kind, text) == id)
        }
    }

    /// The vectors of the TypeID specification, version 0.3 (valid.yml).
    @Test(
        "The specification's own vectors hold",
        arguments: [
            ("00000000000000000000000000", UInt64(0), UInt64(0)),
            ("00000000000000000000000001", 0, 1),
            ("0000000000000000000000000a", 0, 10),
            ("0000000000000000000000000g", 0, 16),
            ("00000000000000000000000010", 0, 32),
            ("7zzzzzzzzzzzzzzzzzzzzzzzzz", .max, .max),
            ("0123456789abcdefghjkmnpqrs", 0x0110_c853_1d09_52d8, 0xd73e_1194_e95b_5f19),
            ("01h455vb4pex5vsknk084sn02q", 0x0189_0a5d_ac96_774b, 0xbcce_b302_099a_8057),
        ]
    )
    func vectors(text: String, high: UInt64, low: UInt64) {
        let id = RecordID(high: high, low: low)
        #expect(TypeID.text(.invite, id) == "inv_" + text)
        #expect(TypeID.parse(.invite, "inv_" + text) == id)
    }

    @Test(
        "An id has one spelling and one kind",
        arguments: [
            "", "inv_", "inv", "_00000000000000000000000001", "inv_0000000000000000000000001",
            "inv_000000000000000000000000001", "inv_8zzzzzzzzzzzzzzzzzzzzzzzzz", "inv_0000000000000000000000000I",
            "inv_0000000000000000000000000i", "inv_0000000000000000000000000l", "inv_0000000000000000000000000o",
            "inv_0000000000000000000000000u", "inv_0000000000000000000000000A", "INV_00000000000000000000000001",
            "key_00000000000000000000000001", "inv-00000000000000000000000001", " inv_00000000000000000000000001",
            "inv_00000000000000000000000001 ", "inv_0000000000000000000000000-", "inv_000000000000000000000000\u{e9}",
            "inv_00000000000000000000000001\0", "inv_ 0000000000000000000000001",
        ]
    )
    func refusals(text: String) {
        #expect(TypeID.parse(.invite, text) == nil)
    }

    @Test("Ids made later sort later, and are UUIDs of version 7")
    func generated() {
        let generator = IdentifierGenerator(random: SeededRandomSource(seed: 3))
        let first = generator.next(at: UnixTime(milliseconds: 1_800_000_000_000))
        let second = generator.next(at: UnixTime(milliseconds: 1_800_000_000_001))
        #expect(first < second)
        #expect(first.high >> 16 == 1_800_000_000_000)
        #expect(first.high >> 12 & 0xF == 7)
        #expect(first.low >> 62 == 2)
        #expect(TypeID.text(.event, first) < TypeID.text(.event, second))
    }

    @Test("A clock before 1970 or past the year 10889 traps nothing", arguments: [Int64.min, -1, 0, .max])
    func extremes(milliseconds: Int64) {
        let id = IdentifierGenerator(random: SeededRandomSource(seed: 3)).next(
            at: UnixTime(milliseconds: milliseconds)
        )
        #expect(TypeID.parse(.event, TypeID.text(.event, id)) == id)
    }
}
