import HTTPClient

/// What a client's parser made of the bytes of one connection.
enum AnswerOutcome: Equatable {
    case answer(HTTPAnswer)
    case fault(HTTPAnswerFault)
    /// The connection ended before the answer did.
    case incomplete
}

/// Feeds a client's parser as a connection does, piece by piece, and then ends the connection.
struct AnswerRun {
    private var parser: HTTPAnswerParser
    private let limits: HTTPAnswerLimits
    private var fault: HTTPAnswerFault?

    init(limits: HTTPAnswerLimits) {
        self.limits = limits
        parser = HTTPAnswerParser(limits: limits)
    }

    /// Offers some more bytes; demands that a fault lasts and that nothing outgrows its bound.
    mutating func feed(_ bytes: ArraySlice<UInt8>) throws(Finding) {
        let before = parser.isComplete ? parser.answer : nil
        let result = Self.fed(bytes, to: &parser)
        if let fault { try require(result == fault, "a fault that did not last") }
        fault = result
        if let before { try require(parser.isComplete && parser.answer == before, "more bytes changed an answer") }
        try require(parser.answer.body.count <= limits.bodyBytesMax ?? 0, "a body of \(parser.answer.body.count) bytes")
        try require(parser.answer.fields.count <= limits.fieldsMax, "\(parser.answer.fields.count) fields")
        let headBytes = parser.answer.fields.reduce(0) { $0 + $1.name.utf8.count }
        try require(headBytes <= limits.headBytesMax, "fields of \(headBytes) bytes")
    }

    /// Ends the connection.
    mutating func end() throws(Finding) -> AnswerOutcome {
        let wasComplete = parser.isComplete
        let isComplete: Bool
        do throws(HTTPAnswerFault) {
            isComplete = try parser.end()
        } catch {
            try require(error == fault, "a fault out of nowhere")
            return .fault(error)
        }
        try require(fault == nil, "a fault that was forgotten")
        try require(isComplete || !wasComplete, "an answer that was complete")
        return isComplete ? .answer(parser.answer) : .incomplete
    }

    private static func fed(_ bytes: ArraySlice<UInt8>, to parser: inout HTTPAnswerParser) -> HTTPAnswerFault? {
        do throws(HTTPAnswerFault) {
            try parser.feed(bytes)
            return nil
        } catch {
            return error
        }
    }

    /// What bytes that come all at once are.
    static func whole(_ bytes: [UInt8], limits: HTTPAnswerLimits) throws(Finding) -> AnswerOutcome {
        var run = AnswerRun(limits: limits)
        try run.feed(bytes[...])
        return try run.end()
    }
}
