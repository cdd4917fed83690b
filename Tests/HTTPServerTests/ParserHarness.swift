import HTTPServer

/// What a parser made of some bytes, in a form that can be compared.
enum Outcome: Equatable, CustomStringConvertible {
    case head(String)
    case body([UInt8])
    case end
    case rejected(HTTPRejectionReason)
    /// The bytes are used up within a request.
    case incomplete

    var description: String {
        switch self {
        case .head(let line): "head(\(line))"
        case .body(let bytes): "body(\(bytes.count): \(String(decoding: bytes.prefix(40), as: UTF8.self)))"
        case .end: "end"
        case .rejected(let reason): "rejected(\(reason.rawValue))"
        case .incomplete: "incomplete"
        }
    }
}

/// Feeds a parser piece by piece, as a connection does.
struct ParserHarness {
    var parser: HTTPRequestParser
    var bodyBytesMax = 1 << 20
    private(set) var outcomes: [Outcome] = []
    private var unread: [UInt8] = []
    private var hasFailed = false

    init(limits: HTTPLimits = HTTPLimits(), bodyBytesMax: Int = 1 << 20) {
        parser = HTTPRequestParser(limits: limits)
        self.bodyBytesMax = bodyBytesMax
    }

    mutating func feed(_ bytes: [UInt8]) {
        guard !hasFailed else { return }
        let input = unread + bytes
        var position = 0
        while true {
            switch parser.next(input.span, from: &position) {
            case .needMore:
                unread = Array(input[position...])
                return
            case .head(let head):
                parser.bodyBytesMax = bodyBytesMax
                outcomes.append(.head(Self.summary(head)))
            case .body(let range):
                if case .body(let before) = outcomes.last {
                    outcomes[outcomes.count - 1] = .body(before + input[range])
                } else {
                    outcomes.append(.body(Array(input[range])))
                }
            case .end:
                outcomes.append(.end)
            case .rejected(let rejection):
                outcomes.append(.rejected(rejection.reason))
                hasFailed = true
                return
            }
        }
    }

    /// All outcomes, with a mark where a request is cut.
    var result: [Outcome] {
        parser.isInsideRequest && !hasFailed ? outcomes + [.incomplete] : outcomes
    }

    static func outcomes(
        _ pieces: [[UInt8]],
        limits: HTTPLimits = HTTPLimits(),
        bodyBytesMax: Int = 1 << 20
    ) -> [Outcome] {
        var harness = ParserHarness(limits: limits, bodyBytesMax: bodyBytesMax)
        for piece in pieces { harness.feed(piece) }
        return harness.result
    }

    static func outcomes(
        _ text: String,
        limits: HTTPLimits = HTTPLimits(),
        bodyBytesMax: Int = 1 << 20
    ) -> [Outcome] {
        outcomes([Array(text.utf8)], limits: limits, bodyBytesMax: bodyBytesMax)
    }

    private static func summary(_ head: HTTPRequestHead) -> String {
        let fields = head.fields.pairs.map { "\($0.name)=\($0.value)" }.joined(separator: "|")
        let query = head.query.map { "?\($0)" } ?? ""
        let flags = (head.keepsAlive ? "k" : "") + (head.expectsContinue ? "e" : "")
        return "\(head.method.name) \(head.path)\(query) \(head.framing) \(flags) \(fields)"
    }
}
