import StrictJSON
import Testing

@Suite("What is JSON and what is not (RFC 8259)")
struct JSONConformanceTests {
    @Test(
        "Accepted",
        arguments: [
            "0", "-0", "1", "-1", "10", "1234567890", "0.5", "-0.5", "1.0", "1e5", "1E5", "1e+5", "1e-5", "0e0",
            "0.0e-0",
            "123.456e-7", "1e400", "-1e-400", "true", "false", "null", "\"\"", "\"a\"", "\"/\"", "\"\\/\"",
            "\"\\\"\\\\\\b\\f\\n\\r\\t\"", "\"\\u0000\"", "\"\\u001F\"", "\"\\uABCD\\uabcd\"", "\"\\ud834\\udd1e\"",
            "\"\\uFFFE\\uFFFF\"", "\"\u{7F}\"", "\"\u{80}\u{7FF}\u{800}\u{FFFF}\u{10000}\u{10FFFF}\"",
            "\"\u{2028}\u{2029}\"", "\"\u{FEFF}\"", "[]", "{}", "[[]]", "[{}]", "{\"a\":[]}", "[1]", "[1,2]",
            "[1,[2,[3]]]",
            " [ ] ", "\t\n\r {\n}\r\n", "[1 , 2]", "{\"a\" : 1}", "{\"a\":1,\"b\":2}", "{\"\":1}", "{\"a\":1,\"A\":2}",
            "{\"\\u0061\":1,\"b\":2}", "{\"a\":{\"a\":{\"a\":1}}}", "[[[[[[[[]]]]]]]]", "[\"a\",1,true,null,{}]",
            "{\"e\u{301}\":1,\"\u{E9}\":2}", "[0,0.1,-0]", "\" \"", "{\"a\":\"{\\\"a\\\":1}\"}",
            "12345678901234567890123456789012",
        ]
    )
    func accepts(_ text: String) throws {
        _ = try JSONDocument(parsing: Array(text.utf8))
    }

