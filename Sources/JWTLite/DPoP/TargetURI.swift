/// An `http` or `https` address in its one spelling, to be compared byte by byte (RFC 9449 section 4.3).
///
/// Normalised as RFC 3986 sections 6.2.2 and 6.2.3 say: scheme and host in lower case, no port that the scheme implies,
/// no empty path, percent-encoding in upper case and only where it is needed. Refused is what no browser sends in a
/// proof: a query, a fragment, user information, dot segments, bytes beyond visible ASCII.
package struct TargetURI: Equatable, Sendable {
    /// The address, ASCII.
    package let bytes: [UInt8]

    /// Reads an address; nil where it is refused.
    package init?(parsing text: [UInt8]) {
        guard let (scheme, authorityStart) = Self.scheme(text) else { return nil }
        let slash = text[authorityStart...].firstIndex(of: UInt8(ascii: "/")) ?? text.count
        guard let authority = Self.authority(text[authorityStart..<slash], isSecure: scheme == .https),
            let path = Self.normalizedPath(text[slash...])
        else { return nil }
        bytes = scheme.prefix + authority + path
    }

    /// Whether this is `path` behind `base`; see ``base(_:)`` and ``path(_:)``.
    package func isAt(_ base: [UInt8], path: [UInt8]) -> Bool {
        bytes.count == base.count + path.count && bytes.starts(with: base)
            && bytes[base.count...].elementsEqual(path)
    }

    /// The address that paths are put behind: normalised, without a slash at its end; nil where it is no address.
    package static func base(_ text: String) -> [UInt8]? {
        guard var bytes = TargetURI(parsing: Array(text.utf8))?.bytes else { return nil }
        while bytes.last == UInt8(ascii: "/") { bytes.removeLast() }
        return bytes
    }

    /// A path in its one spelling, anything from the first "?" on left out; nil where it is refused.
    package static func path(_ text: String) -> [UInt8]? {
        let bytes = Array(text.utf8)
        return normalizedPath(bytes[..<(bytes.firstIndex(of: UInt8(ascii: "?")) ?? bytes.count)])
    }

    // MARK: Parts

    private enum Scheme {
        case http
        case https

        var prefix: [UInt8] { Array((self == .http ? "http://" : "https://").utf8) }
    }

    private static func scheme(_ text: [UInt8]) -> (Scheme, authorityStart: Int)? {
        for scheme in [Scheme.https, .http] {
            let prefix = scheme.prefix
            if text.count > prefix.count, zip(text, prefix).allSatisfy({ lowercased($0) == $1 }) {
                return (scheme, prefix.count)
            }
        }
        return nil
    }

    /// Host and port (RFC 3986 section 3.2), the port only where the scheme does not imply it.
    private static func authority(_ text: ArraySlice<UInt8>, isSecure: Bool) -> [UInt8]? {
        let hostEnd: Int
        if text.first == UInt8(ascii: "[") {
            guard let bracket = text.firstIndex(of: UInt8(ascii: "]")) else { return nil }
            hostEnd = bracket + 1
            let inside = text[(text.startIndex + 1)..<bracket]
            guard inside.count >= 2, inside.allSatisfy({ isHexadecimal($0) || $0 == 0x3A || $0 == 0x2E }) else {
                return nil
            }
        } else {
            hostEnd = text.firstIndex(of: UInt8(ascii: ":")) ?? text.endIndex
            let host = text[..<hostEnd]
            guard (1...253).contains(host.count), host.allSatisfy({ isUnreserved($0) && $0 != UInt8(ascii: "~") })
            else {
                return nil
            }
        }
        let host = text[..<hostEnd].map(lowercased)
        var digits = text[hostEnd...]
        guard digits.popFirst() != nil else { return host }
        guard text[hostEnd] == UInt8(ascii: ":"), digits.count <= 5, digits.allSatisfy({ (0x30...0x39).contains($0) })
        else { return nil }
        // An empty port is the scheme's own (section 6.2.3).
        guard let first = digits.first else { return host }
        guard first != UInt8(ascii: "0") else { return nil }
        return digits.elementsEqual((isSecure ? "443" : "80").utf8) ? host : host + [UInt8(ascii: ":")] + digits
    }

    private static func normalizedPath(_ text: ArraySlice<UInt8>) -> [UInt8]? {
        guard let first = text.first else { return [UInt8(ascii: "/")] }
        guard first == UInt8(ascii: "/") else { return nil }
        var path: [UInt8] = []
        path.reserveCapacity(text.count)
        var index = text.startIndex
        while index < text.endIndex {
            var byte = text[index]
            index += 1
            guard byte > 0x20, byte < 0x7F, byte != UInt8(ascii: "?"), byte != UInt8(ascii: "#") else { return nil }
            guard byte == UInt8(ascii: "%") else {
                path.append(byte)
                continue
            }
            guard text.endIndex - index >= 2, let high = nibble(text[index]), let low = nibble(text[index + 1]) else {
                return nil
            }
            index += 2
            byte = high << 4 | low
            if isUnreserved(byte) {
                path.append(byte)
            } else {
                path += [UInt8(ascii: "%"), digit(high), digit(low)]
            }
        }
        return hasDotSegment(path) ? nil : path
    }

    /// Whether a path has a segment of one dot or two (RFC 3986 section 3.3).
    private static func hasDotSegment(_ path: [UInt8]) -> Bool {
        let slash = UInt8(ascii: "/")
        var dots: Int?
        for byte in path {
            if byte == slash {
                if let dots, (1...2).contains(dots) { return true }
                dots = 0
            } else {
                dots = byte == UInt8(ascii: ".") ? dots.map { $0 + 1 } : nil
            }
        }
        return dots.map { (1...2).contains($0) } ?? false
    }

    // MARK: Bytes

    private static func lowercased(_ byte: UInt8) -> UInt8 { (0x41...0x5A).contains(byte) ? byte | 0x20 : byte }

    private static func isHexadecimal(_ byte: UInt8) -> Bool { nibble(byte) != nil }

    private static func isUnreserved(_ byte: UInt8) -> Bool {
        switch lowercased(byte) {
        case 0x61...0x7A, 0x30...0x39, UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"): true
        default: false
        }
    }

    private static func nibble(_ byte: UInt8) -> UInt8? {
        switch lowercased(byte) {
        case 0x30...0x39: byte - 0x30
        case 0x61...0x66: lowercased(byte) - 0x61 + 10
        default: nil
        }
    }

    private static func digit(_ value: UInt8) -> UInt8 { value < 10 ? 0x30 + value : 0x41 + value - 10 }
}
