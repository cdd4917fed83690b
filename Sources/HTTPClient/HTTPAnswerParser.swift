/// Turns the bytes of one connection into one answer (RFC 9112): a pure state machine that never goes back.
///
/// Strict wherever a doubt would be one about where the answer ends: lines end with CR and LF, there is one framing or
/// none, lengths are digits. Names of fields are lower-cased. After a fault it repeats the fault for ever.
package struct HTTPAnswerParser: Sendable {
    enum State: Equatable {
        case statusLine
        case field
        case body(left: Int)
        case bodyToTheEnd
        case chunkSize
        case chunk(left: Int)
        case chunkEnd
        case trailer
        case complete
        case failed(HTTPAnswerFault)
    }

    /// Bytes of the line before a chunk, extensions included.
    static let chunkLineBytesMax = 256
    /// Digits of a chunk's size, and of a length.
    private static let chunkDigitsMax = 8
    private static let lengthDigitsMax = 15

    package private(set) var answer = HTTPAnswer(status: 0)
    private let limits: HTTPAnswerLimits
    private var state = State.statusLine
    private var line: [UInt8] = []
    private var hasCarriageReturn = false
    private var headBytes = 0
    private var interimCount = 0
    private var isOldVersion = false

    package init(limits: HTTPAnswerLimits) { self.limits = limits }

    /// Whether nothing more is wanted from the connection.
    package var isComplete: Bool { state == .complete }

    /// Takes the next bytes; what comes behind a complete answer is passed over.
    package mutating func feed(_ bytes: ArraySlice<UInt8>) throws(HTTPAnswerFault) {
        if case .failed(let fault) = state { throw fault }
        var rest = bytes
        do throws(HTTPAnswerFault) {
            while !rest.isEmpty, state != .complete { try step(&rest) }
        } catch {
            state = .failed(error)
            throw error
        }
    }

    /// Takes the end of the connection; false where the answer was not complete by then.
    package mutating func end() throws(HTTPAnswerFault) -> Bool {
        switch state {
        case .failed(let fault): throw fault
        case .complete: return true
        case .bodyToTheEnd:
            state = .complete
            return true
        case .statusLine, .field, .body, .chunkSize, .chunk, .chunkEnd, .trailer: return false
        }
    }

    private mutating func step(_ rest: inout ArraySlice<UInt8>) throws(HTTPAnswerFault) {
        switch state {
        case .statusLine:
            if let line = try takeLine(&rest) { try readStatus(line) }
        case .field:
            if let line = try takeLine(&rest) { try line.isEmpty ? endHead() : readField(line) }
        case .trailer:
            if let line = try takeLine(&rest) { try line.isEmpty ? (state = .complete) : readField(line) }
        case .chunkSize:
            if let line = try takeLine(&rest) { try readChunkSize(line) }
        case .chunkEnd:
            guard let line = try takeLine(&rest) else { return }
            guard line.isEmpty else { throw .badChunk }
            state = .chunkSize
        case .body(let left):
            let taken = try takeBody(&rest, atMost: left)
            state = left == taken ? .complete : .body(left: left - taken)
        case .chunk(let left):
            let taken = try takeBody(&rest, atMost: left)
            state = left == taken ? .chunkEnd : .chunk(left: left - taken)
        case .bodyToTheEnd: _ = try takeBody(&rest, atMost: .max)
        case .complete, .failed: rest = []
        }
    }

    private mutating func takeBody(_ rest: inout ArraySlice<UInt8>, atMost left: Int) throws(HTTPAnswerFault) -> Int {
        let taken = rest.prefix(left)
        guard taken.count <= (limits.bodyBytesMax ?? 0) - answer.body.count else { throw .bodyTooLong }
        answer.body += taken
        rest = rest.dropFirst(taken.count)
        return taken.count
    }

    /// Takes bytes up to the end of a line and gives the line without it; nil where its end has not come yet.
    private mutating func takeLine(_ rest: inout ArraySlice<UInt8>) throws(HTTPAnswerFault) -> [UInt8]? {
        while let byte = rest.popFirst() {
            try count()
            if hasCarriageReturn {
                guard byte == UInt8(ascii: "\n") else { throw .badLineEnd }
                hasCarriageReturn = false
                defer { line.removeAll(keepingCapacity: true) }
                return line
            }
            switch byte {
            case UInt8(ascii: "\r"): hasCarriageReturn = true
            case UInt8(ascii: "\n"): throw .badLineEnd
            default: line.append(byte)
            }
        }
        return nil
    }

    /// Lines of a head share one bound; those around chunks have one each.
    private mutating func count() throws(HTTPAnswerFault) {
        switch state {
        case .chunkSize, .chunkEnd:
            guard line.count < Self.chunkLineBytesMax else { throw .badChunk }
        default:
            headBytes += 1
            guard headBytes <= limits.headBytesMax else { throw .headTooLong }
        }
    }
}

// MARK: - Lines