    private static let rejectedTexts: [(String, JSONError.Kind)] = [
        // Nothing, or not enough.
        ("", .unexpectedEnd), (" ", .unexpectedEnd), ("[", .unexpectedEnd), ("{", .unexpectedEnd),
        ("[1", .unexpectedEnd), ("[1,", .unexpectedEnd), ("{\"a\"", .unexpectedEnd), ("{\"a\":", .unexpectedEnd),
        ("{\"a\":1", .unexpectedEnd), ("{\"a\":1,", .unexpectedEnd), ("\"", .unexpectedEnd), ("\"a", .unexpectedEnd),
        ("\"\\", .unexpectedEnd), ("\"\\u", .unexpectedEnd), ("\"\\u12", .unexpectedEnd), ("-", .unexpectedEnd),
        ("1.", .unexpectedEnd), ("1e", .unexpectedEnd), ("1e+", .unexpectedEnd), ("t", .unexpectedEnd),
        ("nul", .unexpectedEnd), ("[[]", .unexpectedEnd), ("\"\\ud800", .unexpectedEnd),
        ("\"\\ud800\\", .unexpectedEnd),
        // Too much.
        ("1 2", .trailingBytes), ("[] []", .trailingBytes), ("{}x", .trailingBytes), ("[]]", .trailingBytes),
        ("{}}", .trailingBytes), ("\"a\"\"b\"", .trailingBytes), ("null\u{0}", .trailingBytes), ("01", .invalidNumber),
        ("1,", .trailingBytes), ("true1", .trailingBytes), ("[]\u{FEFF}", .trailingBytes), ("1 //", .trailingBytes),
        // Commas, colons and brackets.
        ("[,]", .unexpectedByte), ("[1,]", .unexpectedByte), ("[,1]", .unexpectedByte), ("[1,,2]", .unexpectedByte),
        ("[1 2]", .unexpectedByte), ("[1:2]", .unexpectedByte), ("[1}", .unexpectedByte),
        ("{\"a\":1]", .unexpectedByte),
        ("{,}", .unexpectedByte), ("{\"a\":1,}", .unexpectedByte), ("{\"a\" 1}", .unexpectedByte),
        ("{\"a\",1}", .unexpectedByte), ("{\"a\"::1}", .unexpectedByte), ("{1:1}", .unexpectedByte),
        ("{a:1}", .unexpectedByte), ("{'a':1}", .unexpectedByte), ("{null:1}", .unexpectedByte),
        ("{[]:1}", .unexpectedByte), ("{\"a\":}", .unexpectedByte), ("}", .unexpectedByte), ("]", .unexpectedByte),
        (",", .unexpectedByte), (":", .unexpectedByte), ("{\"a\":1 \"b\":2}", .unexpectedByte),
        // Words.
        ("True", .unexpectedByte), ("TRUE", .unexpectedByte), ("nulL", .unexpectedByte), ("nil", .unexpectedByte),
        ("undefined", .unexpectedByte), ("NaN", .unexpectedByte), ("Infinity", .unexpectedByte),
        ("tru3", .unexpectedByte),
        ("-Infinity", .invalidNumber), ("-NaN", .invalidNumber), ("'a'", .unexpectedByte), ("a", .unexpectedByte),
        ("/**/1", .unexpectedByte), ("# 1", .unexpectedByte), ("\u{0}1", .unexpectedByte), ("\u{B}1", .unexpectedByte),
        ("\u{C}1", .unexpectedByte), ("\u{A0}1", .unexpectedByte), ("\u{2003}1", .unexpectedByte),
        // Numbers.
        ("00", .invalidNumber), ("-01", .invalidNumber), ("[012]", .invalidNumber), ("+1", .unexpectedByte),
        (".5", .unexpectedByte), ("-.5", .invalidNumber), ("1.e5", .invalidNumber), ("1.x", .invalidNumber),
        ("1ee5", .invalidNumber), ("1e5.5", .trailingBytes), ("0x10", .trailingBytes), ("1_000", .trailingBytes),
        ("--1", .invalidNumber), ("1-", .trailingBytes), ("- 1", .invalidNumber), ("1e 5", .invalidNumber),
        ("\u{661}", .unexpectedByte), ("[-]", .invalidNumber), ("123456789012345678901234567890123", .numberTooLong),
        ("[1" + String(repeating: "0", count: 100_000) + "]", .numberTooLong),
        ("1e" + String(repeating: "9", count: 40), .numberTooLong),
        // Strings.
        ("\"\n\"", .controlCharacter), ("\"\t\"", .controlCharacter), ("\"\u{0}\"", .controlCharacter),
        ("\"\u{1F}\"", .controlCharacter), ("{\"a\u{0}\":1}", .controlCharacter), ("\"\r\n\"", .controlCharacter),
        ("\"\\x41\"", .invalidEscape), ("\"\\a\"", .invalidEscape), ("\"\\'\"", .invalidEscape),
        ("\"\\0\"", .invalidEscape),
        ("\"\\U0041\"", .invalidEscape), ("\"\\u00G0\"", .invalidEscape), ("\"\\u 041\"", .invalidEscape),
        ("\"\\u-041\"", .invalidEscape), ("\"\\u+041\"", .invalidEscape), ("\"\\u{41}\"", .invalidEscape),
        ("\"\\\n\"", .invalidEscape), ("\"\\é\"", .invalidEscape), ("\"\\u00\"", .invalidEscape),
        ("\"\\ud800\"", .loneSurrogate), ("\"\\udc00\"", .loneSurrogate), ("\"\\ud800x\"", .loneSurrogate),
        ("\"\\ud800\\n\"", .loneSurrogate), ("\"\\ud800\\u0041\"", .loneSurrogate),
        ("\"\\ud800\\ud800\"", .loneSurrogate), ("\"\\udc00\\ud800\"", .loneSurrogate),
        ("{\"\\udfff\":1}", .loneSurrogate), ("\"\\ud83d\\ude00\\ude00\"", .loneSurrogate),
        // Members that repeat.
        ("{\"a\":1,\"a\":1}", .duplicateMember), ("{\"a\":1,\"\\u0061\":2}", .duplicateMember),
        ("{\"\":1,\"\":2}", .duplicateMember), ("{\"a\":1,\"b\":2,\"a\":3}", .duplicateMember),
        ("[{\"a\":{\"b\":1,\"b\":2}}]", .duplicateMember), ("{\"\\n\":1,\"\\u000a\":2}", .duplicateMember),
        ("{\"\\ud83d\\ude00\":1,\"\u{1F600}\":2}", .duplicateMember), ("{\"a\":{},\"a\":[]}", .duplicateMember),
        ("{\"\\/\":1,\"/\":2}", .duplicateMember),
        // Depth.
        ("[[[[[[[[[]]]]]]]]]", .tooDeep), ("{\"a\":[{\"a\":[{\"a\":[{\"a\":[[]]}]}]}]}", .tooDeep),
        (String(repeating: "[", count: 100_000), .tooDeep), (String(repeating: "{\"a\":", count: 100_000), .tooDeep),
        // Byte order marks.
        ("\u{FEFF}1", .byteOrderMark), ("\u{FEFF}", .byteOrderMark), (" \u{FEFF}1", .unexpectedByte),
    ]

