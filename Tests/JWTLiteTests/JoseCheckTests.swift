import JWTLite
import OpenSSLKit
import StrictJSON
import Testing

@Suite("The batch verifier")
struct JoseCheckTests {
    private func verdict(_ line: String) -> Bool? { JoseCheck.check(line: Array(line.utf8))?.ok }

    @Test("The RFC examples get their verdicts", arguments: VectorLine.all("rfc.jsonl"))
    func judgesExamples(_ line: VectorLine) throws {
        let verdict = try #require(JoseCheck.check(line: line.bytes))
        #expect(verdict.id == line.id)
        #expect(verdict.ok == line.expected)
        let answer = try #require(JoseCheck.answer(line: line.bytes))
        let root = try JSONDocument(parsing: answer).root
        #expect(root.members.map(\.name) == ["id", "ok"])
        #expect(root["id"]?.string == line.id && root["ok"]?.boolean == line.expected)
    }

    /// A key pair with the parts of a line that is good.
    private struct Pair {
        let key: SigningKey
        var algorithm: String { key.algorithm.rawValue }

        init(_ algorithm: SignatureAlgorithm) throws { key = try .generate(algorithm) }

        func jwk(_ keyID: String? = nil, adding members: String = "") -> String {
            var writer = JSONWriter()
            JWK(key: key.verifyingKey, keyID: keyID).write(to: &writer)
            return String(decoding: writer.bytes.dropLast(), as: UTF8.self) + members + "}"
        }

        func token(_ header: String, payload: String = "any bytes") throws -> String {
            let input =
                Base64URL.encodeToString(Array(header.utf8)) + "." + Base64URL.encodeToString(Array(payload.utf8))
            return input + "." + Base64URL.encodeToString(try key.sign(Array(input.utf8)))
        }

        func line(_ keys: [String], _ token: String) -> String {
            #"{"id":"1","kind":"jws","jwks":{"keys":[\#(keys.joined(separator: ","))]},"token":"\#(token)"}"#
        }
    }

