/// A field name that was checked once, with the start of its line ready.
///
/// For fields that every answer carries; a name that is not a token (RFC 9110 section 5.1) or that only the server may
/// write gives lines that are left out.
package struct HTTPFieldName: Sendable {
    /// `Name: `, or nothing where the name may not be sent.
    let lineStart: [UInt8]

    package init(_ name: StaticString) {
        let bytes = LiteralBytes(name)
        var start: [UInt8] = []
        if HTTPResponse.mayCarry(bytes) {
            bytes.append(to: &start)
            start.append(ASCII.colon)
            start.append(ASCII.space)
        }
        lineStart = start
    }
}

/// Field lines that never change, made once and appended whole.
package struct HTTPFieldLines: Sendable {
    let bytes: [UInt8]

    package init(_ fields: [(StaticString, String)]) {
        var response = HTTPResponse(status: 200)
        for (name, value) in fields { response.append(name, value) }
        bytes = response.lines
    }
}

/// Where the value of a field is written piece by piece, without a `String` for it.
package struct HTTPFieldValue: ~Copyable {
    var bytes: [UInt8]

    /// Writes a literal.
    package mutating func text(_ text: StaticString) { LiteralBytes(text).append(to: &bytes) }

    /// Writes a number in decimal.
    package mutating func integer(_ value: Int64) {
        if value < 0 { bytes.append(UInt8(ascii: "-")) }
        ResponseEncoder.appendDecimal(value.magnitude, to: &bytes)
    }

    /// Writes `length` characters, which `fill` puts in place.
    package mutating func characters(_ length: Int, _ fill: (inout MutableSpan<UInt8>) -> Void) {
        let start = bytes.count
        bytes.append(contentsOf: repeatElement(UInt8(ascii: "?"), count: length))
        unsafe bytes.withUnsafeMutableBufferPointer { bytes in
            var place = unsafe MutableSpan(_unsafeElements: UnsafeMutableBufferPointer(rebasing: bytes[start...]))
            fill(&place)
        }
    }
}
