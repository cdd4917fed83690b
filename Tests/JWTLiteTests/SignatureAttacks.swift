import JWTLite
import OpenSSLKit
import Testing

private let order: [UInt8] = [
    0xFF, 0xFF, 0xFF, 0xFF, 0x00, 0x00, 0x00, 0x00, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
    0xBC, 0xE6, 0xFA, 0xAD, 0xA7, 0x17, 0x9E, 0x84, 0xF3, 0xB9, 0xCA, 0xC2, 0xFC, 0x63, 0x25, 0x51,
]

/// n − value, both of 32 bytes.
private func negated(_ value: ArraySlice<UInt8>) -> [UInt8] {
    var result = order
    var borrow = 0
    for (index, byte) in zip(result.indices, value).reversed() {
        let difference = Int(result[index]) - Int(byte) - borrow
        borrow = difference < 0 ? 1 : 0
        result[index] = UInt8(truncatingIfNeeded: difference)
    }
    return result
}

private let zero = [UInt8](repeating: 0, count: 32)
private let one = [UInt8](repeating: 0, count: 31) + [1]
private let orderMinusOne: [UInt8] = order.dropLast() + [0x50]

/// Attacks on the bytes of an ES256 signature (r ‖ s), header and payload being good.
let signatureAttacks: [Attack] = [
    .signature("r = s = 0 (CVE-2022-21449)") { _ in zero + zero },
    .signature("r = 0") { zero + $0.suffix(32) },
    .signature("s = 0") { $0.prefix(32) + zero },
    .signature("r = s = 1") { _ in one + one },
    .signature("r = n") { order + $0.suffix(32) },
    .signature("s = n") { $0.prefix(32) + order },
    .signature("r = s = n") { _ in order + order },
    .signature("r = n - 1") { orderMinusOne + $0.suffix(32) },
    .signature("s = n - 1") { $0.prefix(32) + orderMinusOne },
    .signature("r = s = 2^256 - 1") { _ in [UInt8](repeating: 0xFF, count: 64) },
    .signature("high s, the twin of the same signature") { $0.prefix(32) + negated($0.suffix(32)) },
    .signature("r negated") { negated($0.prefix(32)) + $0.suffix(32) },
    .signature("r and s exchanged") { $0.suffix(32) + $0.prefix(32) },
    .signature("DER") { [0x30, 0x44, 0x02, 0x20] + $0.prefix(32) + [0x02, 0x20] + $0.suffix(32) },
    .signature("one zero before it") { [0] + $0 },
    .signature("one zero after it") { $0 + [0] },
    .signature("a zero before each half") { [0] + $0.prefix(32) + [0] + $0.suffix(32) },
    .signature("63 bytes") { Array($0.dropLast()) },
    .signature("32 bytes") { Array($0.prefix(32)) },
    .signature("one byte") { _ in [0] },
    .signature("96 bytes, the length of ES384") { $0 + zero },
    .signature("132 bytes, the length of ES512") { $0 + $0 + [0, 0, 0, 0] },
    .signature("256 bytes, the length of RS256") { $0 + $0 + $0 + $0 },
    .signature("the signature of another payload") { _ in
        try TokenFixture().key.sign(Array("other".utf8))
    },
    Attack("signed by another key under this kid", .badSignature) { fixture in
        try TokenFixture().token(header: fixture.header)
    },
    Attack("header and signature of one token, payload of another", .badSignature) { fixture in
        let first = try fixture.token().split(separator: ".")
        let second = try fixture.token(header: fixture.header, payload: TokenFixture.payload("sub", "\"sub_evil\""))
        return "\(first[0]).\(second.split(separator: ".")[1]).\(first[2])"
    },
    Attack("signed over the payload alone", .badSignature) { fixture in
        let parts = try fixture.token().split(separator: ".")
        let signature = try fixture.key.sign(Array(parts[1].utf8))
        return "\(parts[0]).\(parts[1])." + Base64URL.encodeToString(signature)
    },
    Attack("signed over the decoded parts", .badSignature) { fixture in
        let parts = try fixture.token().split(separator: ".")
        let signature = try fixture.key.sign(Array((fixture.header + "." + TokenFixture.payload()).utf8))
        return "\(parts[0]).\(parts[1])." + Base64URL.encodeToString(signature)
    },
]
