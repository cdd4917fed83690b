import Platform

/// The bytes of one log line while it is put together.
struct LogLine {
    /// The longest line, its line end included: what POSIX lets a pipe take whole.
    static let bytesMax = 4096

    private static let tail = Array("}\n".utf8)
    private static let cutMark = Array(",\"cut\":true".utf8)
    private static let digits = Array("0123456789abcdef".utf8)

    private var bytes: [UInt8] = []
    private var isCut = false

    init(time: UnixTime, level: LogLevel, event: StaticString) {
        bytes.reserveCapacity(256)
        bytes += "{\"time\":\"".utf8
        bytes += time.iso8601.utf8
        bytes += "\",\"level\":\"".utf8
        bytes += level.rawValue.utf8
        bytes += "\",\"event\":".utf8
        appendQuoted(event.description)
    }

    /// Adds a field, or nothing but a mark where the line would grow too long.
    mutating func append(_ name: StaticString, _ value: LogValue) {
        guard !isCut else { return }
        let start = bytes.count
        bytes.append(UInt8(ascii: ","))
        appendQuoted(name.description)
        bytes.append(UInt8(ascii: ":"))
        switch value {
        case .string(let text): appendQuoted(text)
        case .integer(let number): bytes += String(number).utf8
        case .number(let number): bytes += (number.isFinite ? String(number) : "null").utf8
        case .boolean(let flag): bytes += (flag ? "true" : "false").utf8
        }
        if bytes.count + Self.cutMark.count + Self.tail.count > Self.bytesMax {
            bytes.removeSubrange(start...)
            bytes += Self.cutMark
            isCut = true
        }
    }

    consuming func finished() -> [UInt8] { bytes + Self.tail }

    /// A JSON string of at most 1,024 bytes of content (RFC 8259 section 7).
    ///
    /// Besides what JSON asks for, DEL, the C1 controls and the line separators U+2028 and U+2029 are escaped: terminals
    /// and log viewers act on them.
    private mutating func appendQuoted(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        let start = bytes.count
        for scalar in text.unicodeScalars {
            if bytes.count - start > 1024 {
                bytes += "…".utf8
                break
            }
            switch scalar.value {
            case 0x22, 0x5C:
                bytes.append(UInt8(ascii: "\\"))
                bytes.append(UInt8(truncatingIfNeeded: scalar.value))
            case 0..<0x20, 0x7F..<0xA0, 0x2028, 0x2029:
                bytes += "\\u".utf8
                for shift in [12, 8, 4, 0] { bytes.append(Self.digits[Int(scalar.value >> UInt32(shift) & 15)]) }
            default:
                bytes += UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }
}
