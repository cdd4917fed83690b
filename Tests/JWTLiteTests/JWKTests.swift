import JWTLite
import OpenSSLKit
import StrictJSON
import Testing

@Suite("JSON Web Keys")
struct JWKTests {
    static let x = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"
    static let y = "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"
    static let ed25519X = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"

    /// The members of the RFC 7515 appendix A.3 key with `alg`, name to JSON text.
    private static let members: [(name: String, json: String)] = [
        ("kty", "\"EC\""), ("crv", "\"P-256\""), ("alg", "\"ES256\""), ("x", "\"\(x)\""), ("y", "\"\(y)\""),
    ]

    /// That key with some members set to other JSON text, or left out for nil.
    private static func key(_ changes: [(String, String?)]) -> String {
        var all: [(String, String?)] = members.map { ($0.name, $0.json) }
        for (name, json) in changes {
            if let index = all.firstIndex(where: { $0.0 == name }) {
                all[index].1 = json
            } else {
                all.append((name, json))
            }
        }
        return "{" + all.compactMap { name, json in json.map { "\"\(name)\":\($0)" } }.joined(separator: ",") + "}"
    }

    private func parse(_ text: String) throws -> JWK {
        try JWK(parsing: JSONDocument(parsing: Array(text.utf8)).root)
    }

