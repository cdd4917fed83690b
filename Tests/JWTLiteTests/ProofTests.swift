import JWTLite
import OpenSSLKit
import Platform
import Testing

@Suite("Proofs of possession (DPoP)")
struct ProofTests {
    /// RFC 9449 section 4.1.
    static let tokenRequest =
        "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0Rs"
        + "cEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAt"
        + "MjU2In19.eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29t"
        + "L3Rva2VuIiwiaWF0IjoxNTYyMjYyNjE2fQ.2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJ"
        + "K70nfbV37xRZT3Lg"
    /// RFC 9449 section 7.1.
    static let resourceRequest =
        "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0Rs"
        + "cEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAt"
        + "MjU2In19.eyJqdGkiOiJlMWozVl9iS2ljOC1MQUVCIiwiaHRtIjoiR0VUIiwiaHR1IjoiaHR0cHM6Ly9yZXNvdXJjZS5leGFtcGxlLm9y"
        + "Zy9wcm90ZWN0ZWRyZXNvdXJjZSIsImlhdCI6MTU2MjI2MjYxOCwiYXRoIjoiZlVIeU8ycjJaM0RaNTNFc05yV0JiMHhXWG9hTnk1OUlp"
        + "S0NBcWtzbVFFbyJ9.2oW9RP35yRqzhrtNP86L-Ey71EOptxRimPPToA1plemAgR6pxHF8y6-yqyVnmcw6Fy1dqd-jfxSYoMxhAJpLjA"
    /// The access token of section 7.1.
    static let accessToken = Array("Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU".utf8)

    @Test("The proofs of RFC 9449 verify, with the thumbprint that section 6.1 gives")
    func vectors() throws {
        let rows: [(String, String, String, String, [UInt8]?, Int64)] = [
            (Self.tokenRequest, "POST", "https://server.example.com", "/token", nil, 1_562_262_616),
            (
                Self.resourceRequest, "GET", "https://resource.example.org", "/protectedresource", Self.accessToken,
                1_562_262_618
            ),
        ]
        for (text, method, base, path, token, time) in rows {
            let proof = try DPoPProof(parsing: Array(text.utf8))
            var expected = try ProofFixture.expectation(method: method, bases: [base], path: path, token: token)
            expected.now = UnixTime(seconds: time)
            try proof.check(expected)
            try proof.checkSignature()
            #expect(proof.key.thumbprint == "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I")
        }
        let hash = String(decoding: DPoPProof.hash(ofToken: Self.accessToken), as: UTF8.self)
        #expect(hash == "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo")
    }

    @Test("A good proof is good, with either algorithm", arguments: [SignatureAlgorithm.es256, .edDSA])
    func good(algorithm: SignatureAlgorithm) throws {
        let fixture = try ProofFixture(algorithm)
        #expect(ProofFixture.fault(try fixture.proof(), try ProofFixture.expectation()) == nil)
        let proof = try DPoPProof(parsing: Array(try fixture.proof().utf8))
        #expect(proof.key.thumbprint == fixture.signer.thumbprint)
        #expect(proof.id == Array("proof-1".utf8))
    }

    @Test("A known header is taken where it is the same to the byte, and the signature is checked all the same")
    func knownHeader() throws {
        let (fixture, other) = (try ProofFixture(), try ProofFixture())
        let first = try DPoPProof(parsing: Array(try fixture.proof().utf8))
        #expect(!first.hasKnownHeader)
        let again = try DPoPProof(parsing: Array(try fixture.proof().utf8), known: first.header)
        #expect(again.hasKnownHeader)
        try again.checkSignature()
        let foreign = try DPoPProof(parsing: Array(try other.proof().utf8), known: first.header)
        #expect(!foreign.hasKnownHeader)
        #expect(foreign.key.thumbprint == other.signer.thumbprint)

        // The known header in front of what another key signed.
        let parts = try other.proof().split(separator: ".")
        let header = try fixture.proof().split(separator: ".")[0]
        let spliced = try DPoPProof(parsing: Array("\(header).\(parts[1]).\(parts[2])".utf8), known: first.header)
        #expect(spliced.hasKnownHeader)
        #expect(throws: DPoPError.badSignature) { try spliced.checkSignature() }
    }

    @Test("Every attack on a proof is refused for its reason", arguments: proofAttacks)
    func refuses(attack: ProofAttack) throws {
        let text = try attack.make(try ProofFixture())
        #expect(ProofFixture.fault(text, try ProofFixture.expectation()) == attack.fault)
    }

    @Test("A proof with the hash of a token is none where no token is presented")
    func tokenlessRequest() throws {
        let fixture = try ProofFixture()
        let expected = try ProofFixture.expectation(token: nil)
        #expect(ProofFixture.fault(try fixture.proof(), expected) == .wrongToken)
        #expect(ProofFixture.fault(try fixture.proof(payload: ProofFixture.payload("ath", nil)), expected) == nil)
    }

