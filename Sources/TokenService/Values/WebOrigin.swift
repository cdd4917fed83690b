import Platform

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

    /// A name of labels, or an IPv6 address in brackets.
    private static func isHost(_ host: ArraySlice<UInt8>) -> Bool {
        if host.first == UInt8(ascii: "[") {
            let inner = String(decoding: host.dropFirst().dropLast(), as: UTF8.self)
            return host.last == UInt8(ascii: "]") && inner.contains(":") && inner == inner.lowercased()
                && IPAddress(parsing: inner) != nil
        }
        return host.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).allSatisfy { label in
            !label.isEmpty && label.allSatisfy(isLabelByte)
        }
    }

    private static func isLabelByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"),
            UInt8(ascii: "_"):
            true
        default: false
        }
    }
}
