import Foundation
import JWTLite
import Testing

/// Attacks on the compact form: parts, alphabet, padding, length.
let shapeAttacks: [Attack] = [
    Attack("no characters", .malformed) { _ in "" },
    Attack("one dot", .malformed) { _ in "." },
    Attack("two dots", .malformed) { _ in ".." },
    Attack("four dots, the form of a JWE", .malformed) { _ in "a.b.c.d.e" },
    .text("header missing", .malformed) { String($0.drop { $0 != "." }) },
    .text("signature missing", .malformed) { String($0.prefix(through: $0.lastIndex(of: ".") ?? $0.startIndex)) },
    .text("signature and its dot missing", .malformed) {
        String($0.prefix(upTo: $0.lastIndex(of: ".") ?? $0.startIndex))
    },
    .text("payload empty", .badSignature) { token in
        let parts = token.split(separator: ".")
        return "\(parts[0])..\(parts[2])"
    },
    .text("a fourth part", .malformed) { $0 + ".AAAA" },
    .text("an empty fourth part", .malformed) { $0 + "." },
    .text("a leading dot", .malformed) { "." + $0 },
    .text("a doubled dot", .malformed) { $0.replacingOccurrences(of: ".", with: "..") },
    .text("a leading space", .malformed) { " " + $0 },
    .text("a trailing space", .malformed) { $0 + " " },
    .text("a trailing line feed", .malformed) { $0 + "\n" },
    .text("a trailing CR LF", .malformed) { $0 + "\r\n" },
    .text("a trailing NUL", .malformed) { $0 + "\u{0}" },
    .text("a byte order mark", .malformed) { "\u{FEFF}" + $0 },
    .text("a scheme before it", .malformed) { "Bearer " + $0 },
    .text("quotation marks round it", .malformed) { "\"\($0)\"" },
    .text("signature with padding", .malformed) { $0 + "==" },
    .text("signature with one padding character", .malformed) { $0 + "=" },
    .text("signature one character short", .malformed) { String($0.dropLast()) },
    .text("signature one character long", .malformed) { $0 + "AAA" },
    .text("a space inside the signature", .malformed) { String($0.dropLast(4)) + " " + $0.suffix(4) },
    .text("a line feed inside the signature", .malformed) { String($0.dropLast(4)) + "\n" + $0.suffix(4) },
    .text("a plus sign in the signature", .malformed) { String($0.dropLast(8)) + "+" + $0.suffix(7) },
    .text("a slash in the signature", .malformed) { String($0.dropLast(8)) + "/" + $0.suffix(7) },
    .text("a percent escape in the signature", .malformed) { String($0.dropLast(8)) + "%2D" + $0.suffix(7) },
    .text("a letter beyond ASCII in the signature", .malformed) { String($0.dropLast(8)) + "\u{E9}" + $0.suffix(7) },
    .text("a full-width letter in the signature", .malformed) { String($0.dropLast(8)) + "\u{FF21}" + $0.suffix(7) },
    .text("2,049 characters", .malformed) { $0 + String(repeating: "A", count: 2049 - $0.utf8.count) },
    .text("a megabyte", .malformed) { $0 + String(repeating: "A", count: 1 << 20) },
    Attack("a megabyte of dots", .malformed) { _ in String(repeating: ".", count: 1 << 20) },
    Attack("the JSON serialization (RFC 7515 section 7.2)", .malformed) { fixture in
        let parts = try fixture.token().split(separator: ".")
        return #"{"payload":"\#(parts[1])","protected":"\#(parts[0])","signature":"\#(parts[2])"}"#
    },
    Attack("header with padding, signed so", .malformed) { fixture in
        try fixture.token(encodedHeader: Base64URL.encodeToString(Array(fixture.header.utf8)) + "=")
    },
    Attack("header with white space, signed so", .malformed) { fixture in
        let header = Base64URL.encodeToString(Array(fixture.header.utf8))
        return try fixture.token(encodedHeader: header.prefix(4) + "\n" + header.dropFirst(4))
    },
    Attack("header with idle bits set, signed so", .malformed) { fixture in
        // Two characters in the last group leave four bits idle; a space in the text brings the length there.
        let spaces = String(repeating: " ", count: (4 - fixture.header.utf8.count % 3) % 3)
        let text = Base64URL.encodeToString(Array((fixture.header + spaces).utf8))
        try #require(text.utf8.count % 4 == 2)
        let next = ["Q": "R", "A": "B", "g": "h"][String(text.suffix(1))]
        return try fixture.token(encodedHeader: text.dropLast() + #require(next))
    },
    Attack("payload with padding, signed so", .malformed) { fixture in
        let header = Base64URL.encodeToString(Array(fixture.header.utf8))
        let payload = Base64URL.encodeToString(Array(TokenFixture.payload().utf8))
        return try fixture.token(encodedHeader: header, encodedPayload: payload + "=")
    },
    Attack("payload with a space, signed so", .malformed) { fixture in
        let header = Base64URL.encodeToString(Array(fixture.header.utf8))
        let payload = Base64URL.encodeToString(Array(TokenFixture.payload().utf8))
        return try fixture.token(encodedHeader: header, encodedPayload: payload.prefix(8) + " " + payload.dropFirst(8))
    },
    Attack("payload not encoded, signed so (b64 false, RFC 7797)", .malformed) { fixture in
        let header = Base64URL.encodeToString(Array(fixture.header.utf8))
        return try fixture.token(encodedHeader: header, encodedPayload: #"{"sub":"x"}"#)
    },
    Attack("payload empty, signed so", .payloadRefused) { fixture in
        let header = Base64URL.encodeToString(Array(fixture.header.utf8))
        return try fixture.token(encodedHeader: header, encodedPayload: "")
    },
]
