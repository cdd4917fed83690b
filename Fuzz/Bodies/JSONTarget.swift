import StrictJSON

/// JSON texts: what is accepted comes back the same after being written, and keeps every limit.
///
/// The first byte chooses the limits.
enum JSONTarget {
    static func check(_ bytes: [UInt8]) throws(Finding) {
        guard let choice = bytes.first else { return }
        let limits = limits(choice)
        let text = Array(bytes.dropFirst())
        let document: JSONDocument
        do throws(JSONError) {
            document = try JSONDocument(parsing: text, limits: limits)
        } catch {
            try require((0...text.count).contains(error.offset), "a fault outside the text")
            try require(error.line >= 1 && error.column >= 1, "a fault at no place")
            try require(error.description.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F }, "a fault that shows the text")
            return
        }
        try require(text.count <= limits.bytesMax, "a text too long")
        var valuesCount = 0
        try hold(document.root, depth: 0, limits, &valuesCount)
        try require(valuesCount <= limits.valuesMax, "\(valuesCount) values")
        var writer = JSONWriter()
        write(document.root, to: &writer)
        let again: JSONDocument
        do throws(JSONError) {
            again = try JSONDocument(parsing: writer.bytes)
        } catch {
            throw Finding("what was written is refused: \(error)")
        }
        try require(isSame(document.root, again.root), "another value after being written")
    }

    private static func limits(_ choice: UInt8) -> JSONLimits {
        switch choice & 3 {
        case 0: JSONLimits()
        case 1: JSONLimits(bytesMax: 256, depthMax: 2, valuesMax: 6, numberDigitsMax: 6, stringBytesMax: 8)
        case 2: JSONLimits(bytesMax: 1536, depthMax: 1, valuesMax: 8, stringBytesMax: 512)
        default: JSONLimits(bytesMax: 1 << 16, depthMax: 4, valuesMax: 64, numberDigitsMax: 20)
        }
    }

    private static func hold(
        _ value: JSONValue,
        depth: Int,
        _ limits: JSONLimits,
        _ valuesCount: inout Int
    ) throws(Finding) {
        valuesCount += 1
        switch value.kind {
        case .object:
            try require(depth < limits.depthMax, "too deep")
            let members = value.members
            try require(members.count == value.count, "members are miscounted")
            try require(Set(members.map { Array($0.name.utf8) }).count == members.count, "a member given twice")
            for (position, member) in members.enumerated() {
                let found = value.member(member.name)
                try require(found?.position == position, "a member is not found by its name")
                try require(member.name.utf8.count <= limits.stringBytesMax, "a long name")
                try hold(member.value, depth: depth + 1, limits, &valuesCount)
            }
        case .array:
            try require(depth < limits.depthMax, "too deep")
            let elements = value.elements
            try require(elements.count == value.count, "elements are miscounted")
            for element in elements { try hold(element, depth: depth + 1, limits, &valuesCount) }
        case .string: try holdString(value, limits)
        case .number: try holdNumber(value, limits)
        case .boolean: try require(value.boolean != nil && !value.isNull, "a truth without a value")
        case .null: try require(value.isNull && value.boolean == nil, "a null that is none")
        }
    }

    private static func holdString(_ value: JSONValue, _ limits: JSONLimits) throws(Finding) {
        guard let bytes = value.stringUTF8, let string = value.string else { throw Finding("a string without a text") }
        try require(String(validating: bytes, as: UTF8.self) != nil, "ill-formed UTF-8")
        try require(string.utf8.elementsEqual(bytes), "two texts of one string")
        try require(value.stringBytesCount == bytes.count, "a string is miscounted")
        try require(bytes.count <= limits.stringBytesMax, "a long string")
        try require(value.stringEquals(utf8: bytes), "a string does not equal itself")
        try require(!value.stringEquals(utf8: bytes + [0x61]), "a string equals a longer one")
        try require(value.integer == nil, "a string that is a number")
    }

    private static func holdNumber(_ value: JSONValue, _ limits: JSONLimits) throws(Finding) {
        let text = String(decoding: value.text, as: UTF8.self)
        try require(text.utf8.count <= limits.numberDigitsMax, "a long number")
        let isWhole = !text.utf8.contains { $0 == 0x2E || $0 | 0x20 == 0x65 }
        try require(value.integer == (isWhole ? Int64(text) : nil), "\(text) is read as another number")
        try require(value.string == nil, "a number that is a string")
    }

    private static func write(_ value: JSONValue, to writer: inout JSONWriter) {
        switch value.kind {
        case .object:
            writer.beginObject()
            for member in value.members {
                writer.name(member.name)
                write(member.value, to: &writer)
            }
            writer.endObject()
        case .array:
            writer.beginArray()
            for element in value.elements { write(element, to: &writer) }
            writer.endArray()
        case .string: writer.string(value.string ?? "")
        case .number: if let integer = value.integer { writer.integer(integer) } else { writer.raw(value.text) }
        case .boolean: writer.boolean(value.boolean ?? false)
        case .null: writer.null()
        }
    }

    private static func isSame(_ left: JSONValue, _ right: JSONValue) -> Bool {
        guard left.kind == right.kind, left.count == right.count else { return false }
        switch left.kind {
        case .object:
            return zip(left.members, right.members).allSatisfy {
                $0.name.utf8.elementsEqual($1.name.utf8) && isSame($0.value, $1.value)
            }
        case .array: return zip(left.elements, right.elements).allSatisfy { isSame($0, $1) }
        case .string: return left.stringUTF8 == right.stringUTF8
        case .number: return left.integer == right.integer && (left.integer != nil || left.text == right.text)
        case .boolean: return left.boolean == right.boolean
        case .null: return true
        }
    }
}
