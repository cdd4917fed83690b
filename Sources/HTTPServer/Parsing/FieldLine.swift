import Platform

/// One field line, `name: value`, found in the input (RFC 9112 section 5).
struct FieldLine {
    let name: Range<Int>
    /// Without the white space around it; may be empty.
    let value: Range<Int>

    /// Splits and checks a line without its line end.
    init(_ input: borrowing Span<UInt8>, _ line: Range<Int>) throws(HTTPRejection) {
        var index = line.lowerBound
        while index < line.upperBound, ASCII.isToken(input[index]) { index += 1 }
        // White space before the colon must be refused (section 5.1), and so must a folded line (section 5.2).
        guard index > line.lowerBound, index < line.upperBound, input[index] == ASCII.colon else {
            let first = input[line.lowerBound]
            let isFolded = first == ASCII.space || first == ASCII.tab
            throw HTTPRejection(Self.lineFault(input, line, or: isFolded ? .foldedLine : .malformedFieldName))
        }
        name = line.lowerBound..<index

        var start = index + 1
        while start < line.upperBound, Self.isWhiteSpace(input[start]) { start += 1 }
        var end = line.upperBound
        while end > start, Self.isWhiteSpace(input[end - 1]) { end -= 1 }
        value = start..<end
        // Tab is the one control byte that a value may hold (RFC 9110 section 5.5).
        while let control = ByteScan.firstControl(in: input, start..<end) {
            guard input[control] == ASCII.tab else {
                throw HTTPRejection(Self.lineFault(input, line, or: .malformedFieldValue))
            }
            start = control + 1
        }
    }

    /// The reason for refusing a line: a CR within it before anything else.
    static func lineFault(
        _ input: borrowing Span<UInt8>,
        _ line: Range<Int>,
        or reason: HTTPRejectionReason
    ) -> HTTPRejectionReason {
        for index in line where input[index] == ASCII.carriageReturn { return .bareCarriageReturn }
        return reason
    }

    @inline(__always)
    private static func isWhiteSpace(_ byte: UInt8) -> Bool { byte == ASCII.space || byte == ASCII.tab }
}
