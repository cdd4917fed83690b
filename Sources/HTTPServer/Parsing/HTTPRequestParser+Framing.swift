extension HTTPRequestParser {
    /// Takes note of the fields that decide on framing and on the life of the connection.
    mutating func note(_ field: FieldLine, _ input: borrowing Span<UInt8>) throws(HTTPRejection) {
        let start = field.name.lowerBound
        switch field.name.count {
        case 4 where LiteralBytes("host").matches(input, at: start):
            try noteHost(input, field)
        case 6 where LiteralBytes("expect").matches(input, at: start):
            noteExpectation(input, field.value)
        case 10 where LiteralBytes("connection").matches(input, at: start):
            noteConnection(input, field.value)
        case 14 where LiteralBytes("content-length").matches(input, at: start):
            try noteLength(input, field.value)
        case 17 where LiteralBytes("transfer-encoding").matches(input, at: start):
            try noteTransferEncoding(input, field.value)
        default:
            break
        }
    }

    /// Exactly one valid Host field (RFC 9112 section 3.2).
    private mutating func noteHost(_ input: borrowing Span<UInt8>, _ field: FieldLine) throws(HTTPRejection) {
        guard draft.host == nil else { throw HTTPRejection(.repeatedHost) }
        guard HostField.isValid(input, field.value) else { throw HTTPRejection(.malformedHost) }
        let headStart = field.name.lowerBound - draft.lineStart
        draft.host = field.value.lowerBound - headStart..<field.value.upperBound - headStart
    }

    /// Digits only, once; never a list, even of equal numbers (RFC 9112 section 6.3, RFC 9110 section 8.6).
    private mutating func noteLength(_ input: borrowing Span<UInt8>, _ value: Range<Int>) throws(HTTPRejection) {
        guard draft.length == .undeclared else { throw HTTPRejection(.repeatedContentLength) }
        guard !value.isEmpty, value.count <= 18 else { throw HTTPRejection(.malformedContentLength) }
        var length = 0
        for index in value {
            guard ASCII.isDigit(input[index]) else { throw HTTPRejection(.malformedContentLength) }
            length = length * 10 + Int(input[index] &- 48)
        }
        draft.length = .declared(length)
    }

    /// Exactly `chunked`, once: no list, no other coding (RFC 9112 section 6.1); case does not count (section 7).
    private mutating func noteTransferEncoding(
        _ input: borrowing Span<UInt8>,
        _ value: Range<Int>
    ) throws(HTTPRejection) {
        guard !draft.isChunked else { throw HTTPRejection(.repeatedTransferEncoding) }
        guard value.count == 7, LiteralBytes("chunked").matches(input, at: value.lowerBound) else {
            throw HTTPRejection(.unsupportedTransferEncoding)
        }
        draft.isChunked = true
    }

    private mutating func noteExpectation(_ input: borrowing Span<UInt8>, _ value: Range<Int>) {
        if value.count == 12, LiteralBytes("100-continue").matches(input, at: value.lowerBound) {
            draft.expectsContinue = true
        } else {
            draft.hasOtherExpectation = true
        }
    }

    /// Looks for `close` in the list of options (RFC 9112 section 9.6).
    private mutating func noteConnection(_ input: borrowing Span<UInt8>, _ value: Range<Int>) {
        var start = value.lowerBound
        while start < value.upperBound {
            var end = start
            while end < value.upperBound, input[end] != UInt8(ascii: ",") { end += 1 }
            var first = start
            var last = end
            while first < last, input[first] == ASCII.space || input[first] == ASCII.tab { first += 1 }
            while last > first, input[last - 1] == ASCII.space || input[last - 1] == ASCII.tab { last -= 1 }
            if last - first == 5, LiteralBytes("close").matches(input, at: first) { draft.closes = true }
            start = end + 1
        }
    }
}
