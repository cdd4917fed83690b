/// A request target, split (RFC 9112 section 3.2); ranges are offsets into the input.
struct RequestTarget {
    /// Empty where a target in absolute form has no path, which stands for "/".
    let path: Range<Int>
    let query: Range<Int>?
    /// The authority of a target in absolute form.
    let authority: Range<Int>?

    /// Takes origin-form, absolute-form with http or https, and `*` for OPTIONS.
    ///
    /// Refuses user information, fragments, control and non-ASCII bytes, the bytes that RFC 3986 has no place for, and
    /// "%" without two hexadecimal digits.
    init(_ input: borrowing Span<UInt8>, _ target: Range<Int>, method: HTTPMethod) throws(HTTPRejection) {
        let first = input[target.lowerBound]
        if first == UInt8(ascii: "/") {
            authority = nil
            (path, query) = try Self.split(input, target)
        } else if first == UInt8(ascii: "*"), target.count == 1, method == .options {
            (path, query, authority) = (target, nil, nil)
        } else if let host = Self.authority(input, target) {
            authority = host
            (path, query) = try Self.split(input, host.upperBound..<target.upperBound)
        } else {
            throw HTTPRejection(FieldLine.lineFault(input, target, or: .malformedTarget))
        }
    }

    /// The valid authority after `http://` or `https://`, or nil.
    private static func authority(_ input: borrowing Span<UInt8>, _ target: Range<Int>) -> Range<Int>? {
        let scheme: LiteralBytes
        if LiteralBytes("http://").matches(input, at: target.lowerBound) {
            scheme = LiteralBytes("http://")
        } else if LiteralBytes("https://").matches(input, at: target.lowerBound) {
            scheme = LiteralBytes("https://")
        } else {
            return nil
        }
        let start = target.lowerBound + scheme.count
        guard start <= target.upperBound else { return nil }
        var end = start
        while end < target.upperBound, input[end] != UInt8(ascii: "/"), input[end] != UInt8(ascii: "?") { end += 1 }
        return HostField.isValid(input, start..<end) ? start..<end : nil
    }

    private static func split(
        _ input: borrowing Span<UInt8>,
        _ range: Range<Int>
    ) throws(HTTPRejection) -> (path: Range<Int>, query: Range<Int>?) {
        var mark: Int?
        var index = range.lowerBound
        while index < range.upperBound {
            let byte = input[index]
            guard ASCII.isTarget(byte) else {
                throw HTTPRejection(FieldLine.lineFault(input, range, or: .malformedTarget))
            }
            if byte == UInt8(ascii: "?") {
                if mark == nil { mark = index }
            } else if byte == UInt8(ascii: "%") {
                guard index + 2 < range.upperBound, ASCII.hexValue(input[index + 1]) != nil,
                    ASCII.hexValue(input[index + 2]) != nil
                else { throw HTTPRejection(.malformedTarget) }
            }
            index += 1
        }
        guard let mark else { return (range, nil) }
        return (range.lowerBound..<mark, mark + 1..<range.upperBound)
    }
}
