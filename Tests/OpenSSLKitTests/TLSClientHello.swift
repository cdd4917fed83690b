/// A ClientHello written by hand (RFC 5246 section 7.4.1.2), for what OpenSSL's own client would not offer.
struct TLSClientHello: Sendable, CustomStringConvertible {
    var label = "TLS 1.2, ECDHE-ECDSA-AES128-GCM-SHA256"
    var version: UInt16 = 0x0303
    var suites: [UInt16] = [0xC02B]
    var groups: [UInt16] = [0x001D, 0x0017]
    var protocols: [String]?

    var description: String { label }

    /// The hello in one TLS record.
    var record: [UInt8] {
        var extensions = Self.member(10, Self.vector16(groups.flatMap(Self.word)))
        extensions += Self.member(11, [1, 0])
        extensions += Self.member(13, Self.vector16([0x04, 0x03, 0x08, 0x04, 0x04, 0x01]))
        if let protocols {
            extensions += Self.member(16, Self.vector16(protocols.flatMap { [UInt8($0.utf8.count)] + $0.utf8 }))
        }
        var body = Self.word(version) + [UInt8](repeating: 0x5A, count: 32) + [0]
        body += Self.vector16(suites.flatMap(Self.word)) + [1, 0] + Self.vector16(extensions)
        return [22, 3, 1] + Self.vector16([1, 0] + Self.vector16(body))
    }

    private static func word(_ value: UInt16) -> [UInt8] { [UInt8(value >> 8), UInt8(value & 0xFF)] }
    private static func vector16(_ bytes: [UInt8]) -> [UInt8] { word(UInt16(bytes.count)) + bytes }
    private static func member(_ kind: UInt16, _ bytes: [UInt8]) -> [UInt8] { word(kind) + vector16(bytes) }
}
