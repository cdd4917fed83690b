import Platform
import TestSupport
import Testing

@testable import TokenService

@Suite("RFC 3339 times")
struct RFC3339Tests {
    @Test(
        "Known instants have their known text, both ways",
        arguments: [
            ("1970-01-01T00:00:00Z", Int64(0)), ("2000-02-29T23:59:59Z", 951_868_799),
            ("2026-11-20T23:15:00Z", 1_795_216_500), ("1900-03-01T00:00:00Z", -2_203_891_200),
            ("9999-12-31T23:59:59Z", 253_402_300_799), ("0001-01-01T00:00:00Z", -62_135_596_800),
            ("2100-02-28T12:00:00Z", 4_107_499_200), ("1969-12-31T23:59:59Z", -1),
            ("2038-01-19T03:14:08Z", 2_147_483_648),
        ]
    )
    func table(text: String, seconds: Int64) {
        #expect(RFC3339.text(UnixTime(seconds: seconds)) == text)
        #expect(RFC3339.parse(text) == UnixTime(seconds: seconds))
    }

    @Test(
        "Offsets, fractions and lower case are read as RFC 3339 means them",
        arguments: [
            ("1970-01-01t00:00:00z", Int64(0)), ("1970-01-01T01:00:00+01:00", 0), ("1969-12-31T23:30:00-00:30", 0),
            ("1970-01-01T00:00:00-00:00", 0), ("1970-01-01T00:00:00.5Z", 500), ("1970-01-01T00:00:00.123456789Z", 123),
            ("1970-01-01T00:00:00.001+00:00", 1), ("1970-01-01T23:59:59.999+23:59", 59_999),
        ]
    )
    func readings(text: String, milliseconds: Int64) {
        #expect(RFC3339.parse(text)?.milliseconds == milliseconds)
    }

    @Test(
        "Anything else is refused",
        arguments: [
            "", "1970-01-01", "1970-01-01T00:00:00", "1970-01-01 00:00:00Z", "1970-13-01T00:00:00Z",
            "1970-00-01T00:00:00Z", "1970-01-00T00:00:00Z", "1970-01-32T00:00:00Z", "1970-04-31T00:00:00Z",
            "2100-02-29T00:00:00Z", "2023-02-29T00:00:00Z", "1970-01-01T24:00:00Z", "1970-01-01T00:60:00Z",
            "1970-01-01T00:00:60Z", "2016-12-31T23:59:60Z", "1970-01-01T00:00:00.Z", "1970-01-01T00:00:00,5Z",
            "1970-01-01T00:00:00+0100", "1970-01-01T00:00:00+24:00", "1970-01-01T00:00:00+01:60",
            "1970-01-01T00:00:00ZZ", " 1970-01-01T00:00:00Z", "1970-01-01T00:00:00Z ", "+970-01-01T00:00:00Z",
            "-970-01-01T00:00:00Z", "1970-1-01T00:00:00ZZ", "19700101T000000Z0000", "1970-01-01T00:00:00.0000000000Z",
            "1970-01-01T00:00:00\u{661}Z", "1970-01-01T00:00:00+1:000", "1970/01/01T00:00:00Z", "1970-01-01T00-00-00Z",
            "1970-01-01T00:00:00.123456789123456789123456789Z", "0000-01-01T00:00:00+00:01",
            "9999-12-31T23:59:59.9-00:01", "9999-12-31T23:59:59-23:59",
        ]
    )
    func refusals(text: String) {
        #expect(RFC3339.parse(text) == nil)
    }

    @Test("Ten thousand random instants come back from their text")
    func random() {
        let random = SeededRandomSource(seed: 42)
        for _ in 0..<10_000 {
            let span = UInt64(253_402_300_799 + 62_167_219_200)
            let seconds = Int64(random.words().0 % span) - 62_167_219_200
            let text = RFC3339.text(UnixTime(seconds: seconds))
            #expect(RFC3339.parse(text)?.seconds == seconds, "\(text)")
        }
    }

    @Test("Instants outside of the four-digit years take the nearest")
    func saturation() {
        #expect(RFC3339.text(UnixTime(milliseconds: .max)) == "9999-12-31T23:59:59Z")
        #expect(RFC3339.text(UnixTime(milliseconds: .min + 999)) == "0000-01-01T00:00:00Z")
    }
}