    @Test("The published keys have the published thumbprints")
    func computesThumbprints() throws {
        // RFC 8037 appendix A.3; the second was computed with another implementation.
        let edwards = #"{"kty":"OKP","crv":"Ed25519","alg":"EdDSA","x":"\#(Self.ed25519X)"}"#
        #expect(try parse(edwards).thumbprint == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k")
        #expect(try parse(Self.key([])).thumbprint == "oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U")
        #expect(
            try parse(Self.key([("kid", "\"k\""), ("use", "\"sig\""), ("x5t", "\"AA\"")])).thumbprint
                == "oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U"
        )
    }

    @Test("A key is written with its algorithm and use, and comes back", arguments: SignatureAlgorithm.allCases)
    func roundTrips(_ algorithm: SignatureAlgorithm) throws {
        let key = try SigningKey.generate(algorithm).verifyingKey
        var writer = JSONWriter()
        JWK(key: key, keyID: "k1").write(to: &writer)
        let root = try JSONDocument(parsing: writer.bytes).root
        #expect(root["use"]?.string == "sig" && root["alg"]?.string == algorithm.rawValue)
        #expect(root["d"] == nil)
        let again = try JWK(parsing: root)
        #expect(again.keyID == "k1" && again.algorithm == algorithm)
        #expect(again.key.x == key.x && again.key.y == key.y)
    }

    @Test(
        "Members without a meaning here are passed over",
        arguments: [
            ("x5c", "[\"MIIB\"]"), ("x5u", "\"https://evil.example\""), ("extra", "{\"a\":1}"), ("kid", "\"a\""),
            ("use", "\"sig\""), ("key_ops", "[\"verify\"]"), ("key_ops", "[\"sign\",\"verify\"]"), ("iat", "1"),
        ]
    )
    func accepts(_ name: String, _ json: String) throws {
        #expect(try parse(Self.key([(name, json)])).algorithm == .es256)
    }

    private static let refusals: [([(String, String?)], JWKError)] = [
        ([("alg", nil)], .missingMember("alg")), ([("kty", nil)], .missingMember("kty")),
        ([("crv", nil)], .missingMember("crv")), ([("x", nil)], .missingMember("x")),
        ([("y", nil)], .missingMember("y")),
        ([("alg", "null")], .invalidMember("alg")), ([("kty", "1")], .invalidMember("kty")),
        ([("crv", "[]")], .invalidMember("crv")), ([("x", "1")], .invalidMember("x")),
        ([("y", "null")], .invalidMember("y")),
        ([("alg", "\"EdDSA\"")], .unsupported), ([("alg", "\"HS256\"")], .unsupported),
        ([("alg", "\"none\"")], .unsupported), ([("alg", "\"ES384\"")], .unsupported),
        ([("alg", "\"\"")], .unsupported),
        ([("alg", "\"es256\"")], .unsupported), ([("alg", "\"ECDH-ES\"")], .unsupported),
        ([("kty", "\"OKP\"")], .unsupported), ([("kty", "\"RSA\"")], .unsupported),
        ([("kty", "\"oct\"")], .unsupported),
        ([("kty", "\"ec\"")], .unsupported), ([("crv", "\"P-384\"")], .unsupported),
        ([("crv", "\"secp256k1\"")], .unsupported), ([("crv", "\"Ed25519\"")], .unsupported),
        ([("d", "\"AA\"")], .privateKey), ([("d", "null")], .privateKey), ([("k", "\"AA\"")], .privateKey),
        ([("use", "\"enc\"")], .notForVerification), ([("use", "\"SIG\"")], .notForVerification),
        ([("use", "null")], .invalidMember("use")), ([("use", "[\"sig\"]")], .invalidMember("use")),
        ([("key_ops", "[]")], .notForVerification), ([("key_ops", "[\"sign\"]")], .notForVerification),
        ([("key_ops", "[\"encrypt\"]")], .notForVerification), ([("key_ops", "\"verify\"")], .invalidMember("key_ops")),
        ([("key_ops", "[\"verify\",\"verify\"]")], .invalidMember("key_ops")),
        ([("key_ops", "[\"verify\",1]")], .invalidMember("key_ops")),
        ([("use", "\"sig\""), ("key_ops", "[\"sign\"]")], .notForVerification),
        ([("kid", "1")], .invalidMember("kid")), ([("kid", "\"\"")], .invalidMember("kid")),
        ([("kid", "\"" + String(repeating: "k", count: 257) + "\"")], .invalidMember("kid")),
        ([("x", "\"\(x)=\"")], .invalidMember("x")), ([("x", "\"\(x.dropLast())\"")], .invalidMember("x")),
        ([("x", "\"AA\(x)\"")], .invalidMember("x")), ([("x", "\"\"")], .invalidMember("x")),
        ([("x", "\"\(x.dropLast())V\"")], .invalidMember("x")), ([("y", "\" \(y)\"")], .invalidMember("y")),
        ([("x", "\"\(y)\"")], .invalidKey), ([("y", "\"\(x)\"")], .invalidKey),
        (
            [("x", "\"\(String(repeating: "A", count: 43))\""), ("y", "\"\(String(repeating: "A", count: 43))\"")],
            .invalidKey
        ),
        ([("kty", "\"OKP\""), ("crv", "\"X25519\""), ("alg", "\"EdDSA\"")], .unsupported),
        ([("kty", "\"OKP\""), ("crv", "\"Ed448\""), ("alg", "\"EdDSA\"")], .unsupported),
        (
            [
                ("kty", "\"OKP\""), ("crv", "\"Ed25519\""), ("alg", "\"EdDSA\""),
                ("x", "\"\(String(repeating: "A", count: 43))\""),
            ], .invalidKey
        ),
    ]

    @Test("Keys that must not be used are refused, each for its reason", arguments: refusals)
    func refuses(_ changes: [(String, String?)], _ fault: JWKError) throws {
        #expect(throws: fault) { try parse(Self.key(changes)) }
    }

    @Test("What is not an object is no key", arguments: ["[]", "\"EC\"", "null", "1"])
    func refusesOtherKinds(_ text: String) throws {
        #expect(throws: JWKError.wrongShape) { try parse(text) }
    }

    @Test("A set comes back from its text")
    func roundTripsSets() throws {
        let keys = try SignatureAlgorithm.allCases.map { TokenSigner(key: try .generate($0)).jwk }
        let set = try JWKSet(parsing: JWKSet(keys: keys).serialized())
        #expect(set.keys.map(\.keyID) == keys.map(\.keyID))
        #expect(set.keys.map(\.thumbprint) == keys.map(\.keyID))
        #expect(String(decoding: JWKSet(keys: []).serialized(), as: UTF8.self) == #"{"keys":[]}"#)
    }

    @Test("A set of our own must be whole; in a foreign one unusable keys are passed over")
    func choosesKeys() throws {
        let text = #"{"keys":[{"kty":"RSA","alg":"RS256","n":"AQ","e":"AQAB"},\#(Self.key([])),1]}"#
        #expect(throws: JWKError.self) { try JWKSet(parsing: Array(text.utf8)) }
        let set = try JWKSet(parsing: Array(text.utf8), unusableKeys: .ignored)
        #expect(set.keys.count == 1 && set.listedCount == 3)
    }

    @Test("Sets of the wrong shape are refused")
    func refusesSets() throws {
        let key = Self.key([("kid", "\"a\"")])
        let cases: [(String, JWKError)] = [
            ("[]", .wrongShape), ("{}", .wrongShape), (#"{"keys":{}}"#, .wrongShape), (key, .wrongShape),
            (#"{"keys":[\#(key),\#(key)]}"#, .duplicateKeyID),
            (#"{"keys":[\#(Array(repeating: "{}", count: 65).joined(separator: ","))]}"#, .tooManyKeys),
        ]
        for (text, fault) in cases {
            #expect(throws: fault) { try JWKSet(parsing: Array(text.utf8), unusableKeys: .ignored) }
        }
        let error = try #require(throws: JWKError.self) { try JWKSet(parsing: Array(#"{"keys":[],"keys":[]}"#.utf8)) }
        #expect("\(error)" == "duplicate member at line 1, column 12")
    }
}
