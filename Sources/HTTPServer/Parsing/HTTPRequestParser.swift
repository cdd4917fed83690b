import Platform

/// Turns the bytes of a connection into requests: a state machine without I/O (RFC 9112).
///
/// Offer it all unread bytes with ``next(_:from:)``, again and again. It consumes whole lines and body bytes only: what
/// it leaves must be offered again, with more bytes behind it. However the bytes are cut, the events are the same
/// (neighbouring ``Event/body(_:)`` events may be split). It holds no more than the offsets of the fields of one head,
/// and allocates nothing before the head has passed its limits. After a rejection it gives the same rejection for ever.
///
/// Stricter than the RFC where leniency has let requests be smuggled: every line ends in CR LF, a target in absolute
/// form must name the host that the Host field names, `Transfer-Encoding` is `chunked` alone, and repeats of framing
/// fields are refused even where they agree. One empty line before a request line is skipped (section 2.2).
package struct HTTPRequestParser: Sendable {
    package enum Event: Sendable {
        /// All whole lines are consumed; offer the rest again with more bytes.
        case needMore
        /// A head; set ``bodyBytesMax`` before going on.
        case head(HTTPRequestHead)
        /// Body bytes at these offsets of the input, transfer coding removed; never empty.
        case body(Range<Int>)
        /// The request is complete.
        case end
        /// The request is not understood; answer once and close.
        case rejected(HTTPRejection)
    }

    enum State: Equatable, Sendable {
        /// Before a request line; whether an empty line has been skipped.
        case start(skippedLine: Bool)
        case fields
        /// A head with a declared length has been handed out.
        case lengthDeclared(Int)
        case body(remaining: Int)
        case chunkSize
        case chunkData(remaining: Int)
        case chunkEnd
        case trailers
        case complete
        case failed(HTTPRejection)
    }

    let limits: HTTPLimits
    var state = State.start(skippedLine: false)
    /// Bytes of the current line that hold no line feed, so that they need not be searched twice.
    var searched = 0
    /// The head so far.
    var draft = HeadDraft()
    /// Body, chunk extension and trailer bytes so far.
    var bodyBytes = 0
    var extensionBytes = 0
    var trailerBytes = 0
    var trailerCount = 0

    /// The most bytes that the body of the current request may have; 0 until set for a head.
    package var bodyBytesMax = 0

    package init(limits: HTTPLimits = HTTPLimits()) {
        self.limits = limits
    }

    /// Whether bytes of a request have been consumed or looked at, so that ending now would cut it.
    package var isInsideRequest: Bool {
        switch state {
        case .start: searched > 0
        case .failed: false
        default: true
        }
    }

    /// Whether the head of the current request is complete.
    package var isInsideBody: Bool {
        switch state {
        case .start, .fields, .failed: false
        default: true
        }
    }

    /// The next event from `input[position...]`; moves `position` behind what was consumed.
    package mutating func next(_ input: borrowing Span<UInt8>, from position: inout Int) -> Event {
        do throws(HTTPRejection) {
            return try step(input, &position)
        } catch {
            state = .failed(error)
            draft = HeadDraft()
            return .rejected(error)
        }
    }

    private mutating func step(
        _ input: borrowing Span<UInt8>,
        _ position: inout Int
    ) throws(HTTPRejection) -> Event {
        while true {
            switch state {
            case .start, .fields:
                guard let head = try readHead(input, &position) else { return .needMore }
                return .head(head)
            case .lengthDeclared(let length):
                guard length <= bodyBytesMax else { throw HTTPRejection(.bodyTooLong) }
                state = .body(remaining: length)
            case .body(let remaining):
                let count = min(remaining, input.count - position)
                guard count > 0 else { return .needMore }
                state = count == remaining ? .complete : .body(remaining: remaining - count)
                position += count
                return .body(position - count..<position)
            case .chunkSize:
                guard try readChunkSize(input, &position) else { return .needMore }
            case .chunkData(let remaining):
                let count = min(remaining, input.count - position)
                guard count > 0 else { return .needMore }
                state = count == remaining ? .chunkEnd : .chunkData(remaining: remaining - count)
                position += count
                return .body(position - count..<position)
            case .chunkEnd:
                guard try readChunkEnd(input, &position) else { return .needMore }
            case .trailers:
                guard try readTrailer(input, &position) else { return .needMore }
            case .complete:
                state = .start(skippedLine: false)
                bodyBytesMax = 0
                return .end
            case .failed(let rejection):
                throw rejection
            }
        }
    }

    /// Finds the line that begins at `start`: the index of its CR, or nil where it is not complete.
    ///
    /// - Parameter contentBytesMax: the longest line without its line end; beyond, `tooLong` is thrown, as soon as that
    ///   is certain.
    mutating func lineEnd(
        _ input: borrowing Span<UInt8>,
        from start: Int,
        contentBytesMax: Int,
        tooLong: HTTPRejectionReason
    ) throws(HTTPRejection) -> Int? {
        guard let feed = ByteScan.firstIndex(of: ASCII.lineFeed, in: input, from: start + searched) else {
            searched = input.count - start
            // The line feed comes at `searched` or later, the CR one before it.
            if searched - 1 > contentBytesMax { throw HTTPRejection(tooLong) }
            return nil
        }
        searched = 0
        if feed - 1 - start > contentBytesMax { throw HTTPRejection(tooLong) }
        guard feed > start, input[feed - 1] == ASCII.carriageReturn else { throw HTTPRejection(.bareLineFeed) }
        return feed - 1
    }
}
