import JWTLite
import OpenSSLKit
import Testing

/// One way to make a bad proof out of all that a good one needs, the key included, and the fault it must give.
struct ProofAttack: Sendable, CustomTestStringConvertible {
    let name: String
    let fault: DPoPError
    let make: @Sendable (ProofFixture) throws -> String

    var testDescription: String { name }

    init(_ name: String, _ fault: DPoPError, _ make: @escaping @Sendable (ProofFixture) throws -> String) {
        self.name = name
        self.fault = fault
        self.make = make
    }

    /// A properly signed proof with this header; `JWK` stands for the key, `X` and `Y` for its coordinates.
    static func header(_ name: String, _ fault: DPoPError, _ header: String) -> ProofAttack {
        ProofAttack(name, fault) { fixture in
            let x = Base64URL.encodeToString(fixture.key.verifyingKey.x)
            let y = Base64URL.encodeToString(fixture.key.verifyingKey.y ?? [])
            return try fixture.proof(
                header: header.replacing("JWK", with: fixture.jwk()).replacing("\"X\"", with: "\"\(x)\"")
                    .replacing("\"Y\"", with: "\"\(y)\"")
            )
        }
    }

    /// A properly signed proof with one claim set to other JSON text, or left out for nil.
    static func claim(_ claim: String, _ json: String?, _ fault: DPoPError) -> ProofAttack {
        ProofAttack("\(claim) is \(json?.prefix(60) ?? "missing")", fault) {
            try $0.proof(payload: ProofFixture.payload(claim, json))
        }
    }

    /// A good proof whose text is changed afterwards.
    static func text(
        _ name: String,
        _ fault: DPoPError,
        _ change: @escaping @Sendable (String) throws -> String
    ) -> ProofAttack {
        ProofAttack(name, fault) { try change(try $0.proof()) }
    }
}