    @Test("Rejected, each for its reason", arguments: rejectedTexts)
    func rejects(_ text: String, _ kind: JSONError.Kind) throws {
        let error = try #require(throws: JSONError.self) { try JSONDocument(parsing: Array(text.utf8)) }
        #expect(error.kind == kind)
        #expect(error.offset <= text.utf8.count && error.line >= 1 && error.column >= 1)
    }

    @Test("The tables are large enough to mean something")
    func countsRows() { #expect(Self.rejectedTexts.count >= 120) }

    @Test(
        "Ill-formed UTF-8 is rejected in strings and names",
        arguments: [
            [0x80], [0xBF], [0xC0, 0x80], [0xC0, 0xAF], [0xC1, 0xBF], [0xC2], [0xC2, 0x20], [0xC2, 0xC2],
            [0xE0, 0x80, 0x80],
            [0xE0, 0x9F, 0xBF], [0xE1, 0x80], [0xE1, 0x80, 0x20], [0xED, 0xA0, 0x80], [0xED, 0xBF, 0xBF], [0xEF, 0xBF],
            [0xF0, 0x80, 0x80, 0x80], [0xF0, 0x8F, 0xBF, 0xBF], [0xF1, 0x80, 0x80], [0xF4, 0x90, 0x80, 0x80],
            [0xF5, 0x80, 0x80, 0x80], [0xF8, 0x88, 0x80, 0x80, 0x80], [0xFC, 0x84, 0x80, 0x80, 0x80, 0x80], [0xFE],
            [0xFF],
            [0xFE, 0xFF], [0xFF, 0xFE, 0x00, 0x31], [0xF0, 0x90, 0x28, 0xBC], [0xF0, 0x90, 0x80, 0x28],
        ] as [[UInt8]]
    )
    func rejectsBytes(_ bytes: [UInt8]) throws {
        let texts = [
            [0x22] + bytes + [0x22], [0x7B, 0x22] + bytes + [0x22, 0x3A, 0x31, 0x7D], [0x22] + bytes,
            [0x22, 0x61] + bytes,
        ]
        for text in texts {
            let error = try #require(throws: JSONError.self) { try JSONDocument(parsing: text) }
            #expect(error.kind == .invalidUTF8)
        }
        #expect(throws: JSONError.self) { try JSONDocument(parsing: bytes) }
    }

    private static let sample = #"""
        {"id": "é\u00e9\ud83d\ude00\n", "list": [1, -2.5e+10, true, false, null, {"deep": [[], {}]}],
         "a": "b", "c": 0, "d": {"e": "\\"}, "f": 1, "g": 2, "h": 3, "i": 4, "j": 5, "\u006b": 6}
        """#

    @Test("Every truncation of a document is rejected")
    func rejectsTruncations() throws {
        let bytes = Array(Self.sample.utf8)
        _ = try JSONDocument(parsing: bytes)
        for count in 0..<bytes.count {
            #expect(throws: JSONError.self) { try JSONDocument(parsing: Array(bytes.prefix(count))) }
        }
    }

    @Test("Every byte changed to every value is parsed or rejected, and what is parsed can be read")
    func survivesChanges() {
        let bytes = Array(Self.sample.utf8)
        var accepted = 0
        var rejected = 0
        for index in bytes.indices {
            for value in [UInt8](0...255) where value != bytes[index] {
                var changed = bytes
                changed[index] = value
                guard let document = try? JSONDocument(parsing: changed) else {
                    rejected += 1
                    continue
                }
                accepted += 1
                #expect(document.root.members.allSatisfy { document.root[$0.name] != nil })
            }
        }
        #expect(accepted > 1000 && rejected > 10_000)
    }
}
