import Glibc
import OpenSSLKit

/// The three parts of a compact JWS (RFC 7515 section 7.1), as they stand in the text.
struct CompactToken {
    private let text: [UInt8]
    private let firstDot: Int
    private let secondDot: Int

    /// Finds the two dots; throws ``TokenError/malformed`` where there are more or fewer, or a part that cannot be empty is.
    init(_ text: [UInt8]) throws(TokenError) {
        self.text = text
        guard let firstDot = Self.firstDot(in: text, from: 0), firstDot > 0,
            let secondDot = Self.firstDot(in: text, from: firstDot + 1), secondDot + 1 < text.count,
            Self.firstDot(in: text, from: secondDot + 1) == nil
        else { throw .malformed }
        self.firstDot = firstDot
        self.secondDot = secondDot
    }

    var header: ArraySlice<UInt8> { text[..<firstDot] }
    var payload: ArraySlice<UInt8> { text[(firstDot + 1)..<secondDot] }
    var signature: ArraySlice<UInt8> { text[(secondDot + 1)...] }

    /// Whether the text begins with these bytes.
    func starts(with prefix: [UInt8]) -> Bool {
        guard prefix.count <= text.count else { return false }
        return unsafe memcmp(prefix, text, prefix.count) == 0
    }

    /// Whether this is the first part.
    func hasHeader(_ header: [UInt8]) -> Bool { header.count == firstDot && starts(with: header) }

    /// Whether a signature over header and payload, as they stand in the text, is good (RFC 7515 section 5.2).
    ///
    /// `acceptsHighS`: see `VerifyingKey.isValid`.
    func isSigned(by key: VerifyingKey, _ signature: [UInt8], acceptsHighS: Bool = false) -> Bool {
        unsafe text.withUnsafeBytes { bytes in
            let signed = unsafe UnsafeRawBufferPointer(rebasing: bytes[..<secondDot])
            return unsafe key.isValid(signature, for: signed, acceptsHighS: acceptsHighS)
        }
    }

    /// What a key that came with the token says of its signature.
    func verdict(of key: PresentedKey, _ signature: [UInt8], acceptsHighS: Bool) -> PresentedKey.Verdict {
        unsafe text.withUnsafeBytes { bytes in
            let signed = unsafe UnsafeRawBufferPointer(rebasing: bytes[..<secondDot])
            return unsafe key.verify(signature, of: signed, acceptsHighS: acceptsHighS)
        }
    }

    private static func firstDot(in text: [UInt8], from start: Int) -> Int? {
        guard start < text.count else { return nil }
        return unsafe text.withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress,
                let found = unsafe memchr(base + start, CInt(UInt8(ascii: ".")), bytes.count - start)
            else { return nil }
            return unsafe UnsafeRawPointer(found) - base
        }
    }
}
