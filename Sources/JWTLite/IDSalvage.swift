import StrictJSON

/// The search for the `id` of a line that is not strict JSON, so that its verdict can still be given a name.
///
/// A vector that repeats a member inside a key, say, spoils the whole line for the parser.
enum IDSalvage {
    /// The value of the first member `id` right inside the outermost braces; nil where none can be made out.
    static func id(in line: [UInt8]) -> JSONValue? {
        var depth = 0
        var index = 0
        var isAfterID = false
        while index < line.count {
            let start = index
            switch line[index] {
            case UInt8(ascii: "\""):
                index = endOfString(in: line, from: index)
            case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
                while index < line.count, line[index] == UInt8(ascii: "-") || (0x30...0x39).contains(line[index]) {
                    index += 1
                }
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                depth += 1
                index += 1
                isAfterID = false
                continue
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                depth -= 1
                index += 1
                continue
            case UInt8(ascii: ","):
                isAfterID = false
                index += 1
                continue
            default:
                index += 1
                continue
            }
            let token = Array(line[start..<min(index, line.count)])
            if isAfterID { return scalar(token) }
            isAfterID = depth == 1 && token == Array("\"id\"".utf8) && isName(line, endingAt: index)
        }
        return nil
    }

    private static func scalar(_ token: [UInt8]) -> JSONValue? {
        let value = try? JSONDocument(parsing: token).root
        return value?.kind == .string || value?.integer != nil ? value : nil
    }

    private static func isName(_ line: [UInt8], endingAt end: Int) -> Bool {
        line[min(end, line.count)...].first { $0 != 0x20 && $0 != 0x09 } == UInt8(ascii: ":")
    }

    /// The index after the closing quotation mark, or the end of the line.
    private static func endOfString(in line: [UInt8], from start: Int) -> Int {
        var index = start + 1
        while index < line.count {
            if line[index] == UInt8(ascii: "\"") { return index + 1 }
            index += line[index] == UInt8(ascii: "\\") ? 2 : 1
        }
        return line.count
    }
}
