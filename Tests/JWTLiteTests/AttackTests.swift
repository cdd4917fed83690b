import JWTLite
import OpenSSLKit
import Platform
import Testing

/// One way to make a bad token out of all that a good one needs, the key included, and the fault it must give.
struct Attack: Sendable, CustomTestStringConvertible {
    let name: String
    let fault: TokenError
    let make: @Sendable (TokenFixture) throws -> String

    var testDescription: String { name }

    init(_ name: String, _ fault: TokenError, _ make: @escaping @Sendable (TokenFixture) throws -> String) {
        self.name = name
        self.fault = fault
        self.make = make
    }

    /// A properly signed token with this header; `KID` stands for the key's.
    static func header(_ name: String, _ fault: TokenError, _ header: String) -> Attack {
        Attack(name, fault) {
            try $0.token(header: header.replacing("KID", with: $0.signer.keyID))
        }
    }

    /// A properly signed token with the issued header and one claim set to other JSON text, or left out for nil.
    static func claim(_ claim: String, _ json: String?, _ fault: TokenError) -> Attack {
        Attack("\(claim) is \(json?.prefix(40) ?? "missing")", fault) {
            try $0.token(header: $0.header, payload: TokenFixture.payload(claim, json))
        }
    }

    /// A properly signed token with the issued header and this payload.
    static func payload(_ name: String, _ fault: TokenError, _ payload: String) -> Attack {
        Attack(name, fault) { try $0.token(header: $0.header, payload: payload) }
    }

    /// A good token whose text is changed afterwards.
    static func text(_ name: String, _ fault: TokenError, _ change: @escaping @Sendable (String) -> String) -> Attack {
        Attack(name, fault) { change(try $0.token()) }
    }

    /// A good token whose signature is replaced; `change` gets r ‖ s and gives the bytes to put there.
    static func signature(_ name: String, _ change: @escaping @Sendable ([UInt8]) throws -> [UInt8]) -> Attack {
        Attack(name, .badSignature) { fixture in
            let parts = try fixture.token().split(separator: ".")
            let signature = try #require(Base64URL.decode(String(parts[2])))
            return "\(parts[0]).\(parts[1])." + Base64URL.encodeToString(try change(signature))
        }
    }
}

@Suite("Attacks on tokens")
struct AttackTests {
    static let all = shapeAttacks + headerAttacks + signatureAttacks + payloadAttacks + claimAttacks

    @Test("Every attack is refused for its reason", arguments: all)
    func refuses(_ attack: Attack) throws {
        let fixture = try TokenFixture()
        // The same fixture accepts the good token: only the attack's one change can be the cause.
        #expect(try fixture.fault(fixture.token()) == nil)
        let token = try attack.make(fixture)
        #expect(fixture.fault(token) == attack.fault)
        // Where expiry is ignored, it is the only thing that is.
        let isAccepted = acceptsIgnoringExpiry(token, fixture)
        #expect(isAccepted == (attack.fault == .expired))
    }

    private func acceptsIgnoringExpiry(_ token: String, _ fixture: TokenFixture) -> Bool {
        do throws(TokenError) {
            _ = try fixture.verifier.verifyIgnoringExpiry(
                token,
                type: TokenFixture.type,
                audience: TokenFixture.audience,
                now: TokenFixture.now
            )
            return true
        } catch {
            return false
        }
    }

    @Test("There are at least a hundred attacks, each with a name of its own")
    func countsAttacks() {
        #expect(Self.all.count >= 100)
        #expect(Set(Self.all.map(\.name)).count == Self.all.count)
    }

    @Test("Every flipped bit of a token is refused", arguments: SignatureAlgorithm.allCases)
    func refusesFlippedBits(_ algorithm: SignatureAlgorithm) throws {
        let fixture = try TokenFixture(algorithm)
        let token = try Array(fixture.token().utf8)
        for bit in 0..<(token.count * 8) {
            var changed = token
            changed[bit / 8] ^= 1 << (bit % 8)
            #expect(fixture.fault(String(decoding: changed, as: UTF8.self)) != nil, "bit \(bit)")
        }
        #expect(fixture.fault(String(decoding: token, as: UTF8.self)) == nil)
    }

    @Test("Every truncation of a token is refused", arguments: SignatureAlgorithm.allCases)
    func refusesTruncations(_ algorithm: SignatureAlgorithm) throws {
        let fixture = try TokenFixture(algorithm)
        let token = try fixture.token()
        for count in 0..<token.utf8.count {
            #expect(fixture.fault(String(token.prefix(count))) != nil)
            #expect(fixture.fault(String(token.dropFirst(count + 1))) != nil)
        }
    }

    @Test("Every second spelling of the last signature character is refused")
    func refusesIdleBits() throws {
        let fixture = try TokenFixture()
        let token = try fixture.token()
        let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
        let accepted = alphabet.filter { fixture.fault(String(token.dropLast()) + String($0)) == nil }
        #expect(accepted.map(String.init) == [String(token.suffix(1))])
    }

    @Test("A key of one algorithm does not take signatures of the other")
    func separatesAlgorithms() throws {
        let (ecdsa, edDSA) = try (TokenFixture(.es256), TokenFixture(.edDSA))
        let verifier = TokenVerifier(
            keys: [
                IdentifiedKey(keyID: "a", key: ecdsa.key.verifyingKey),
                IdentifiedKey(keyID: "b", key: edDSA.key.verifyingKey),
            ],
            issuer: TokenFixture.issuer
        )
        let cases: [(TokenFixture, String, String, TokenError?)] = [
            (ecdsa, "ES256", "a", nil), (edDSA, "EdDSA", "b", nil),
            (ecdsa, "ES256", "b", .headerRefused), (edDSA, "EdDSA", "a", .headerRefused),
            (edDSA, "ES256", "a", .badSignature), (ecdsa, "EdDSA", "b", .badSignature),
        ]
        for (fixture, algorithm, keyID, fault) in cases {
            let token = try fixture.token(
                header: #"{"alg":"\#(algorithm)","kid":"\#(keyID)","typ":"\#(TokenFixture.type)"}"#
            )
            do throws(TokenError) {
                _ = try verifier.verify(token, type: TokenFixture.type, audience: nil, now: TokenFixture.now)
                #expect(fault == nil)
            } catch {
                #expect(error == fault)
            }
        }
    }
}
