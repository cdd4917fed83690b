/// One pass over the bytes of a JSON text (RFC 8259) into a flat array of nodes; no recursion, no strings.
struct JSONParser {
    private enum State {
        case value
        case valueOrEnd
        case name
        case nameOrEnd
        case commaOrEnd
        case complete
    }

    let bytes: [UInt8]
    let limits: JSONLimits
    var index = 0
    private(set) var nodes: [JSONNode] = []
    /// The innermost open container; the chain goes on through `next`.
    private var container = JSONNode.none
    private var depth = 0
    private var values = 0

    init(_ bytes: [UInt8], limits: JSONLimits) {
        self.bytes = bytes
        self.limits = limits
        nodes.reserveCapacity(min(bytes.count / 8 + 4, 1024))
    }

    /// Reads the whole text.
    mutating func parse() throws(JSONError) {
        guard bytes.count <= limits.bytesMax, bytes.count < Int(UInt32.max) else { throw error(.tooLarge, at: 0) }
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { throw error(.byteOrderMark, at: 0) }
        var state = State.value
        while state != .complete {
            skipWhitespace()
            guard index < bytes.count else { throw error(.unexpectedEnd, at: index) }
            let byte = bytes[index]
            switch state {
            case .valueOrEnd where byte == UInt8(ascii: "]"), .nameOrEnd where byte == UInt8(ascii: "}"):
                state = try closeContainer()
            case .value, .valueOrEnd:
                state = try readValue(startingWith: byte)
            case .name, .nameOrEnd:
                state = try readName(startingWith: byte)
            case .commaOrEnd:
                state = try readSeparator(byte)
            case .complete:
                break
            }
        }
        skipWhitespace()
        guard index == bytes.count else { throw error(.trailingBytes, at: index) }
    }

    // MARK: Values

    private mutating func readValue(startingWith byte: UInt8) throws(JSONError) -> State {
        guard values < limits.valuesMax else { throw error(.tooManyValues, at: index) }
        values += 1
        if container != JSONNode.none, nodes[Int(container)].kind == .array { nodes[Int(container)].count += 1 }
        switch byte {
        case UInt8(ascii: "{"):
            try openContainer(.object)
            return .nameOrEnd
        case UInt8(ascii: "["):
            try openContainer(.array)
            return .valueOrEnd
        case UInt8(ascii: "\""):
            append(try readString())
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            append(try readNumber())
        case UInt8(ascii: "t"):
            try readLiteral("true", .yes)
        case UInt8(ascii: "f"):
            try readLiteral("false", .no)
        case UInt8(ascii: "n"):
            try readLiteral("null", .null)
        default:
            throw error(.unexpectedByte, at: index)
        }
        return container == JSONNode.none ? .complete : .commaOrEnd
    }

    private mutating func readName(startingWith byte: UInt8) throws(JSONError) -> State {
        guard byte == UInt8(ascii: "\"") else { throw error(.unexpectedByte, at: index) }
        append(try readString())
        nodes[Int(container)].count += 1
        skipWhitespace()
        guard index < bytes.count else { throw error(.unexpectedEnd, at: index) }
        guard bytes[index] == UInt8(ascii: ":") else { throw error(.unexpectedByte, at: index) }
        index += 1
        return .value
    }

    private mutating func readSeparator(_ byte: UInt8) throws(JSONError) -> State {
        let isObject = nodes[Int(container)].kind == .object
        if byte == UInt8(ascii: ",") {
            index += 1
            return isObject ? .name : .value
        }
        guard byte == (isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) else {
            throw error(.unexpectedByte, at: index)
        }
        return try closeContainer()
    }

    private mutating func readLiteral(_ text: StaticString, _ kind: JSONNode.Kind) throws(JSONError) {
        let start = index
        for offset in 0..<text.utf8CodeUnitCount {
            guard index < bytes.count else { throw error(.unexpectedEnd, at: index) }
            guard text.byte(at: offset) == bytes[index] else { throw error(.unexpectedByte, at: index) }
            index += 1
        }
        append(JSONNode(kind: kind, start: UInt32(start), end: UInt32(index), next: 0, count: 0))
    }

    // MARK: Containers

    private mutating func openContainer(_ kind: JSONNode.Kind) throws(JSONError) {
        guard depth < limits.depthMax else { throw error(.tooDeep, at: index) }
        depth += 1
        let position = UInt32(nodes.count)
        nodes.append(JSONNode(kind: kind, start: UInt32(index), end: 0, next: container, count: 0))
        container = position
        index += 1
    }

    private mutating func closeContainer() throws(JSONError) -> State {
        index += 1
        let closed = container
        container = nodes[Int(closed)].next
        nodes[Int(closed)].end = UInt32(index)
        nodes[Int(closed)].next = UInt32(nodes.count)
        depth -= 1
        if nodes[Int(closed)].kind == .object, nodes[Int(closed)].count > 1,
            let duplicate = DuplicateNames.first(inObject: closed, nodes: nodes, bytes: bytes)
        {
            throw error(.duplicateMember, at: Int(nodes[duplicate].start) - 1)
        }
        return container == JSONNode.none ? .complete : .commaOrEnd
    }

    private mutating func append(_ node: JSONNode) {
        var node = node
        node.next = UInt32(nodes.count + 1)
        nodes.append(node)
    }

    // MARK: Bytes

    private mutating func skipWhitespace() {
        while index < bytes.count {
            switch bytes[index] {
            case 0x20, 0x09, 0x0A, 0x0D: index += 1
            default: return
            }
        }
    }

    func error(_ kind: JSONError.Kind, at offset: Int) -> JSONError {
        JSONError(kind, at: offset, in: bytes)
    }
}