extension HTTPAnswerParser {
    /// Reads `HTTP/1.1 200 OK`; the words after the status say nothing, and may be missing with their space.
    private mutating func readStatus(_ line: [UInt8]) throws(HTTPAnswerFault) {
        let start = Array("HTTP/1.".utf8)
        guard line.count >= 12, line.starts(with: start), line[8] == UInt8(ascii: " "),
            line[7] == UInt8(ascii: "0") || line[7] == UInt8(ascii: "1"), line.count == 12 || line[12] == 0x20,
            line[12...].allSatisfy(Self.isFieldContent)
        else { throw .notHTTP }
        guard let status = Self.number(line[9..<12], digitsMax: 3), (100...599).contains(status) else {
            throw .badStatus
        }
        isOldVersion = line[7] == UInt8(ascii: "0")
        answer = HTTPAnswer(status: status)
        state = .field
    }

    /// Reads `name: value`; a line that begins with a space, which once continued the line before, has no name.
    private mutating func readField(_ line: [UInt8]) throws(HTTPAnswerFault) {
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon > 0,
            line[..<colon].allSatisfy(Self.isTokenCharacter), line[colon...].allSatisfy(Self.isFieldContent),
            answer.fields.count < limits.fieldsMax
        else { throw .badField }
        var value = line[(colon + 1)...]
        while let first = value.first, first == 0x20 || first == 0x09 { value.removeFirst() }
        while let last = value.last, last == 0x20 || last == 0x09 { value.removeLast() }
        let name = line[..<colon].map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }
        answer.fields.append((String(decoding: name, as: UTF8.self), String(decoding: value, as: UTF8.self)))
    }

    /// Decides what follows the head (RFC 9112 section 6.3).
    private mutating func endHead() throws(HTTPAnswerFault) {
        if answer.status < 200 {
            guard answer.status != 101 else { throw .upgraded }
            interimCount += 1
            guard interimCount <= limits.interimMax else { throw .tooManyInterim }
            state = .statusLine
            return
        }
        let lengths = answer.fields.filter { $0.name == "content-length" }
        let codings = answer.fields.filter { $0.name == "transfer-encoding" }
        var length: Int?
        if let field = lengths.first {
            guard lengths.count == 1, let number = Self.number(field.value.utf8, digitsMax: Self.lengthDigitsMax)
            else { throw .badLength }
            length = number
        }
        if let field = codings.first {
            guard codings.count == 1, length == nil, !isOldVersion, Self.isChunked(field.value) else {
                throw .badTransferEncoding
            }
        }
        guard let bodyBytesMax = limits.bodyBytesMax else { return state = .complete }
        if answer.status == 204 || answer.status == 304 || length == 0 {
            state = .complete
        } else if !codings.isEmpty {
            state = .chunkSize
        } else if let length {
            guard length <= bodyBytesMax else { throw .bodyTooLong }
            state = .body(left: length)
        } else {
            state = .bodyToTheEnd
        }
    }

    /// Reads hexadecimal digits and passes over extensions (RFC 9112 section 7.1).
    private mutating func readChunkSize(_ line: [UInt8]) throws(HTTPAnswerFault) {
        let digits = line.prefix { $0 != UInt8(ascii: ";") && $0 != 0x20 && $0 != 0x09 }
        guard line.allSatisfy(Self.isFieldContent), (1...Self.chunkDigitsMax).contains(digits.count),
            let size = Int(String(decoding: digits, as: UTF8.self), radix: 16), digits.allSatisfy(Self.isHexadecimal)
        else { throw .badChunk }
        let rest = line.dropFirst(digits.count).drop { $0 == 0x20 || $0 == 0x09 }
        guard rest.isEmpty || rest.first == UInt8(ascii: ";") else { throw .badChunk }
        state = size == 0 ? .trailer : .chunk(left: size)
    }

    /// Whether a coding is `chunked`, without regard to the case of ASCII letters: Unicode has another K.
    private static func isChunked(_ coding: String) -> Bool {
        coding.utf8.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 } == Array("chunked".utf8)
    }

    // MARK: Characters

    private static func number(_ digits: some Collection<UInt8>, digitsMax: Int) -> Int? {
        guard (1...digitsMax).contains(digits.count), digits.allSatisfy({ (0x30...0x39).contains($0) }) else {
            return nil
        }
        return digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
    }

    private static func isHexadecimal(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x46).contains(byte & 0xDF)
    }

    /// True for what may stand in a value: visible characters, space, tab, and the bytes above ASCII.
    private static func isFieldContent(_ byte: UInt8) -> Bool {
        byte == 0x09 || (byte >= 0x20 && byte != 0x7F)
    }

    /// True for `tchar` (RFC 9110 section 5.6.2).
    private static func isTokenCharacter(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        case 0x21, 0x23...0x27, 0x2A, 0x2B, 0x2D, 0x2E, 0x5E...0x60, 0x7C, 0x7E: true
        default: false
        }
    }
}
