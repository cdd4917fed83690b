/// The Host field's value: `uri-host [ ":" port ]` (RFC 9110 section 7.2).
enum HostField {
    /// The longest name that DNS has.
    private static let hostBytesMax = 255

    /// Whether the bytes are a host as this server takes it: a name of unreserved characters or an address in brackets,
    /// and a port of one to five digits.
    ///
    /// Percent-encoded and sub-delimiter bytes, which RFC 3986 would allow in a name, occur in no host that is real.
    static func isValid(_ input: borrowing Span<UInt8>, _ range: Range<Int>) -> Bool {
        guard !range.isEmpty else { return false }
        var index = range.lowerBound
        if input[index] == UInt8(ascii: "[") {
            index += 1
            let start = index
            while index < range.upperBound, isAddressByte(input[index]) { index += 1 }
            guard index > start + 1, index - start <= 45, index < range.upperBound, input[index] == UInt8(ascii: "]")
            else { return false }
            index += 1
        } else {
            while index < range.upperBound, ASCII.isUnreserved(input[index]) { index += 1 }
            guard index > range.lowerBound, index - range.lowerBound <= hostBytesMax else { return false }
        }
        if index == range.upperBound { return true }
        guard input[index] == ASCII.colon else { return false }
        return isPort(input, index + 1..<range.upperBound)
    }

    /// Whether two authorities of one head are the same, names without regard to case.
    static func areEqual(
        _ input: borrowing Span<UInt8>,
        _ first: Range<Int>,
        _ second: Range<Int>,
        offset: Int
    ) -> Bool {
        guard first.count == second.count else { return false }
        for index in 0..<first.count {
            let left = ASCII.lowercase(input[offset + first.lowerBound + index])
            guard left == ASCII.lowercase(input[offset + second.lowerBound + index]) else { return false }
        }
        return true
    }

    private static func isAddressByte(_ byte: UInt8) -> Bool {
        ASCII.hexValue(byte) != nil || byte == ASCII.colon || byte == UInt8(ascii: ".")
    }

    private static func isPort(_ input: borrowing Span<UInt8>, _ range: Range<Int>) -> Bool {
        guard (1...5).contains(range.count) else { return false }
        var port = 0
        for index in range {
            guard ASCII.isDigit(input[index]) else { return false }
            port = port * 10 + Int(input[index] &- 48)
        }
        return port <= 65_535
    }
}
