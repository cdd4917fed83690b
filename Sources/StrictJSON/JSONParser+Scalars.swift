extension JSONParser {
    // MARK: Numbers (RFC 8259 section 6)

    /// Reads a number that starts at `index`.
    mutating func readNumber() throws(JSONError) -> JSONNode {
        let start = index
        var kind = JSONNode.Kind.number
        if bytes[index] == UInt8(ascii: "-") { index += 1 }
        let hasLeadingZero = index < bytes.count && bytes[index] == UInt8(ascii: "0")
        let integerDigits = try readDigits()
        if hasLeadingZero && integerDigits > 1 { throw error(.invalidNumber, at: start) }
        if index < bytes.count, bytes[index] == UInt8(ascii: ".") {
            kind = .fractionalNumber
            index += 1
            _ = try readDigits()
        }
        if index < bytes.count, bytes[index] | 0x20 == UInt8(ascii: "e") {
            kind = .fractionalNumber
            index += 1
            if index < bytes.count, bytes[index] == UInt8(ascii: "+") || bytes[index] == UInt8(ascii: "-") {
                index += 1
            }
            _ = try readDigits()
        }
        guard index - start <= limits.numberDigitsMax else { throw error(.numberTooLong, at: start) }
        return JSONNode(kind: kind, start: UInt32(start), end: UInt32(index), next: 0, count: 0)
    }

    /// Reads one or more decimal digits and gives their number.
    private mutating func readDigits() throws(JSONError) -> Int {
        let start = index
        while index < bytes.count, bytes[index] &- UInt8(ascii: "0") < 10 { index += 1 }
        if index == start {
            throw error(index < bytes.count ? .invalidNumber : .unexpectedEnd, at: index)
        }
        return index - start
    }

    // MARK: Strings (RFC 8259 section 7)

    /// Reads a string whose quotation mark is at `index`.
    mutating func readString() throws(JSONError) -> JSONNode {
        index += 1
        let start = index
        var kind = JSONNode.Kind.string
        // Bytes of the text that unescaping takes away.
        var savedBytes = 0
        while index < bytes.count {
            let byte = bytes[index]
            switch byte {
            case UInt8(ascii: "\""):
                let count = index - start - savedBytes
                guard count <= limits.stringBytesMax else { throw error(.stringTooLong, at: start - 1) }
                let end = index
                index += 1
                return JSONNode(
                    kind: kind,
                    start: UInt32(start),
                    end: UInt32(end),
                    next: 0,
                    count: UInt32(count)
                )
            case UInt8(ascii: "\\"):
                kind = .escapedString
                savedBytes += try skipEscape()
            case 0x00..<0x20:
                throw error(.controlCharacter, at: index)
            case 0x20..<0x80:
                index = unsafe bytes.withUnsafeBytes { unsafe PlainBytes.endOfASCII($0, from: index + 1) }
            default:
                try skipMultibyteScalar(startingWith: byte)
            }
        }
        throw error(.unexpectedEnd, at: index)
    }

    /// Checks an escape, moves past it, and gives the bytes that it is longer than what it stands for.
    private mutating func skipEscape() throws(JSONError) -> Int {
        guard index + 1 < bytes.count else { throw error(.unexpectedEnd, at: bytes.count) }
        switch bytes[index + 1] {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            index += 2
            return 1
        case UInt8(ascii: "u"):
            break
        default:
            throw error(.invalidEscape, at: index)
        }
        let start = index
        let unit = try readUnicodeEscape()
        switch unit {
        case 0..<0x80: return 5
        case 0x80..<0x800: return 4
        case 0xDC00...0xDFFF: throw error(.loneSurrogate, at: start)
        case 0xD800..<0xDC00: break
        default: return 3
        }
        guard index < bytes.count else { throw error(.unexpectedEnd, at: index) }
        guard bytes[index] == UInt8(ascii: "\\") else { throw error(.loneSurrogate, at: start) }
        guard index + 1 < bytes.count else { throw error(.unexpectedEnd, at: bytes.count) }
        guard bytes[index + 1] == UInt8(ascii: "u") else { throw error(.loneSurrogate, at: start) }
        guard case 0xDC00...0xDFFF = try readUnicodeEscape() else { throw error(.loneSurrogate, at: start) }
        return 8
    }

    /// Reads `\uXXXX` at `index`, whose first two characters are known.
    private mutating func readUnicodeEscape() throws(JSONError) -> UInt32 {
        let start = index
        index += 2
        var unit: UInt32 = 0
        for _ in 0..<4 {
            guard index < bytes.count else { throw error(.unexpectedEnd, at: index) }
            guard let digit = UnescapedBytes.hexadecimalDigit(bytes[index]) else {
                throw error(.invalidEscape, at: start)
            }
            unit = unit << 4 | digit
            index += 1
        }
        return unit
    }

    /// Checks one well-formed sequence of two to four bytes (Unicode 16 table 3-7) and moves past it.
    private mutating func skipMultibyteScalar(startingWith lead: UInt8) throws(JSONError) {
        let continuationCount: Int
        // The second byte carries the bounds that rule out overlong forms, surrogates and what lies past U+10FFFF.
        let second: ClosedRange<UInt8>
        switch lead {
        case 0xC2...0xDF: (continuationCount, second) = (1, 0x80...0xBF)
        case 0xE0: (continuationCount, second) = (2, 0xA0...0xBF)
        case 0xED: (continuationCount, second) = (2, 0x80...0x9F)
        case 0xE1...0xEF: (continuationCount, second) = (2, 0x80...0xBF)
        case 0xF0: (continuationCount, second) = (3, 0x90...0xBF)
        case 0xF1...0xF3: (continuationCount, second) = (3, 0x80...0xBF)
        case 0xF4: (continuationCount, second) = (3, 0x80...0x8F)
        default: throw error(.invalidUTF8, at: index)
        }
        guard index + continuationCount < bytes.count else { throw error(.invalidUTF8, at: index) }
        guard second.contains(bytes[index + 1]) else { throw error(.invalidUTF8, at: index) }
        for offset in 1..<continuationCount where bytes[index + 1 + offset] & 0xC0 != 0x80 {
            throw error(.invalidUTF8, at: index)
        }
        index += continuationCount + 1
    }
}