    @Test("The key may say what WebCrypto's export says of it, and what agrees with the header")
    func exportedKeys() throws {
        let fixture = try ProofFixture()
        for more in [
            #","ext":true,"key_ops":["verify"]"#, #","ext":true,"key_ops":[]"#,
            #","alg":"ES256","use":"sig","kid":"k""#, #","ext":false"#,
        ] {
            let header = #"{"jwk":\#(fixture.jwk(more)),"alg":"ES256","typ":"dpop+jwt"}"#
            #expect(ProofFixture.fault(try fixture.proof(header: header), try ProofFixture.expectation()) == nil)
        }
    }

    @Test("Both twins of an ECDSA signature are taken: browsers do not choose the lower s")
    func highS() throws {
        let fixture = try ProofFixture()
        let parts = try fixture.proof().split(separator: ".")
        let low = try #require(Base64URL.decode(String(parts[2])))
        let high = low.prefix(32) + Self.orderMinus(Array(low.suffix(32)))
        let twin = "\(parts[0]).\(parts[1])." + Base64URL.encodeToString(Array(high))
        #expect(ProofFixture.fault(twin, try ProofFixture.expectation()) == nil)
        #expect(high != low[...])
        let message = Array("\(parts[0]).\(parts[1])".utf8)
        #expect(!fixture.key.verifyingKey.isValid(Array(high), for: message), "tokens go on having one spelling")
        #expect(fixture.key.verifyingKey.isValid(low, for: message))
    }

    /// n − s, both of 32 bytes.
    private static func orderMinus(_ s: [UInt8]) -> [UInt8] {
        let order: [UInt8] =
            [0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0] + Array(repeating: 0xFF, count: 8)
            + [0xBC, 0xE6, 0xFA, 0xAD, 0xA7, 0x17, 0x9E, 0x84, 0xF3, 0xB9, 0xCA, 0xC2, 0xFC, 0x63, 0x25, 0x51]
        var result: [UInt8] = []
        var borrow = 0
        for (left, right) in zip(order, s).reversed() {
            let difference = Int(left) - Int(right) - borrow
            borrow = difference < 0 ? 1 : 0
            result.insert(UInt8(truncatingIfNeeded: difference), at: 0)
        }
        return result
    }

    @Test(
        "Addresses that mean the same are the same",
        arguments: [
            "https://tokens.example/v1/widget/session", "HTTPS://Tokens.Example/v1/widget/session",
            "https://tokens.example:443/v1/widget/session", "https://tokens.example:/v1/widget/session",
            "https://tokens.example/v1/w%69dget/session", "https://tokens.example/%761/widget/session",
        ]
    )
    func sameTarget(target: String) throws {
        let fixture = try ProofFixture()
        let text = try fixture.proof(payload: ProofFixture.payload("htu", "\"\(target)\""))
        #expect(ProofFixture.fault(text, try ProofFixture.expectation()) == nil)
    }

    @Test("Normalising an address is done once and for all, and keeps what it must")
    func normalisation() throws {
        let rows: [(String, String?)] = [
            ("http://a", "http://a/"), ("http://A:80/", "http://a/"), ("http://a:8080", "http://a:8080/"),
            ("https://a:80/x", "https://a:80/x"), ("https://a/%2f%3a~%7E", "https://a/%2F%3A~~"),
            ("https://[::1]:8443/x", "https://[::1]:8443/x"), ("https://[FE80::A]/", "https://[fe80::a]/"),
            ("https://a/x/.well-known/y..z", "https://a/x/.well-known/y..z"), ("https://a//b", "https://a//b"),
            ("https://a/x/./y", nil), ("https://a/%", nil), ("https://a/%4", nil), ("https://a/%zz", nil),
            ("https://a:65536:1/", nil), ("https://a:123456/", nil), ("https://a b/", nil), ("https://é/", nil),
            ("ftp://a/", nil), ("https://", nil), ("", nil), ("https://[]/", nil), ("https://[::1]x/", nil),
        ]
        for (text, wanted) in rows {
            let result = TargetURI(parsing: Array(text.utf8))
            #expect(result.map { String(decoding: $0.bytes, as: UTF8.self) } == wanted, "\(text)")
            if let result { #expect(TargetURI(parsing: result.bytes) == result, "\(text)") }
        }
        #expect(TargetURI.base("https://a/prefix/").map { String(decoding: $0, as: UTF8.self) } == "https://a/prefix")
        #expect(TargetURI.path("/x?y=1").map { String(decoding: $0, as: UTF8.self) } == "/x")
        #expect(TargetURI.path("x") == nil)
    }

    @Test("No text makes the parser fail in another way than by its error")
    func anyText() throws {
        var state: UInt64 = 42
        func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state >> 33
        }
        let good = Array(try ProofFixture().proof().utf8)
        let expected = try ProofFixture.expectation()
        var refused = 0
        for _ in 0..<3000 {
            var text = good
            for _ in 0...(next() % 3) {
                let index = Int(next() % UInt64(text.count))
                switch next() % 3 {
                case 0: text[index] = UInt8(truncatingIfNeeded: next())
                case 1: text.remove(at: index)
                default: text.insert(UInt8(truncatingIfNeeded: next()), at: index)
                }
            }
            if ProofFixture.fault(String(decoding: text, as: UTF8.self), expected) != nil { refused += 1 }
        }
        #expect(refused > 2900)
    }
}
