import StrictJSON
import Testing

@Suite("Reading values")
struct JSONDocumentTests {
    private func parse(_ text: String, limits: JSONLimits = .init()) throws -> JSONValue {
        try JSONDocument(parsing: [UInt8](text.utf8), limits: limits).root
    }

    @Test("Members come back in order with their kinds")
    func readsMembers() throws {
        let root = try parse(#"{"a": "x", "b": [1, {"c": null}], "d": true, "e": -12, "f": 1.5}"#)
        #expect(root.kind == .object)
        #expect(root.count == 5)
        #expect(root.members.map(\.name) == ["a", "b", "d", "e", "f"])
        #expect(root.members.map(\.value.kind) == [.string, .array, .boolean, .number, .number])
        #expect(root["a"]?.string == "x")
        #expect(root["b"]?.elements.count == 2)
        #expect(root["b"]?.elements[0].integer == 1)
        #expect(root["b"]?.elements[1]["c"]?.isNull == true)
        #expect(root["d"]?.boolean == true)
        #expect(root["e"]?.integer == -12)
        #expect(root["f"]?.integer == nil)
        #expect(root["missing"] == nil)
        #expect(root["a"]?["a"] == nil)
    }

    @Test(
        "Escapes are decoded",
        arguments: [
            (#""""#, ""),
            (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{C}\n\r\t"),
            (#""\u0041\u00e9\u20AC\ud83d\ude00""#, "A\u{E9}\u{20AC}\u{1F600}"),
            (#""\u0000""#, "\u{0}"),
            ("\"\u{7F}\u{E9}\u{20AC}\u{1F600}\"", "\u{7F}\u{E9}\u{20AC}\u{1F600}"),
            (#""\uFFFF\uE000\uD7FF""#, "\u{FFFF}\u{E000}\u{D7FF}"),
            (#""\uDBFF\uDFFF""#, "\u{10FFFF}"),
            (#""a\u0062c""#, "abc"),
        ]
    )
    func decodesEscapes(_ text: String, _ expected: String) throws {
        let root = try parse(text)
        #expect(root.string == expected)
        #expect(root.stringUTF8 == [UInt8](expected.utf8))
        #expect(root.stringBytesCount == expected.utf8.count)
    }

    @Test("Strings compare with literals, escaped or not")
    func comparesStrings() throws {
        #expect(try parse(#""abc""#).stringEquals("abc"))
        #expect(try parse(#""a\u0062c""#).stringEquals("abc"))
        #expect(try !parse(#""abd""#).stringEquals("abc"))
        #expect(try !parse(#""ab""#).stringEquals("abc"))
        #expect(try !parse(#""a\u0063c""#).stringEquals("abc"))
        #expect(try !parse("1").stringEquals("1"))
        #expect(try parse(#""€""#).stringEquals("€"))
        #expect(try parse(#""""#).stringEquals(""))
    }

    @Test("Member names work in a switch without a string")
    func switchesOverNames() throws {
        struct Unknown: Error, Equatable { let name: String }
        var sum: Int64 = 0
        try parse(#"{"one":1,"t\u0077o":2}"#).forEachMember { (name, value) throws(Unknown) in
            switch name {
            case "one": sum += value.integer ?? 0
            case "two": sum += 10 * (value.integer ?? 0)
            default: throw Unknown(name: name.string)
            }
        }
        #expect(sum == 21)
        #expect(throws: Unknown(name: "three")) {
            try parse(#"{"one":1,"three":3}"#).forEachMember { (name, _) throws(Unknown) in
                if name == "three" { throw Unknown(name: name.string) }
            }
        }
    }

    @Test(
        "Whole numbers are read exactly and nothing else is a whole number",
        arguments: [
            ("0", 0), ("-0", 0), ("9223372036854775807", Int64.max), ("-9223372036854775808", Int64.min),
            ("9223372036854775808", nil), ("-9223372036854775809", nil), ("1.0", nil), ("1e3", nil), ("1E-3", nil),
            ("99999999999999999999", nil), ("\"1\"", nil), ("true", nil), ("null", nil), ("1700000000", 1_700_000_000),
        ] as [(String, Int64?)]
    )
    func readsIntegers(_ text: String, _ expected: Int64?) throws {
        #expect(try parse(text).integer == expected)
    }

    @Test("A fault is placed by line and column, in characters")
    func placesFaults() throws {
        let twice = #"{"campaign_id":1,"campaign_id":2}"#
        let error = try #require(throws: JSONError.self) { try parse(twice) }
        #expect(error.kind == .duplicateMember)
        #expect(error.description == "duplicate member at line 1, column 18")
        let second = try #require(throws: JSONError.self) { try parse("{\n  \"é\": x}") }
        #expect((second.kind, second.line, second.column, second.offset) == (.unexpectedByte, 2, 8, 10))
    }

    @Test("Names that repeat after unescaping are found among few and among many", arguments: [2, 8, 9, 40, 5000])
    func findsDuplicates(_ count: Int) throws {
        let names = (0..<count).map { "\"name-\($0)\":0" }
        _ = try parse("{" + names.joined(separator: ",") + "}")
        for (index, spelling) in [(0, #""name-0""#), (count / 2, #""\u006eame-\#(count / 2)""#)] {
            let error = try #require(throws: JSONError.self) {
                try parse("{" + names.joined(separator: ",") + ",\(spelling):\(index)}")
            }
            #expect(error.kind == .duplicateMember)
        }
    }
}

func == (
    left: (JSONError.Kind, Int, Int, Int),
    right: (JSONError.Kind, Int, Int, Int)
) -> Bool { left.0 == right.0 && left.1 == right.1 && left.2 == right.2 && left.3 == right.3 }
