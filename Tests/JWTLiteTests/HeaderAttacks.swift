import Foundation
import JWTLite
import OpenSSLKit

private let algorithmAttacks: [Attack] =
    [
        "none", "None", "NONE", "nOnE", "NoNe", "none ", " none", "", "HS256", "HS384", "HS512", "RS256", "RS384",
        "RS512",
        "PS256", "PS384", "PS512", "ES384", "ES512", "ES256K", "EdDSA", "Ed25519", "es256", "Es256", "ES256 ", " ES256",
        "ES256\\u0000", "SHA256withECDSA", "RSA-OAEP", "PBES2-HS256+A128KW", "dir", "A128KW", "ECDH-ES",
    ].map {
        .header("alg is \"\($0)\"", .headerRefused, #"{"alg":"\#($0)","kid":"KID","typ":"participant+jwt"}"#)
    }
    + ["null", "true", "256", "[\"ES256\"]", "{\"ES256\":1}", "[]"].map {
        .header("alg is \($0)", .headerRefused, #"{"alg":\#($0),"kid":"KID","typ":"participant+jwt"}"#)
    }

private let extraMemberAttacks: [Attack] = [
    ("jwk", #"{"kty":"EC","crv":"P-256","alg":"ES256","x":"AA","y":"AA"}"#), ("jwk", "null"),
    ("jku", #""https://evil.example/jwks.json""#), ("x5u", #""https://evil.example/cert.pem""#),
    ("x5c", #"["MIIB"]"#), ("x5t", #""AAAA""#), ("x5t#S256", #""AAAA""#), ("crit", "[]"), ("crit", #"["exp"]"#),
    ("crit", #"["b64"]"#), ("b64", "false"), ("b64", "true"), ("zip", #""DEF""#), ("cty", #""JWT""#),
    ("enc", #""A256GCM""#),
    ("p2c", "2147483648"), ("p2s", #""AAAA""#), ("epk", "{}"), ("apu", #""AA""#), ("iss", #""https://tokens.example""#),
    ("nonce", #""1""#), ("url", #""https://tokens.example""#), ("", #""""#), ("ALG", #""none""#), ("Kid", #""x""#),
    ("__proto__", "{}"), ("extra", "null"),
].map { name, json in
    .header(
        "\(name.isEmpty ? "an empty name" : name): \(json) in the header",
        .headerRefused,
        #"{"alg":"ES256","kid":"KID","typ":"participant+jwt","\#(name)":\#(json)}"#
    )
}

private let keyIDAttacks: [Attack] =
    [
        "../../../../../../dev/null", "/dev/null", "' OR '1'='1", "x' UNION SELECT 'key'--", "; sleep 5", "$(id)",
        "`id`",
        "https://evil.example/key", "", "KID ", " KID", "KID\\u0000", "KID/../KID", "kid", "*", "%00", "..", "0",
    ].map {
        .header("kid is \"\($0)\"", .unknownKey, #"{"alg":"ES256","kid":"\#($0)","typ":"participant+jwt"}"#)
    }
    + ["null", "1", "true", "[\"KID\"]", "{\"kid\":\"KID\"}"].map {
        .header("kid is \($0)", .headerRefused, #"{"alg":"ES256","kid":\#($0),"typ":"participant+jwt"}"#)
    }
    + [
        Attack("kid of 70,000 characters", .malformed) {
            try $0.token(
                header: #"{"alg":"ES256","kid":"\#(String(repeating: "k", count: 70_000))","typ":"participant+jwt"}"#
            )
        },
        Attack("kid of 600 characters", .headerRefused) {
            try $0.token(
                header: #"{"alg":"ES256","kid":"\#(String(repeating: "k", count: 600))","typ":"participant+jwt"}"#
            )
        },
        Attack("kid in another case", .unknownKey) {
            try $0.token(
                header: #"{"alg":"ES256","kid":"\#($0.signer.keyID.swappingCase)","typ":"participant+jwt"}"#
            )
        },
    ]

private let typeAttacks: [Attack] =
    [
        "JWT", "jwt", "at+jwt", "invite+jwt", "Participant+JWT", "PARTICIPANT+JWT", "application/participant+jwt",
        "participant+jwt ", " participant+jwt", "participant+jwt;v=1", "participant", "", "participant+jwt\\u0000",
        "dpop+jwt", "logout+jwt", "JOSE",
    ].map {
        .header("typ is \"\($0)\"", .wrongType, #"{"alg":"ES256","kid":"KID","typ":"\#($0)"}"#)
    }
    + ["null", "1", "[\"participant+jwt\"]", "{}"].map {
        .header("typ is \($0)", .headerRefused, #"{"alg":"ES256","kid":"KID","typ":\#($0)}"#)
    }

private let headerShapeAttacks: [Attack] = [
    .header("header without alg", .headerRefused, #"{"kid":"KID","typ":"participant+jwt"}"#),
    .header("header without kid", .headerRefused, #"{"alg":"ES256","typ":"participant+jwt"}"#),
    .header("header without typ", .headerRefused, #"{"alg":"ES256","kid":"KID"}"#),
    .header("header without members", .headerRefused, "{}"),
    .header(
        "alg twice, the bad one last",
        .headerRefused,
        #"{"alg":"ES256","kid":"KID","typ":"participant+jwt","alg":"none"}"#
    ),
    .header(
        "alg twice, the bad one first",
        .headerRefused,
        #"{"alg":"none","alg":"ES256","kid":"KID","typ":"participant+jwt"}"#
    ),
    .header(
        "alg twice, once escaped",
        .headerRefused,
        #"{"alg":"ES256","\u0061lg":"none","kid":"KID","typ":"participant+jwt"}"#
    ),
    .header("kid twice", .headerRefused, #"{"alg":"ES256","kid":"KID","kid":"KID","typ":"participant+jwt"}"#),
    .header(
        "typ twice",
        .headerRefused,
        #"{"alg":"ES256","kid":"KID","typ":"participant+jwt","typ":"participant+jwt"}"#
    ),
    .header("header is a list", .headerRefused, #"[{"alg":"ES256","kid":"KID","typ":"participant+jwt"}]"#),
    .header("header is a string", .headerRefused, #""ES256""#),
    .header("header is null", .headerRefused, "null"),
    .header("header is not JSON", .headerRefused, "alg=ES256"),
    .header("header with a trailing comma", .headerRefused, #"{"alg":"ES256","kid":"KID","typ":"participant+jwt",}"#),
    .header("header with a comment", .headerRefused, #"{"alg":"ES256",/**/"kid":"KID","typ":"participant+jwt"}"#),
    .header(
        "header with single quotation marks",
        .headerRefused,
        "{'alg':'ES256','kid':'KID','typ':'participant+jwt'}"
    ),
    .header("header with bytes after it", .headerRefused, #"{"alg":"ES256","kid":"KID","typ":"participant+jwt"}x"#),
    .header("two headers", .headerRefused, #"{"alg":"ES256","kid":"KID","typ":"participant+jwt"}{"alg":"none"}"#),
    .header(
        "header after a byte order mark",
        .headerRefused,
        "\u{FEFF}" + #"{"alg":"ES256","kid":"KID","typ":"participant+jwt"}"#
    ),
    .header("header with a NUL", .headerRefused, "\u{0}" + #"{"alg":"ES256","kid":"KID","typ":"participant+jwt"}"#),
    .header("header nested", .headerRefused, #"{"header":{"alg":"ES256","kid":"KID","typ":"participant+jwt"}}"#),
    .header(
        "header with a lone surrogate",
        .headerRefused,
        #"{"alg":"ES256","kid":"KID\ud800","typ":"participant+jwt"}"#
    ),
    Attack("header of ill-formed UTF-8", .headerRefused) { fixture in
        try fixture.token(encodedHeader: Base64URL.encodeToString([0x7B, 0xFF, 0x7D]))
    },
    Attack("header of the key's other algorithm", .headerRefused) { fixture in
        let other = try TokenFixture(.edDSA)
        return try other.token(header: fixture.header.replacingOccurrences(of: "ES256", with: "EdDSA"))
    },
    Attack("HMAC over the public key as secret", .headerRefused) { fixture in
        let header = Base64URL.encodeToString(Array(fixture.header.replacing("ES256", with: "HS256").utf8))
        let input = header + "." + Base64URL.encodeToString(Array(TokenFixture.payload().utf8))
        let secret = SecretBytes(TokenSigner(key: fixture.key).jwkText)
        return try input + "." + Base64URL.encodeToString(HMACSHA256Key(secret).authenticate(Array(input.utf8)).bytes)
    },
    Attack("no algorithm and no signature", .malformed) { fixture in
        let header = Base64URL.encodeToString(Array(fixture.header.replacing("ES256", with: "none").utf8))
        return header + "." + Base64URL.encodeToString(Array(TokenFixture.payload().utf8)) + "."
    },
]

extension TokenSigner {
    /// The JSON text of the public key.
    var jwkText: [UInt8] { JWKSet(keys: [jwk]).serialized() }
}

extension String {
    /// Each letter in the other case.
    var swappingCase: String {
        String(map { $0.isUppercase ? Character($0.lowercased()) : Character($0.uppercased()) })
    }
}

/// Attacks on the header, each of them signed properly, so that only the header can be the cause.
let headerAttacks = algorithmAttacks + extraMemberAttacks + keyIDAttacks + typeAttacks + headerShapeAttacks