private let proofAlgorithmAttacks: [ProofAttack] =
    ["none", "None", "", "HS256", "HS512", "RS256", "PS256", "ES384", "ES256K", "es256", "ES256 ", "dir"].map {
        .header("alg is \"\($0)\"", .unsupportedAlgorithm, #"{"typ":"dpop+jwt","alg":"\#($0)","jwk":JWK}"#)
    }
    + ["null", "1", #"["ES256"]"#].map {
        .header("alg is \($0)", .unsupportedAlgorithm, #"{"typ":"dpop+jwt","alg":\#($0),"jwk":JWK}"#)
    }
    + [.header("EdDSA with a P-256 key", .invalidKey, #"{"typ":"dpop+jwt","alg":"EdDSA","jwk":JWK}"#)]

private let proofTypeAttacks: [ProofAttack] = [
    "JWT", "jwt", "DPOP+JWT", "dpop+JWT", "application/dpop+jwt", "participant+jwt", "dpop", "", "dpop+jwt ",
].map { .header("typ is \"\($0)\"", .wrongType, #"{"typ":"\#($0)","alg":"ES256","jwk":JWK}"#) }

private let proofHeaderShapeAttacks: [ProofAttack] =
    [
        #""kid":"1""#, #""jku":"https://evil.example/jwks""#, #""x5c":["AA"]"#, #""x5u":"https://evil.example""#,
        #""x5t":"AA""#, #""crit":[]"#, #""b64":false"#, #""zip":"DEF""#, #""cty":"JWT""#, #""jwk2":{}"#,
        #""nonce":"n""#,
    ].map {
        .header("the header has \($0)", .headerRefused, #"{"typ":"dpop+jwt","alg":"ES256","jwk":JWK,\#($0)}"#)
    }
    + [
        .header("no jwk", .headerRefused, #"{"typ":"dpop+jwt","alg":"ES256"}"#),
        .header("kid in place of jwk", .headerRefused, #"{"typ":"dpop+jwt","alg":"ES256","kid":"1"}"#),
        .header("no typ", .headerRefused, #"{"alg":"ES256","jwk":JWK}"#),
        .header("no alg", .headerRefused, #"{"typ":"dpop+jwt","jwk":JWK}"#),
        .header("alg twice", .headerRefused, #"{"typ":"dpop+jwt","alg":"ES256","alg":"none","jwk":JWK}"#),
        .header("jwk twice", .headerRefused, #"{"typ":"dpop+jwt","alg":"ES256","jwk":JWK,"jwk":JWK}"#),
        .header("a list", .headerRefused, "[]"), .header("no JSON", .headerRefused, "{"),
    ]

private let proofKeyAttacks: [ProofAttack] =
    [
        (#""d":"AA""#, DPoPError.privateKey), (#""k":"AA""#, .privateKey), (#""p":"AA""#, .privateKey),
        (#""use":"enc""#, .invalidKey), (#""alg":"HS256""#, .invalidKey), (#""key_ops":["sign"]"#, .invalidKey),
        (#""key_ops":["verify","sign"]"#, .invalidKey), (#""key_ops":"verify""#, .invalidKey),
        (#""x5c":["AA"]"#, .invalidKey), (#""ext":1"#, .invalidKey), (#""extra":null"#, .invalidKey),
    ].map { more, fault in
        ProofAttack("the key has \(more)", fault) { fixture in
            try fixture.proof(header: #"{"typ":"dpop+jwt","alg":"ES256","jwk":\#(fixture.jwk("," + more))}"#)
        }
    }
    + [
        ("a string", #""X""#), ("null", "null"), ("no kty", #"{"crv":"P-256","x":"X","y":"Y"}"#),
        ("no crv", #"{"kty":"EC","x":"X","y":"Y"}"#), ("no x", #"{"kty":"EC","crv":"P-256","y":"Y"}"#),
        ("no y", #"{"kty":"EC","crv":"P-256","x":"X"}"#),
        ("another curve", #"{"kty":"EC","crv":"P-384","x":"X","y":"Y"}"#),
        ("another type", #"{"kty":"RSA","crv":"P-256","x":"X","y":"Y"}"#),
        ("x for y, which is off the curve", #"{"kty":"EC","crv":"P-256","x":"X","y":"X"}"#),
        ("x padded", #"{"kty":"EC","crv":"P-256","x":"AAA=","y":"Y"}"#),
        ("x short", #"{"kty":"EC","crv":"P-256","x":"AA","y":"Y"}"#),
    ].map { name, key in
        .header("jwk: \(name)", .invalidKey, #"{"typ":"dpop+jwt","alg":"ES256","jwk":\#(key)}"#)
    }

private let proofClaimAttacks: [ProofAttack] =
    [
        .claim("jti", nil, .missingClaim("jti")), .claim("jti", #""""#, .invalidClaim("jti")),
        .claim("jti", "1", .invalidClaim("jti")), .claim("jti", "null", .invalidClaim("jti")),
        .claim("jti", "\"\(String(repeating: "j", count: 129))\"", .invalidClaim("jti")),
        .claim("htm", nil, .missingClaim("htm")), .claim("htm", #""get""#, .wrongMethod),
        .claim("htm", #""POST""#, .wrongMethod), .claim("htm", #""GET ""#, .wrongMethod),
        .claim("htm", #"["GET"]"#, .invalidClaim("htm")),
        .claim("iat", nil, .missingClaim("iat")), .claim("iat", "1799999759", .tooOld), .claim("iat", "0", .tooOld),
        .claim("iat", "1800000031", .notYetValid), .claim("iat", "9223372036854775807", .notYetValid),
        .claim("iat", "-1", .invalidClaim("iat")), .claim("iat", "1799999990.5", .invalidClaim("iat")),
        .claim("iat", #""1799999990""#, .invalidClaim("iat")), .claim("iat", "1.8e9", .invalidClaim("iat")),
        .claim("ath", nil, .wrongToken), .claim("ath", #""""#, .invalidClaim("ath")),
        .claim("ath", "\"\(String(repeating: "A", count: 43))\"", .wrongToken),
        .claim("ath", "\"\(ProofFixture.hash)=\"", .invalidClaim("ath")), .claim("ath", "null", .invalidClaim("ath")),
        .claim("nonce", "1", .invalidClaim("nonce")),
        .claim("nonce", "\"\(String(repeating: "n", count: 129))\"", .invalidClaim("nonce")),
        .claim("extra", "[[[[[1]]]]]", .payloadRefused), .claim("htu", nil, .missingClaim("htu")),
        .claim("htu", "1", .invalidClaim("htu")),
    ]
    + [
        "http://tokens.example/v1/widget/session", "https://tokens.example.evil.example/v1/widget/session",
        "https://evil.example/v1/widget/session", "https://tokens.example:8443/v1/widget/session",
        "https://tokens.example/v1/widget/session/", "https://tokens.example/v1/widget/session/renew",
        "https://tokens.example/V1/widget/session", "https://tokens.example/v1/widget/session?a=1",
        "https://tokens.example/v1/widget/session#f", "https://user@tokens.example/v1/widget/session",
        "https://tokens.example/x/../v1/widget/session", "https://tokens.example/x/%2e%2e/v1/widget/session",
        "https://tokens.example/v1%2Fwidget/session", "https://tokens.example/v1/widget/session%00",
        "https://tokens.example//v1/widget/session", "/v1/widget/session", "tokens.example/v1/widget/session",
        "https://tokens.example", "https:///v1/widget/session", "https://tokens.example:0443/v1/widget/session",
        "https://tokens.example/v1/widget/session ", "https://tokens.example\\\\v1/widget/session",
        "javascript:https://tokens.example/v1/widget/session", "https://[::1/v1/widget/session",
    ].map { .claim("htu", "\"\($0)\"", .wrongTarget) }

private let proofShapeAttacks: [ProofAttack] = [
    .text("empty", .malformed) { _ in "" }, .text("one part", .malformed) { _ in "aaaa" },
    .text("two parts", .malformed) { $0.split(separator: ".").prefix(2).joined(separator: ".") },
    .text("four parts", .malformed) { $0 + ".AAAA" }, .text("a space at the end", .malformed) { $0 + " " },
    .text("two proofs in one field", .malformed) { $0 + "," + $0 }, .text("padding", .malformed) { $0 + "==" },
    .text("huge", .malformed) { String(repeating: "A", count: 4097) + "." + $0 },
    .text("a short signature", .badSignature) { String($0.dropLast(2)) },
    .text("a changed payload", .badSignature) { text in
        let parts = text.split(separator: ".")
        let payload = Base64URL.encodeToString(Array(ProofFixture.payload("jti", #""other""#).utf8))
        return "\(parts[0]).\(payload).\(parts[2])"
    },
    .text("r and s zero", .badSignature) { text in
        text.split(separator: ".").prefix(2).joined(separator: ".") + "." + String(repeating: "A", count: 86)
    },
    ProofAttack("the key of somebody else", .badSignature) { fixture in
        try ProofFixture().proof(header: fixture.header)
    },
    ProofAttack("a payload that is a list", .payloadRefused) { try $0.proof(payload: "[]") },
    ProofAttack("a claim twice", .payloadRefused) { fixture in
        try fixture.proof(payload: ProofFixture.payload().dropLast() + #","htm":"POST"}"#)
    },
    ProofAttack("a payload in UTF-16", .payloadRefused) { fixture in
        let wide = Array(ProofFixture.payload().utf8).flatMap { [$0, UInt8(0)] }
        let text = try fixture.signer.sign(header: Array(fixture.header.utf8), payload: wide)
        return String(decoding: text, as: UTF8.self)
    },
]

let proofAttacks: [ProofAttack] = {
    var all = proofAlgorithmAttacks
    for more in [
        proofTypeAttacks, proofHeaderShapeAttacks, proofKeyAttacks, proofClaimAttacks, proofShapeAttacks,
    ] {
        all += more
    }
    return all
}()
