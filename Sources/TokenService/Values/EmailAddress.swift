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
        var text = text
        guard let hasUpper = text.withUTF8({ unsafe Self.check($0) }) else { return nil }
        // Nearly all come in lower case, and are then kept as they are.
        self.text = hasUpper ? text.lowercased() : text
    }

    /// Whether the address, where it is one, holds upper-case letters; nil where it is none.
    private static func check(_ text: UnsafeBufferPointer<UInt8>) -> Bool? {
        var hasUpper = false
        var at: Int?
        /// Where the current label of the domain begins.
        var label = 0
        for index in 0..<text.count {
            let byte = unsafe text[index]
            if isUpper(byte) { hasUpper = true }
            if byte == UInt8(ascii: "@") {
                guard at == nil else { return nil }
                at = index
                label = index + 1
            } else if at == nil {
                guard isLocal(byte) else { return nil }
            } else if byte == UInt8(ascii: ".") {
                guard unsafe isLabel(text, label..<index) else { return nil }
                label = index + 1
            } else {
                guard byte == UInt8(ascii: "-") || Base62.contains(byte) else { return nil }
            }
        }
        guard let at, at > 0, unsafe isLabel(text, label..<text.count) else { return nil }
        return hasUpper
    }

    /// 1 to 63 letters, digits and hyphens, of which neither end is a hyphen.
    private static func isLabel(_ text: UnsafeBufferPointer<UInt8>, _ range: Range<Int>) -> Bool {
        let hyphen = UInt8(ascii: "-")
        guard (1...labelBytesMax).contains(range.count) else { return false }
        return unsafe text[range.lowerBound] != hyphen && text[range.upperBound - 1] != hyphen
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
}
