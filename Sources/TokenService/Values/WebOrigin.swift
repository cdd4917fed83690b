/// The serialised origin of a web page (RFC 6454 section 6.2): scheme, host and, unless it is the default, port.
///
/// Compared byte for byte, as browsers send it; `null`, paths, wildcards and upper case are refused.
package struct WebOrigin: Hashable, Sendable {
    package let text: String

    /// The longest origin, in bytes.
    package static let bytesMax = 255

    package init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count <= Self.bytesMax else { return nil }
        let secure = Array("https://".utf8)
        let plain = Array("http://".utf8)
        let isSecure = bytes.starts(with: secure)
        guard isSecure || bytes.starts(with: plain) else { return nil }
        var authority = bytes.dropFirst(isSecure ? secure.count : plain.count)
        if let colon = authority.lastIndex(of: UInt8(ascii: ":")), authority.last != UInt8(ascii: "]") {
            let digits = authority[(colon + 1)...]
            guard let port = Self.port(digits), port != (isSecure ? 443 : 80) else { return nil }
            authority = authority[..<colon]
        }
        guard Self.isHost(authority) else { return nil }
        self.text = text
    }

    private static func port(_ digits: ArraySlice<UInt8>) -> Int? {
        guard (1...5).contains(digits.count), digits.first != UInt8(ascii: "0") else { return nil }
        var value = 0
        for byte in digits {
            guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return nil }
            value = value * 10 + Int(byte - UInt8(ascii: "0"))
        }
        return value <= 65_535 ? value : nil
    }

    private static func isHost(_ host: ArraySlice<UInt8>) -> Bool {
        guard let first = host.first else { return false }
        if first == UInt8(ascii: "[") {
            return host.count >= 4 && host.last == UInt8(ascii: "]")
                && host.dropFirst().dropLast().allSatisfy { byte in
                    switch byte {
                    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
                        UInt8(ascii: ":"):
                        return true
                    default: return false
                    }
                }
        }
        return first != UInt8(ascii: ".") && host.last != UInt8(ascii: ".")
            && host.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                    UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"):
                    return true
                default: return false
                }
            }
    }
}