    @Test("typ is optional, kid only where the set has one key", arguments: SignatureAlgorithm.allCases)
    func choosesKeys(_ algorithm: SignatureAlgorithm) throws {
        let (pair, other) = try (Pair(algorithm), Pair(algorithm))
        let alg = pair.algorithm
        let bare = try pair.token(#"{"alg":"\#(alg)"}"#)
        let named = try pair.token(#"{"alg":"\#(alg)","kid":"a"}"#)
        let typed = try pair.token(#"{"typ":"JWT","alg":"\#(alg)","kid":"a"}"#)
        let foreign = #"{"kty":"RSA","alg":"RS256","kid":"r","n":"AQ","e":"AQAB"}"#
        #expect(verdict(pair.line([pair.jwk()], bare)) == true)
        #expect(verdict(pair.line([pair.jwk("a")], bare)) == true)
        #expect(verdict(pair.line([pair.jwk("a")], named)) == true)
        #expect(verdict(pair.line([pair.jwk("a")], typed)) == true)
        #expect(verdict(pair.line([pair.jwk("b")], named)) == false)
        #expect(verdict(pair.line([pair.jwk()], named)) == false)
        #expect(verdict(pair.line([other.jwk("b"), pair.jwk("a")], named)) == true)
        #expect(verdict(pair.line([other.jwk("a"), pair.jwk("b")], named)) == false)
        #expect(verdict(pair.line([other.jwk("b"), pair.jwk("a")], bare)) == false)
        #expect(verdict(pair.line([foreign, pair.jwk("a")], named)) == true)
        #expect(verdict(pair.line([foreign, pair.jwk("a")], bare)) == false)
        #expect(verdict(pair.line([pair.jwk("a"), pair.jwk("a")], named)) == false)
        #expect(verdict(pair.line([], named)) == false)
        #expect(verdict(pair.line([other.jwk("a")], named)) == false)
        #expect(verdict(pair.line([pair.jwk("a")], try pair.token(#"{"alg":"\#(alg)"}"#, payload: ""))) == true)
    }

    @Test(
        "Every other header and every key not meant for this is refused",
        arguments: [
            #""crit":["exp"]"#, #""jwk":{}"#, #""jku":"https://evil.example""#, #""x5c":[]"#, #""b64":false"#,
            #""zip":"DEF""#, #""cty":"JWT""#, #""extra":1"#, #""alg":"ES256""#, #""typ":1"#, #""kid":null"#,
        ]
    )
    func refusesHeaders(_ member: String) throws {
        let pair = try Pair(.es256)
        let token = try pair.token(#"{"alg":"ES256",\#(member)}"#)
        #expect(verdict(pair.line([pair.jwk("a")], token)) == false)
    }

    @Test("alg, use and key_ops of the key are obeyed")
    func obeysKeys() throws {
        let pair = try Pair(.es256)
        let token = try pair.token(#"{"alg":"ES256"}"#)
        let good = pair.jwk()
        #expect(verdict(pair.line([good], token)) == true)
        for (old, new) in [
            (#""alg":"ES256","#, ""), (#""alg":"ES256""#, #""alg":"EdDSA""#), (#""use":"sig""#, #""use":"enc""#),
            (#""use":"sig""#, #""key_ops":["sign"]"#), (#""crv":"P-256""#, #""crv":"P-384""#),
            (#""kty":"EC""#, #""kty":"OKP""#), (#""use":"sig""#, #""d":"AA""#),
        ] {
            try #require(good.contains(old))
            #expect(verdict(pair.line([good.replacing(old, with: new)], token)) == false)
        }
        for (old, new) in [(#""use":"sig","#, ""), (#""use":"sig""#, #""key_ops":["verify"]"#)] {
            #expect(verdict(pair.line([good.replacing(old, with: new)], token)) == true)
        }
        #expect(verdict(pair.line([good], try pair.token(#"{"alg":"EdDSA"}"#))) == false)
        #expect(verdict(pair.line([good], try pair.token(#"{"typ":"JWT"}"#))) == false)
        #expect(verdict(pair.line([good], token + "=")) == false)
        #expect(verdict(pair.line([good], token + ".")) == false)
        #expect(verdict(pair.line([good], "")) == false)
    }

    @Test("Raw signatures are checked over hexadecimal of either case", arguments: SignatureAlgorithm.allCases)
    func checksRaw(_ algorithm: SignatureAlgorithm) throws {
        let pair = try Pair(algorithm)
        let signature = try pair.key.sign([0xAB, 0xCD]).map { byte in
            let text = String(byte, radix: 16)
            return byte < 16 ? "0" + text : text
        }.joined()
        func line(_ alg: String, _ jwk: String, _ message: String, _ signature: String) -> String {
            #"{"id":7,"kind":"raw","alg":"\#(alg)","jwk":\#(jwk),"msg":"\#(message)","sig":"\#(signature)"}"#
        }
        let (alg, jwk) = (pair.algorithm, pair.jwk())
        let other = algorithm == .es256 ? "EdDSA" : "ES256"
        #expect(verdict(line(alg, jwk, "abcd", signature)) == true)
        #expect(verdict(line(alg, jwk, "ABCD", signature.uppercased())) == true)
        #expect(verdict(line(alg, jwk, "abce", signature)) == false)
        #expect(verdict(line(alg, jwk, "abc", signature)) == false)
        #expect(verdict(line(alg, jwk, "0xabcd", signature)) == false)
        #expect(verdict(line(alg, jwk, "abcd", signature + "00")) == false)
        #expect(verdict(line(alg, jwk, "abcd", "")) == false)
        #expect(verdict(line(alg, jwk, "abcd", String(signature.dropLast(2)))) == false)
        #expect(verdict(line(other, jwk, "abcd", signature)) == false)
        #expect(verdict(line("none", jwk, "abcd", signature)) == false)
        #expect(verdict(line(alg, "null", "abcd", signature)) == false)
        #expect(
            JoseCheck.answer(line: Array(line(alg, jwk, "abcd", signature).utf8))
                == Array(#"{"id":7,"ok":true}"#.utf8)
        )
    }

    @Test(
        "A malformed line is not ok under its id",
        arguments: [
            #"{"id":"é\n","kind":"jws"}"#, #"{"id":"é\n"}"#, #"{"id":"é\n","kind":"other"}"#, #"{"id":"é\n","kind":1}"#,
            #"{"id":"é\n","kind":"jws","jwks":[],"token":1}"#, #"{"id":"é\n","kind":"raw","jwk":{},"msg":"","sig":""}"#,
            #"{"id":"é\n","kind":"jws","jwks":{"keys":[{"kty":"EC","kty":"EC"}]},"token":""}"#,
            #"{"jwks":{"id":"wrong"},"id" : "é\n", "token":"#, #"{"id":"é\n""#, #"{"id":"é\n",}"#, #"{"id":"é\n"} x"#,
            #"{"a":["id","x"],"b":"id","id":"é\n","id":"é\n"}"#, #"{"id":"é\n","x":[[[[[[[[[[[[[1]]]]]]]]]]]]]}"#,
        ]
    )
    func answersMalformedLines(_ line: String) throws {
        let verdict = try #require(JoseCheck.check(line: Array(line.utf8)))
        #expect(verdict.id == "é\n" && !verdict.ok)
        #expect(JoseCheck.answer(line: Array(line.utf8)) == Array(#"{"id":"é\n","ok":false}"#.utf8))
    }

    @Test(
        "A line without an id gets no answer",
        arguments: [
            "", " ", "{", "{}", "[]", "null", "x", #"{"id":null}"#, #"{"id":["a"]}"#, #"["id","a"]"#, #"{"id""#,
            #"{"id":"#,
            #"{"id":"a"#, #"{"a":{"id":"b"}"#, "{\"id\":\"\\ud800\"", "\u{0}", #"{"id":}"#, #"{"x":"id":"y"#,
        ]
    )
    func ignoresNamelessLines(_ line: String) {
        #expect(JoseCheck.check(line: Array(line.utf8)) == nil)
    }

    @Test("Every truncation and every changed byte of a line ends in a verdict or in none")
    func survivesChanges() throws {
        let bytes = try #require(VectorLine.all("rfc.jsonl").first { $0.expected }).bytes
        for index in bytes.indices {
            #expect(JoseCheck.check(line: Array(bytes.prefix(index)))?.ok != true)
            for value: UInt8 in [0x00, 0x22, 0x2C, 0x5C, 0x7B, 0x7D, 0xFF] {
                var changed = bytes
                changed[index] = value
                _ = JoseCheck.check(line: changed)
            }
        }
    }
}
