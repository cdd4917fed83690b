extension HTTPRequestParser {
    /// Reads `chunk-size [ chunk-ext ] CRLF` (RFC 9112 section 7.1); false where the line is not complete.
    mutating func readChunkSize(
        _ input: borrowing Span<UInt8>,
        _ position: inout Int
    ) throws(HTTPRejection) -> Bool {
        let start = position
        guard
            let end = try lineEnd(
                input,
                from: start,
                contentBytesMax: limits.chunkSizeDigitsMax + limits.chunkExtensionBytesMax,
                tooLong: .chunkExtensionsTooLong
            )
        else { return false }

        var index = start
        var size = 0
        while index < end, let digit = ASCII.hexValue(input[index]) {
            guard index - start < min(limits.chunkSizeDigitsMax, 15) else { throw HTTPRejection(.malformedChunk) }
            size = size << 4 | Int(digit)
            index += 1
        }
        guard index > start else { throw HTTPRejection(FieldLine.lineFault(input, start..<end, or: .malformedChunk)) }
        extensionBytes += end - index
        guard end - index <= limits.chunkExtensionBytesMax, extensionBytes <= limits.chunkExtensionsTotalBytesMax
        else { throw HTTPRejection(.chunkExtensionsTooLong) }
        guard ChunkExtensions.areValid(input, index..<end) else {
            throw HTTPRejection(FieldLine.lineFault(input, start..<end, or: .malformedChunk))
        }
        bodyBytes += size
        guard bodyBytes <= bodyBytesMax else { throw HTTPRejection(.bodyTooLong) }
        position = end + 2
        state = size == 0 ? .trailers : .chunkData(remaining: size)
        return true
    }

    /// Reads the CRLF behind a chunk's data; false where it is not complete.
    mutating func readChunkEnd(
        _ input: borrowing Span<UInt8>,
        _ position: inout Int
    ) throws(HTTPRejection) -> Bool {
        guard position < input.count else { return false }
        guard input[position] == ASCII.carriageReturn else { throw HTTPRejection(.malformedChunk) }
        guard position + 1 < input.count else { return false }
        guard input[position + 1] == ASCII.lineFeed else { throw HTTPRejection(.malformedChunk) }
        position += 2
        state = .chunkSize
        return true
    }

    /// Reads one trailer line and drops it; the empty one ends the request; false where the line is not complete.
    ///
    /// Trailers are held to the grammar of fields and otherwise ignored (RFC 9110 section 6.5.1).
    mutating func readTrailer(
        _ input: borrowing Span<UInt8>,
        _ position: inout Int
    ) throws(HTTPRejection) -> Bool {
        let start = position
        guard
            let end = try lineEnd(
                input,
                from: start,
                contentBytesMax: limits.trailerBytesMax - trailerBytes,
                tooLong: .trailersTooLong
            )
        else { return false }
        position = end + 2
        if end == start {
            state = .complete
            return true
        }
        trailerBytes += end + 2 - start
        trailerCount += 1
        guard trailerBytes <= limits.trailerBytesMax, trailerCount <= limits.fieldsMax else {
            throw HTTPRejection(.trailersTooLong)
        }
        _ = try FieldLine(input, start..<end)
        return true
    }
}

/// Chunk extensions: checked and ignored (RFC 9112 section 7.1.1).
enum ChunkExtensions {
    /// Whether the bytes are `*( ";" name [ "=" value ] )`, without the white space that the grammar calls bad.
    static func areValid(_ input: borrowing Span<UInt8>, _ range: Range<Int>) -> Bool {
        var index = range.lowerBound
        while index < range.upperBound {
            guard input[index] == UInt8(ascii: ";") else { return false }
            guard let nameEnd = tokenEnd(input, index + 1..<range.upperBound) else { return false }
            index = nameEnd
            guard index < range.upperBound, input[index] == UInt8(ascii: "=") else { continue }
            index += 1
            guard index < range.upperBound else { return false }
            let end =
                input[index] == UInt8(ascii: "\"")
                ? quotedEnd(input, index..<range.upperBound) : tokenEnd(input, index..<range.upperBound)
            guard let end else { return false }
            index = end
        }
        return true
    }

    /// The end of a token of at least one byte, or nil.
    private static func tokenEnd(_ input: borrowing Span<UInt8>, _ range: Range<Int>) -> Int? {
        var index = range.lowerBound
        while index < range.upperBound, ASCII.isToken(input[index]) { index += 1 }
        return index > range.lowerBound ? index : nil
    }

    /// The end of a quoted string that begins here, or nil (RFC 9110 section 5.6.4).
    private static func quotedEnd(_ input: borrowing Span<UInt8>, _ range: Range<Int>) -> Int? {
        var index = range.lowerBound + 1
        while index < range.upperBound {
            let byte = input[index]
            if byte == UInt8(ascii: "\"") { return index + 1 }
            guard ASCII.isFieldValue(byte) else { return nil }
            if byte == UInt8(ascii: "\\") {
                index += 1
                guard index < range.upperBound, ASCII.isFieldValue(input[index]) else { return nil }
            }
            index += 1
        }
        return nil
    }
}
