/// One e-mail address in its stored spelling: ASCII, lower case, at most 254 bytes, exactly one `@`.
///
/// What browsers accept in `<input type=email>` (HTML Standard, section 4.10.5.1.5): a local part of `atext` and dots, a
/// domain of labels of 1 to 63 letters, digits and inner hyphens. No quoted local parts, no address literals.
package struct EmailAddress: Hashable, Sendable {
    /// The address, lower-cased.
    package let text: String

    /// The longest address, in bytes (RFC 5321 section 4.5.3.1.3 leaves 254).
    package static let bytesMax = 254
    private static let labelBytesMax = 63

    /// Accepts an address, lower-casing it; nil where it is not one.
    package init?(_ text: String) {
        guard text.utf8.count <= Self.bytesMax else { return nil }
        var lowered: [UInt8] = []
        lowered.reserveCapacity(text.utf8.count)
        var at: Int?
        for byte in text.utf8 {
            if byte == UInt8(ascii: "@") {
                guard at == nil else { return nil }
                at = lowered.count
            } else if at == nil, !Self.isLocal(byte) {
                return nil
            }
            lowered.append(Self.isUpper(byte) ? byte | 0x20 : byte)
        }
        guard let at, at > 0, Self.isDomain(lowered[(at + 1)...]) else { return nil }
        self.text = String(decoding: lowered, as: UTF8.self)
    }

    private static func isUpper(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z") }

    private static func isLocal(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: ","), UInt8(ascii: ":"),
            UInt8(ascii: ";"), UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "["), UInt8(ascii: "\\"),
            UInt8(ascii: "]"):
            false
        default: byte > 0x20 && byte < 0x7F
        }
    }

    private static func isDomain(_ part: ArraySlice<UInt8>) -> Bool {
        part.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).allSatisfy { label in
            let hyphen = UInt8(ascii: "-")
            return (1...labelBytesMax).contains(label.count) && label.first != hyphen && label.last != hyphen
                && label.allSatisfy { $0 == hyphen || Base62.contains($0) }
        }
    }
}
