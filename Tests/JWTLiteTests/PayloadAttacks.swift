import JWTLite

/// Attacks on the payload as a text, signed properly.
let payloadAttacks: [Attack] = [
    .payload("payload is a list", .payloadRefused, "[\(TokenFixture.payload())]"),
    .payload("payload is a string", .payloadRefused, "\"sub\""),
    .payload("payload is a number", .payloadRefused, "1"),
    .payload("payload is null", .payloadRefused, "null"),
    .payload("payload is not JSON", .payloadRefused, "iss=x"),
    .payload("payload is another token, nested", .payloadRefused, "eyJhbGciOiJub25lIn0.e30."),
    .payload("payload after a byte order mark", .payloadRefused, "\u{FEFF}" + TokenFixture.payload()),
    .payload("payload with bytes after it", .payloadRefused, TokenFixture.payload() + "x"),
    .payload("payload with a NUL after it", .payloadRefused, TokenFixture.payload() + "\u{0}"),
    .payload("two payloads", .payloadRefused, TokenFixture.payload() + TokenFixture.payload()),
    .payload("payload cut short", .payloadRefused, String(TokenFixture.payload().dropLast())),
    .payload("payload with a trailing comma", .payloadRefused, TokenFixture.payload().dropLast() + ",}"),
    .payload("aud twice", .payloadRefused, TokenFixture.payload().dropLast() + ",\"aud\":\"ws_02/participant\"}"),
    .payload("exp twice", .payloadRefused, TokenFixture.payload().dropLast() + ",\"exp\":1800000900}"),
    .payload("sub twice, once escaped", .payloadRefused, TokenFixture.payload().dropLast() + ",\"\\u0073ub\":\"x\"}"),
    .payload("a private claim twice", .payloadRefused, TokenFixture.payload().dropLast() + ",\"env\":\"test\"}"),
    .payload("payload too deep", .payloadRefused, TokenFixture.payload("deep", "[[[[]]]]")),
    .payload(
        "payload with too many values",
        .payloadRefused,
        TokenFixture.payload("many", "[" + String(repeating: "0,", count: 80) + "0]")
    ),
    .payload("payload with a lone surrogate", .payloadRefused, TokenFixture.payload("x", "\"\\udc00\"")),
    .payload("payload with a control character", .payloadRefused, TokenFixture.payload("x", "\"\u{1}\"")),
    .payload(
        "payload with a number of many digits",
        .payloadRefused,
        TokenFixture.payload("x", String(repeating: "9", count: 300))
    ),
    .payload("payload without members", .missingClaim("iss"), "{}"),
]

private let timeClaims = ["exp", "nbf", "iat"]
private let textClaims = ["iss", "aud", "sub", "jti"]

private let missingAttacks: [Attack] = (textClaims + timeClaims).map { .claim($0, nil, .missingClaim($0)) }

private let mistypedAttacks: [Attack] =
    textClaims.flatMap { claim in
        ["null", "1", "true", "[]", "{}", "[\"\(claim)\"]"].map { .claim(claim, $0, .invalidClaim(claim)) }
    }
    + ["aud", "sub", "jti"].map { .claim($0, "\"\"", .invalidClaim($0)) }
    + timeClaims.flatMap { claim in
        [
            "null", "true", "\"1800000800\"", "\"\"", "[]", "{}", "[1800000800]", "1800000800.0", "1800000800.5",
            "18000008e2", "1.8000008e9", "1e400", "-1", "-1800000800", "9223372036854775808", "-9223372036854775809",
            "99999999999999999999",
        ].map { .claim(claim, $0, .invalidClaim(claim)) }
    }

private let audienceAttacks: [Attack] = [
    ("aud", "[\"ws_01/participant\"]", .invalidClaim("aud")),
    ("aud", "[\"ws_01/participant\",\"ws_02/participant\"]", .invalidClaim("aud")),
    ("aud", "\"ws_02/participant\"", .wrongAudience), ("aud", "\"ws_01/invite\"", .wrongAudience),
    ("aud", "\"ws_01/participant \"", .wrongAudience), ("aud", "\"WS_01/participant\"", .wrongAudience),
    ("aud", "\"ws_01/participant/\"", .wrongAudience), ("aud", "\"ws_01\"", .wrongAudience),
    ("aud", "\"*\"", .wrongAudience), ("aud", "\"ws_01/participant\\u0000\"", .wrongAudience),
].map { .claim($0, $1, $2) }

private let issuerAttacks: [Attack] = [
    "https://evil.example", "https://tokens.example/", "http://tokens.example", "https://tokens.example.evil.example",
    "https://TOKENS.example", "https://tokens.example:443", "tokens.example", "", " https://tokens.example",
    "https://tokens.example\\u0000",
].map { .claim("iss", "\"\($0)\"", .wrongIssuer) }

private let timeAttacks: [Attack] = [
    ("exp", "1800000000", .expired), ("exp", "1799999999", .expired), ("exp", "1799999901", .expired),
    ("exp", "0", .invalidClaim("exp")), ("exp", "1799999900", .invalidClaim("exp")),
    ("exp", "1799999899", .invalidClaim("exp")), ("exp", "1800000800000", .lifetimeTooLong),
    ("exp", "9223372036854775807", .lifetimeTooLong), ("exp", "253402300799", .lifetimeTooLong),
    ("nbf", "1800000031", .notYetValid), ("nbf", "1800000000000", .notYetValid),
    ("nbf", "9223372036854775807", .notYetValid), ("iat", "1800000031", .notYetValid),
    ("iat", "9223372036854775807", .notYetValid), ("iat", "1799999900000", .notYetValid),
    ("iat", "0", .lifetimeTooLong),
].map { .claim($0, $1, $2) }

/// Attacks on single claims, signed properly.
let claimAttacks = missingAttacks + mistypedAttacks + audienceAttacks + issuerAttacks + timeAttacks
