/// Byte classes of the HTTP grammar (RFC 9110 section 5.6.2, RFC 3986 section 2).
enum ASCII {
    static let tab = UInt8(ascii: "\t")
    static let lineFeed = UInt8(ascii: "\n")
    static let carriageReturn = UInt8(ascii: "\r")
    static let space = UInt8(ascii: " ")
    static let colon = UInt8(ascii: ":")

    /// The lower-case form of an ASCII letter; any other byte as it is.
    @inline(__always)
    static func lowercase(_ byte: UInt8) -> UInt8 { byte &- 65 < 26 ? byte | 0x20 : byte }

    /// `0`–`9`.
    @inline(__always)
    static func isDigit(_ byte: UInt8) -> Bool { byte &- 48 < 10 }

    /// The value of a hexadecimal digit of either case, or nil.
    @inline(__always)
    static func hexValue(_ byte: UInt8) -> UInt8? {
        if isDigit(byte) { return byte &- 48 }
        let letter = (byte | 0x20) &- 97
        return letter < 6 ? letter &+ 10 : nil
    }

    /// A `tchar`: a byte of a method or a field name (RFC 9110 section 5.6.2).
    @inline(__always)
    static func isToken(_ byte: UInt8) -> Bool { member(tokenBits, byte) }

    /// A byte of an origin-form target: `pchar`, `/`, `?` and `%` (RFC 3986 sections 3.3 and 3.4); `#` is not one.
    @inline(__always)
    static func isTarget(_ byte: UInt8) -> Bool { member(targetBits, byte) }

    /// A byte of a registered name as this server takes it: `unreserved` only (RFC 3986 section 2.3).
    @inline(__always)
    static func isUnreserved(_ byte: UInt8) -> Bool { member(unreservedBits, byte) }

    /// A byte of a field value: visible, space, tab or above ASCII (RFC 9110 section 5.5).
    @inline(__always)
    static func isFieldValue(_ byte: UInt8) -> Bool { byte >= 0x20 ? byte != 0x7F : byte == 0x09 }

    /// A set of ASCII bytes as two words: bytes 0–63 and 64–127.
    private typealias Bits = (low: UInt64, high: UInt64)

    @inline(__always)
    private static func member(_ bits: Bits, _ byte: UInt8) -> Bool {
        guard byte < 128 else { return false }
        let word = byte < 64 ? bits.low : bits.high
        return (word &>> UInt64(byte & 63)) & 1 == 1
    }

    private static let tokenBits: Bits = (0x03FF_6CFA_0000_0000, 0x57FF_FFFF_C7FF_FFFE)
    private static let unreservedBits: Bits = (0x03FF_6000_0000_0000, 0x47FF_FFFE_87FF_FFFE)
    private static let targetBits: Bits = (0xAFFF_FFF2_0000_0000, 0x47FF_FFFE_87FF_FFFF)
}
