extension IPAddress {
    /// Reads an address in its plain textual form.
    ///
    /// IPv4 is four decimal numbers without leading zeros: octal, hexadecimal and short forms are refused, because two
    /// readers could disagree on them. IPv6 follows RFC 4291 section 2.2, with an IPv4 tail and without zone, brackets
    /// or port.
    package init?(parsing text: String) {
        guard text.utf8.count <= 45 else { return nil }
        self.init(parsing: Array(text.utf8)[...])
    }

    /// Reads an address from ASCII bytes; see ``init(parsing:)-(String)``.
    package init?(parsing bytes: ArraySlice<UInt8>) {
        if bytes.contains(UInt8(ascii: ":")) {
            guard let (upper, lower) = Self.parseV6(bytes) else { return nil }
            self.init(v6: upper, lower)
        } else {
            guard let bits = Self.parseV4(bytes) else { return nil }
            self.init(v4: bits)
        }
    }

    private static func parseV4(_ bytes: ArraySlice<UInt8>) -> UInt32? {
        let parts = bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var bits: UInt32 = 0
        for part in parts {
            guard (1...3).contains(part.count), part.count == 1 || part.first != UInt8(ascii: "0") else { return nil }
            var number: UInt32 = 0
            for byte in part {
                guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return nil }
                number = number * 10 + UInt32(byte - UInt8(ascii: "0"))
            }
            guard number <= 255 else { return nil }
            bits = bits << 8 | number
        }
        return bits
    }

    private static func parseV6(_ bytes: ArraySlice<UInt8>) -> (UInt64, UInt64)? {
        // At most one "::"; it splits the groups in two lists.
        var halves: [ArraySlice<UInt8>] = []
        var start = bytes.startIndex
        var index = bytes.startIndex
        while index + 1 < bytes.endIndex {
            if bytes[index] == UInt8(ascii: ":"), bytes[index + 1] == UInt8(ascii: ":") {
                halves.append(bytes[start..<index])
                start = index + 2
                index = start
                guard halves.count == 1 else { return nil }
            } else {
                index += 1
            }
        }
        halves.append(bytes[start...])

        guard let first = halves.first, var groups = parseGroups(first, isLast: halves.count == 1) else { return nil }
        if halves.count == 2 {
            guard let tail = parseGroups(halves[1], isLast: true), groups.count + tail.count <= 7 else { return nil }
            groups += [UInt16](repeating: 0, count: 8 - groups.count - tail.count) + tail
        }
        guard groups.count == 8 else { return nil }
        let words = groups.map(UInt64.init)
        return (
            words[0] << 48 | words[1] << 32 | words[2] << 16 | words[3],
            words[4] << 48 | words[5] << 32 | words[6] << 16 | words[7]
        )
    }

    /// Groups between single colons; the last one of the whole address may be an IPv4 address.
    private static func parseGroups(_ bytes: ArraySlice<UInt8>, isLast: Bool) -> [UInt16]? {
        guard !bytes.isEmpty else { return [] }
        let parts = bytes.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        guard parts.count <= 8 else { return nil }
        var groups: [UInt16] = []
        for (position, part) in parts.enumerated() {
            if part.contains(UInt8(ascii: ".")) {
                guard isLast, position == parts.count - 1, let bits = parseV4(part) else { return nil }
                groups += [UInt16(truncatingIfNeeded: bits >> 16), UInt16(truncatingIfNeeded: bits)]
            } else {
                guard (1...4).contains(part.count) else { return nil }
                var group: UInt16 = 0
                for byte in part {
                    guard let digit = hexDigit(byte) else { return nil }
                    group = group << 4 | UInt16(digit)
                }
                groups.append(group)
            }
        }
        return groups
    }

    private static func hexDigit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}

extension IPAddress: CustomStringConvertible {
    /// The canonical text: dotted decimal, or RFC 5952 for IPv6.
    package var description: String {
        switch family {
        case .v4:
            return "\(lowerBits >> 24).\(lowerBits >> 16 & 255).\(lowerBits >> 8 & 255).\(lowerBits & 255)"
        case .v6:
            let groups = [upperBits, lowerBits].flatMap { word in [48, 32, 16, 0].map { word >> UInt64($0) & 0xFFFF } }
            return Self.compressed(groups)
        }
    }

    /// RFC 5952 section 4.2: the longest run of two or more zero groups becomes "::", the first one of equals.
    private static func compressed(_ groups: [UInt64]) -> String {
        var best = 0..<0
        var start = 0
        for (index, group) in groups.enumerated() {
            if group != 0 {
                start = index + 1
            } else if index + 1 - start > max(best.count, 1) {
                best = start..<index + 1
            }
        }
        let texts = groups.map { String($0, radix: 16) }
        if best.isEmpty { return texts.joined(separator: ":") }
        return texts[..<best.lowerBound].joined(separator: ":") + "::"
            + texts[best.upperBound...].joined(separator: ":")
    }
}
