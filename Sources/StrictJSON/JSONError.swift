/// The first thing wrong with a JSON text, and where it is.
///
/// The description names a rule and a place, never a byte of the text, so it may be shown to an API user and logged.
package struct JSONError: Error, Equatable, CustomStringConvertible {
    /// The rule that was broken.
    package enum Kind: String, Sendable, CaseIterable {
        case byteOrderMark = "byte order mark"
        case controlCharacter = "unescaped control character in a string"
        case duplicateMember = "duplicate member"
        case invalidEscape = "invalid escape"
        case invalidNumber = "invalid number"
        case invalidUTF8 = "invalid UTF-8"
        case loneSurrogate = "lone surrogate"
        case numberTooLong = "number too long"
        case stringTooLong = "string too long"
        case tooDeep = "nesting too deep"
        case tooLarge = "text too large"
        case tooManyValues = "too many values"
        case trailingBytes = "unexpected bytes after the value"
        case unexpectedByte = "unexpected character"
        case unexpectedEnd = "unexpected end"
    }

    package let kind: Kind
    /// Bytes before the fault.
    package let offset: Int
    /// The line of the fault, from 1; lines end with a line feed.
    package let line: Int
    /// The column of the fault, from 1, in Unicode scalars.
    package let column: Int

    /// Locates a fault at a byte offset of a text.
    ///
    /// - Complexity: O(`offset`).
    init(_ kind: Kind, at offset: Int, in bytes: [UInt8]) {
        self.kind = kind
        self.offset = offset
        var line = 1
        var column = 1
        for byte in bytes.prefix(offset) {
            if byte == 0x0A {
                line += 1
                column = 1
            } else if byte & 0xC0 != 0x80 {
                column += 1
            }
        }
        self.line = line
        self.column = column
    }

    package var description: String { "\(kind.rawValue) at line \(line), column \(column)" }
}
