import JWTLite
import OpenSSLKit
import Platform
import StrictJSON
import Testing

@Suite("Signing and verifying tokens")
struct TokenTests {
    @Test("A token that was signed verifies, and gives its claims", arguments: SignatureAlgorithm.allCases)
    func verifies(_ algorithm: SignatureAlgorithm) throws {
        let fixture = try TokenFixture(algorithm)
        let token = try fixture.token()
        let verified = try fixture.verifier.verify(
            token,
            type: TokenFixture.type,
            audience: TokenFixture.audience,
            now: TokenFixture.now
        )
        #expect(verified.keyID == fixture.signer.keyID && verified.keyID.utf8.count == 43)
        #expect(verified.type == TokenFixture.type && verified.issuer == TokenFixture.issuer)
        #expect(verified.audience == TokenFixture.audience && verified.subject == "sub_abc")
        #expect(verified.tokenID == "ptk_1")
        #expect(verified.issuedAt == UnixTime(seconds: 1_799_999_900))
        #expect(verified.notBefore == UnixTime(seconds: 1_799_999_900))
        #expect(verified.expiresAt == UnixTime(seconds: 1_800_000_800))
        #expect(verified.payload.root["env"]?.string == "live")
        #expect(fixture.fault(token, audience: nil) == nil)
    }

    @Test("The header is the precomputed one, members in order")
    func writesHeader() throws {
        let fixture = try TokenFixture()
        for type in ["invite+jwt", "participant+jwt", "other+jwt"] {
            let token = try fixture.signer.sign(type: type, payload: Array("{}".utf8))
            let header = try #require(Base64URL.decode(String(token.prefix { $0 != "." })))
            #expect(
                String(decoding: header, as: UTF8.self)
                    == #"{"alg":"ES256","kid":"\#(fixture.signer.keyID)","typ":"\#(type)"}"#
            )
        }
    }

    @Test("Other types and any order of header members are accepted where they are expected")
    func acceptsParsedHeaders() throws {
        let fixture = try TokenFixture()
        let kid = fixture.signer.keyID
        let reordered = #"{"typ":"participant+jwt", "kid":"\#(kid)", "\u0061lg":"ES256"}"#
        #expect(try fixture.fault(fixture.token(header: reordered)) == nil)
        let other = try fixture.signer.sign(type: "other+jwt", payload: Array(TokenFixture.payload().utf8))
        #expect(fixture.fault(other, type: "other+jwt") == nil)
        #expect(fixture.fault(other) == .wrongType)
    }

    @Test("Expiry has no leeway, the beginning 30 seconds")
    func checksTimes() throws {
        let fixture = try TokenFixture()
        let token = try fixture.token()
        let end = UnixTime(seconds: 1_800_000_800)
        #expect(fixture.fault(token, now: UnixTime(milliseconds: end.milliseconds - 1)) == nil)
        #expect(fixture.fault(token, now: end) == .expired)
        #expect(fixture.fault(token, now: UnixTime(seconds: .max)) == .expired)
        #expect(fixture.fault(token, now: UnixTime(seconds: 1_799_999_870)) == nil)
        #expect(fixture.fault(token, now: UnixTime(milliseconds: 1_799_999_869_999)) == .notYetValid)
        #expect(fixture.fault(token, now: UnixTime(seconds: .min)) == .notYetValid)
    }

    @Test("Ignoring expiry ignores expiry alone")
    func ignoresExpiry() throws {
        let fixture = try TokenFixture()
        let late = UnixTime(seconds: 1_900_000_000)
        let verified = try fixture.verifier.verifyIgnoringExpiry(
            fixture.token(),
            type: TokenFixture.type,
            audience: TokenFixture.audience,
            now: late
        )
        #expect(verified.isExpired(late) && !verified.isExpired(TokenFixture.now))
        #expect(throws: TokenError.wrongAudience) {
            try fixture.verifier.verifyIgnoringExpiry(
                fixture.token(),
                type: TokenFixture.type,
                audience: "x",
                now: late
            )
        }
        let forged = try TokenFixture().token(header: fixture.header)
        #expect(throws: TokenError.badSignature) {
            try fixture.verifier.verifyIgnoringExpiry(forged, type: TokenFixture.type, audience: nil, now: late)
        }
    }

    @Test("A verifier serves many keys of both kinds, and only those", arguments: [1, 2, 20])
    func servesManyKeys(_ count: Int) throws {
        let fixtures = try (0..<count).map { try TokenFixture($0.isMultiple(of: 2) ? .es256 : .edDSA) }
        let verifier = TokenVerifier(keys: fixtures.map(\.key.verifyingKey), issuer: TokenFixture.issuer)
        for fixture in fixtures {
            let verified = try verifier.verify(
                fixture.token(),
                type: TokenFixture.type,
                audience: nil,
                now: TokenFixture.now
            )
            #expect(verified.keyID == fixture.signer.keyID)
        }
        let stranger = try TokenFixture()
        #expect(throws: TokenError.unknownKey) {
            try verifier.verify(stranger.token(), type: TokenFixture.type, audience: nil, now: TokenFixture.now)
        }
        #expect(throws: TokenError.unknownKey) {
            try TokenVerifier(keys: [] as [VerifyingKey], issuer: TokenFixture.issuer)
                .verify(stranger.token(), type: TokenFixture.type, audience: nil, now: TokenFixture.now)
        }
    }

    @Test("A token lives at most as long as the limit says")
    func capsLifetime() throws {
        let fixture = try TokenFixture()
        let edge = try fixture.token(
            header: fixture.header,
            payload: TokenFixture.payload("exp", "\(1_799_999_900 + 31 * 86_400)")
        )
        #expect(fixture.fault(edge) == nil)
        let over = try fixture.token(
            header: fixture.header,
            payload: TokenFixture.payload("exp", "\(1_799_999_901 + 31 * 86_400)")
        )
        #expect(fixture.fault(over) == .lifetimeTooLong)
        let strict = TokenVerifier(
            keys: [fixture.key.verifyingKey],
            issuer: TokenFixture.issuer,
            limits: TokenLimits(lifetimeSecondsMax: 60)
        )
        #expect(throws: TokenError.lifetimeTooLong) {
            try strict.verify(fixture.token(), type: TokenFixture.type, audience: nil, now: TokenFixture.now)
        }
    }

    @Test("A token of 2,048 characters is the longest one")
    func limitsLength() throws {
        let fixture = try TokenFixture()
        for (fill, isAccepted) in [(1, true), (2000, false)] {
            let filler = "\"" + String(repeating: "x", count: fill) + "\""
            let token = try fixture.token(header: fixture.header, payload: TokenFixture.payload("fill", filler))
            #expect(fixture.fault(token) == (isAccepted ? nil : .malformed))
        }
        let empty = try fixture.token(header: fixture.header, payload: TokenFixture.payload("fill", "\"\""))
        let room = (2048 - empty.utf8.count) / 4 * 3
        let longest = try (room - 3..<room + 4).map { room in
            try fixture.token(
                header: fixture.header,
                payload: TokenFixture.payload("fill", "\"" + String(repeating: "x", count: room) + "\"")
            )
        }
        for token in longest { #expect((fixture.fault(token) == nil) == (token.utf8.count <= 2048)) }
        #expect(longest.contains { $0.utf8.count > 2048 } && longest.contains { $0.utf8.count <= 2048 })
    }
}
