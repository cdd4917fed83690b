import HTTPServer

/// What a parser made of some bytes, in a form that can be compared.
enum ParserOutcome: Equatable {
    case head(ParsedHead)
    case body([UInt8])
    case end
    case rejected(HTTPRejectionReason)
    /// The bytes are used up within a request.
    case incomplete
}

/// A head that can be compared and shown; neither costs anything where nobody asks, which is nearly always.
struct ParsedHead: Equatable, CustomStringConvertible {
    let head: HTTPRequestHead

    var description: String {
        let fields = head.fields.pairs.map { "\($0.name)=\($0.value)" }.joined(separator: "|")
        let flags = (head.keepsAlive ? "k" : "") + (head.expectsContinue ? "e" : "")
        return "\(head.method.name) \(head.path) \(head.query ?? "-") \(head.framing) \(flags) \(fields)"
    }

    static func == (left: ParsedHead, right: ParsedHead) -> Bool {
        let (left, right) = (left.head, right.head)
        return isSame(left.method.name, right.method.name) && isSame(left.path, right.path)
            && (left.query == nil) == (right.query == nil) && isSame(left.query ?? "", right.query ?? "")
            && left.framing == right.framing && left.expectsContinue == right.expectsContinue
            && left.keepsAlive == right.keepsAlive
            && left.fields.pairs.elementsEqual(right.fields.pairs) {
                isSame($0.name, $1.name) && isSame($0.value, $1.value)
            }
    }

    /// Byte for byte: two spellings of one letter are equal as texts.
    private static func isSame(_ left: String, _ right: String) -> Bool { left.utf8.elementsEqual(right.utf8) }
}

/// Feeds a parser as a connection does: piece by piece, what it leaves offered again.
struct ParserRun {
    private(set) var parser: HTTPRequestParser
    private(set) var outcomes: [ParserOutcome] = []
    private(set) var heads: [HTTPRequestHead] = []
    /// The bytes of all bodies.
    private(set) var bodies: [UInt8] = []
    /// How many bytes were consumed when the latest head or the latest end came.
    private(set) var consumedByHead = 0
    private(set) var consumedByEnd = 0

    private let bodyBytesMax: Int
    private var unread: [UInt8] = []
    private var consumed = 0
    private var hasFailed = false

    init(bodyBytesMax: Int = 1 << 16) {
        parser = HTTPRequestParser()
        self.bodyBytesMax = bodyBytesMax
    }

    init(_ bytes: [UInt8], bodyBytesMax: Int = 1 << 16) throws(Finding) {
        self.init(bodyBytesMax: bodyBytesMax)
        try feed(bytes)
    }

    /// Offers some more bytes; demands that the parser gets on and stays within what it was offered.
    mutating func feed(_ bytes: [UInt8]) throws(Finding) {
        guard !hasFailed else { return }
        let input = unread.isEmpty ? bytes : unread + bytes
        var position = 0
        // A head, a body, an end: each takes a byte at least, but for an end and an event that says no more.
        for _ in 0..<(3 * input.count + 4) {
            let before = position
            let event = parser.next(input.span, from: &position)
            try require(position >= before && position <= input.count, "the parser left its input")
            switch event {
            case .needMore:
                unread = Array(input[position...])
                consumed += position
                return
            case .head(let head):
                parser.bodyBytesMax = bodyBytesMax
                heads.append(head)
                outcomes.append(.head(ParsedHead(head: head)))
                consumedByHead = consumed + position
            case .body(let range):
                try require(!range.isEmpty, "an empty body event")
                try require(range.upperBound == position && range.lowerBound >= before, "a body outside its bytes")
                bodies += input[range]
                if case .body(let earlier) = outcomes.last {
                    outcomes[outcomes.count - 1] = .body(earlier + input[range])
                } else {
                    outcomes.append(.body(Array(input[range])))
                }
            case .end:
                outcomes.append(.end)
                consumedByEnd = consumed + position
            case .rejected(let rejection):
                try holdRejection(rejection, input, position)
                outcomes.append(.rejected(rejection.reason))
                hasFailed = true
                return
            }
        }
        throw Finding("the parser does not come to an end")
    }

    /// All outcomes, with a mark where a request is cut.
    var result: [ParserOutcome] {
        parser.isInsideRequest && !hasFailed ? outcomes + [.incomplete] : outcomes
    }

    var rejection: HTTPRejectionReason? {
        if case .rejected(let reason) = outcomes.last { reason } else { nil }
    }

    /// A rejection is for ever, and its answer a status that says so.
    private mutating func holdRejection(
        _ rejection: HTTPRejection,
        _ input: [UInt8],
        _ position: Int
    ) throws(Finding) {
        var again = position
        guard case .rejected(rejection) = parser.next(input.span, from: &again), again == position else {
            throw Finding("a rejection did not last")
        }
        try require([400, 413, 414, 417, 431, 501, 505].contains(rejection.status), "status \(rejection.status)")
    }
}
