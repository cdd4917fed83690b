import StrictJSON
import Testing

@Suite("Writing")
struct JSONWriterTests {
    @Test("Commas stand between members and elements and nowhere else")
    func placesCommas() {
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("a", "x")
        writer.member("n", nil as String?)
        writer.member("i", 5)
        writer.member("j", Int64.min)
        writer.member("t", true)
        writer.member("list", ["p", "q"])
        writer.member("none", [])
        writer.member("raw", raw: Array("{\"z\":0}".utf8))
        writer.name("deep")
        writer.beginArray()
        writer.beginObject()
        writer.endObject()
        writer.beginArray()
        writer.integer(0)
        writer.null()
        writer.endArray()
        writer.boolean(false)
        writer.endArray()
        writer.name("é" as String)
        writer.string(ascii: Array("ok".utf8))
        writer.endObject()
        let expected =
            #"{"a":"x","n":null,"i":5,"j":-9223372036854775808,"t":true,"list":["p","q"],"none":[],"#
            + #""raw":{"z":0},"deep":[{},[0,null],false],"é":"ok"}"#
        #expect(String(decoding: writer.bytes, as: UTF8.self) == expected)
    }

    @Test(
        "Whole numbers are written in full",
        arguments: [0, 7, 10, 99, 100, 1_700_000_000, -1, -10, Int64.max, Int64.min]
    )
    func writesIntegers(_ value: Int64) {
        var writer = JSONWriter()
        writer.integer(value)
        #expect(String(decoding: writer.bytes, as: UTF8.self) == "\(value)")
    }

    @Test("Every string comes back unchanged through the parser")
    func roundTrips() throws {
        var samples = (0..<0x180).compactMap { Unicode.Scalar(UInt32($0)) }.map { "a\(Character($0))b" }
        samples += ["", "\u{10FFFF}\u{1F600}", "\\u0041", "\"", "</script>", "\r\n\u{2028}"]
        for sample in samples {
            var writer = JSONWriter()
            writer.string(sample)
            #expect(!writer.bytes.contains { $0 < 0x20 })
            #expect(try JSONDocument(parsing: writer.bytes).root.string == sample)
        }
    }

    @Test("Bytes that are not ASCII never make an ill-formed text")
    func replacesBytes() throws {
        var writer = JSONWriter()
        writer.string(ascii: [0x61, 0xFF, 0x22, 0x00])
        #expect(try JSONDocument(parsing: writer.bytes).root.string == "a\u{FFFD}\"\u{0}")
    }
}
