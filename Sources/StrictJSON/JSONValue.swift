/// A view of one value of a parsed text; cheap to copy.
package struct JSONValue: Sendable {
    package enum Kind: Sendable {
        case object
        case array
        case string
        case number
        case boolean
        case null
    }

    let storage: JSONDocument.Storage
    let index: Int

    private var node: JSONNode { storage.nodes[index] }

    package var kind: Kind {
        switch node.kind {
        case .object: .object
        case .array: .array
        case .string, .escapedString: .string
        case .number, .fractionalNumber: .number
        case .yes, .no: .boolean
        case .null: .null
        }
    }

    // MARK: Scalars

    /// The string; nil for any other kind.
    package var string: String? {
        switch node.kind {
        case .string: String(decoding: storage.bytes[contentRange], as: UTF8.self)
        case .escapedString: String(decoding: unescaped, as: UTF8.self)
        default: nil
        }
    }

    /// The string's UTF-8 after unescaping; nil for any other kind.
    package var stringUTF8: [UInt8]? {
        switch node.kind {
        case .string: [UInt8](storage.bytes[contentRange])
        case .escapedString: unescaped
        default: nil
        }
    }

    /// The length of ``stringUTF8`` without making it; nil unless a string.
    package var stringBytesCount: Int? {
        switch node.kind {
        case .string, .escapedString: Int(node.count)
        default: nil
        }
    }

    /// Whether this is a string with exactly these characters; allocates nothing.
    package func stringEquals(_ text: StaticString) -> Bool {
        text.withUTF8Buffer { unsafe stringEquals($0) }
    }

    /// Whether this is a string with exactly this UTF-8; allocates nothing.
    func stringEquals(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        unsafe Self.isString(storage.nodes[index], text, storage.bytes)
    }

    private static func isString(_ node: JSONNode, _ text: UnsafeBufferPointer<UInt8>, _ bytes: [UInt8]) -> Bool {
        guard Int(node.count) == text.count else { return false }
        switch node.kind {
        case .string:
            for offset in 0..<text.count where unsafe bytes[Int(node.start) &+ offset] != text[offset] { return false }
            return true
        case .escapedString:
            return unsafe UnescapedBytes(bytes, from: Int(node.start), to: Int(node.end)).elementsEqual(text)
        default:
            return false
        }
    }

    /// Whether this is a string with exactly this UTF-8; allocates nothing.
    package func stringEquals(utf8 text: [UInt8]) -> Bool {
        let node = node
        guard Int(node.count) == text.count else { return false }
        switch node.kind {
        case .string: return storage.bytes[contentRange].elementsEqual(text)
        case .escapedString:
            return UnescapedBytes(storage.bytes, from: Int(node.start), to: Int(node.end)).elementsEqual(text)
        default: return false
        }
    }

    /// Whether this is a string with exactly these characters; allocates nothing.
    package func stringEquals(string text: String) -> Bool {
        var text = text
        return text.withUTF8 { unsafe stringEquals($0) }
    }

    /// Whether this is a string that stands in the text, with no escape in it, as exactly these two pieces of UTF-8 one behind
    /// the other; allocates nothing.
    package func stringEquals(utf8 first: [UInt8], _ second: [UInt8]) -> Bool {
        let node = node
        guard node.kind == .string, Int(node.count) == first.count + second.count else { return false }
        let content = storage.bytes[contentRange]
        return content.starts(with: first) && content.dropFirst(first.count).elementsEqual(second)
    }

    /// The whole number; nil for any other kind, with a fraction or an exponent, or outside the range of `Int64`.
    package var integer: Int64? {
        guard node.kind == .number else { return nil }
        var digits = storage.bytes[contentRange]
        let isNegative = digits.first == UInt8(ascii: "-")
        if isNegative { digits = digits.dropFirst() }
        var value: Int64 = 0
        for digit in digits {
            let (product, productOverflow) = value.multipliedReportingOverflow(by: 10)
            let step = Int64(digit) - 0x30
            // Built on the negative side where the sign says so: only there does Int64.min fit.
            let (sum, sumOverflow) = product.addingReportingOverflow(isNegative ? -step : step)
            guard !productOverflow, !sumOverflow else { return nil }
            value = sum
        }
        return value
    }

    package var boolean: Bool? {
        switch node.kind {
        case .yes: true
        case .no: false
        default: nil
        }
    }

    package var isNull: Bool { node.kind == .null }

    // MARK: Containers

    /// The member of an object with this name; nil where there is none and for any other kind.
    ///
    /// Names are compared byte by byte: no Unicode normalisation, so two spellings of one character differ (RFC 8259
    /// section 8.3).
    /// - Complexity: O(members); use ``forEachMember(_:)`` to read many.
    package subscript(_ name: String) -> JSONValue? { member(name)?.value }

    /// The member of an object with this name, and where it stands among the members, from 0.
    ///
    /// - Complexity: O(members).
    package func member(_ name: String) -> (position: Int, value: JSONValue)? {
        guard node.kind == .object else { return nil }
        var name = name
        return name.withUTF8 { name in
            let nodes = storage.nodes
            let end = Int(nodes[index].next)
            var index = index + 1
            var position = 0
            while index < end {
                if unsafe Self.isString(nodes[index], name, storage.bytes) {
                    return (position, JSONValue(storage: storage, index: index + 1))
                }
                index = Int(nodes[index + 1].next)
                position += 1
            }
            return nil
        }
    }

    /// The members of an object in the order of the text; empty for any other kind.
    package var members: [(name: String, value: JSONValue)] {
        var members: [(name: String, value: JSONValue)] = []
        members.reserveCapacity(node.kind == .object ? Int(node.count) : 0)
        forEachMember { members.append(($0.string, $1)) }
        return members
    }

    /// Calls `body` with each member of an object in the order of the text; never for any other kind.
    package func forEachMember<E: Error>(_ body: (JSONName, JSONValue) throws(E) -> Void) throws(E) {
        guard node.kind == .object else { return }
        let end = Int(node.next)
        var position = index + 1
        while position < end {
            try body(JSONName(storage: storage, index: position), JSONValue(storage: storage, index: position + 1))
            position = Int(storage.nodes[position + 1].next)
        }
    }

    /// The elements of an array; empty for any other kind.
    package var elements: [JSONValue] {
        guard node.kind == .array else { return [] }
        var elements: [JSONValue] = []
        elements.reserveCapacity(Int(node.count))
        var position = index + 1
        while position < Int(node.next) {
            let element = JSONValue(storage: storage, index: position)
            elements.append(element)
            position = Int(element.node.next)
        }
        return elements
    }

    /// Members of an object or elements of an array; 0 for any other kind.
    package var count: Int {
        node.kind == .object || node.kind == .array ? Int(node.count) : 0
    }

    // MARK: Text

    /// The bytes of the value as they stand in the text; for a string without its quotation marks, still escaped.
    package var text: [UInt8] { [UInt8](storage.bytes[contentRange]) }

    private var contentRange: Range<Int> { Int(node.start)..<Int(node.end) }

    private var unescaped: [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(Int(node.count))
        for byte in UnescapedBytes(storage.bytes, from: Int(node.start), to: Int(node.end)) { result.append(byte) }
        return result
    }
}
