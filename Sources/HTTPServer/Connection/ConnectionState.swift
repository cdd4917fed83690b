package import Platform

/// What becomes of a connection: events in, actions out, without I/O and with time passed in.
///
/// It decides what is read, answered, cut and closed, and keeps the deadlines. Every deadline is set once when its
/// phase begins and never moved by bytes that arrive later.
package struct ConnectionState: Sendable {
    package enum Phase: Equatable, Sendable {
        /// The TLS handshake is under way.
        case handshaking
        /// Between requests, or before the first one.
        case idle
        case readingHead
        case readingBody
        /// A request is with the responder.
        case awaitingReply
        /// The last answer is queued; nothing more is read as a request.
        case finishing
        /// All is said and the sending side shut; what comes in is dropped.
        case lingering
        case closed
    }

    /// Where the bytes read so far end.
    package enum InputPlace: Equatable, Sendable {
        case betweenRequests
        case insideHead
        case insideBody
    }

    package enum ReplyAction: Equatable, Sendable {
        /// Queue the answer, with `Connection: close` where told.
        case send(closing: Bool)
        /// Nobody is left to answer.
        case drop
    }

    package enum OutputAction: Equatable, Sendable {
        /// Nothing to do but wait.
        case wait
        /// All is sent: go on with the next request.
        case proceed
        /// Shut the sending side and drop what still comes in.
        case linger
        case close
    }

    package enum EndAction: Equatable, Sendable {
        /// An answer is still owed or under way.
        case wait
        case close
    }

    package enum DeadlineAction: Equatable, Sendable {
        /// Not due; ask again at ``ConnectionState/deadline``.
        case wait
        /// Answer with this, then end the connection.
        case reject(HTTPRejectionReason)
        /// Close without a word.
        case close(DeadlineKind)
    }

    /// Which deadline was hit; the raw value is a metric label.
    package enum DeadlineKind: String, CaseIterable, Sendable {
        case handshake
        case idle
        case head
        case body
        case reply
        case write
        case linger
    }

    package private(set) var phase: Phase
    /// Requests completed so far.
    package private(set) var requestCount = 0
    /// When the phase began to be idle, for choosing the oldest; meaningless in other phases.
    package private(set) var idleSince: MonotonicInstant

    private let limits: HTTPLimits
    private var phaseDeadline: MonotonicInstant
    private var writeDeadline: MonotonicInstant?
    private var keepsAlive = true
    private var clientAskedToClose = false
    private var isDraining = false
    private var lingerBytes = 0

    package init(isSecure: Bool, limits: HTTPLimits, now: MonotonicInstant) {
        self.limits = limits
        phase = isSecure ? .handshaking : .idle
        idleSince = now
        phaseDeadline = now.adding(
            milliseconds: isSecure ? limits.handshakeMilliseconds : limits.idleMilliseconds
        )
    }

    /// A connection that there is no room for: it gets one answer and ends.
    package init(refusedWith limits: HTTPLimits, now: MonotonicInstant) {
        self.init(isSecure: false, limits: limits, now: now)
        finish()
    }

    /// When ``deadlinePassed(now:)`` is to be asked next.
    package var deadline: MonotonicInstant {
        guard let writeDeadline else { return phaseDeadline }
        // A client that is still reading is not idle.
        return phase == .idle ? writeDeadline : min(phaseDeadline, writeDeadline)
    }

    /// Whether answers wait for the client to read.
    package var isOutputBlocked: Bool { writeDeadline != nil }

    /// Whether bytes that come in may be read as requests now.
    package var takesRequests: Bool {
        switch phase {
        case .idle, .readingHead, .readingBody: writeDeadline == nil
        case .handshaking, .awaitingReply, .finishing, .lingering, .closed: false
        }
    }

    /// Whether this connection may be closed to make room for another.
    package var isEvictable: Bool { phase == .idle && writeDeadline == nil }

    // MARK: Input

    package mutating func handshakeCompleted(now: MonotonicInstant) {
        guard phase == .handshaking else { return }
        becomeIdle(now: now)
    }

    /// All bytes there are have been parsed; the next must come from the client.
    package mutating func inputExhausted(_ place: InputPlace, now: MonotonicInstant) {
        switch (phase, place) {
        case (.idle, .insideHead):
            phase = .readingHead
            phaseDeadline = now.adding(milliseconds: limits.headMilliseconds)
        case (.idle, .insideBody), (.readingHead, .insideBody):
            phase = .readingBody
            phaseDeadline = now.adding(milliseconds: limits.bodyMilliseconds)
        default:
            break
        }
    }

    /// A whole request is there and goes to the responder.
    package mutating func requestCompleted(keepsAlive: Bool, now: MonotonicInstant) {
        requestCount += 1
        self.keepsAlive = keepsAlive
        clientAskedToClose = !keepsAlive
        phase = .awaitingReply
        phaseDeadline = now.adding(milliseconds: limits.replyMilliseconds)
    }

    /// The client has sent its last byte, and all before it has been parsed.
    ///
    /// Where an answer is still owed this changes nothing: a client may shut its sending side and read on. Reading once
    /// more after the answer tells again.
    package mutating func peerEnded() -> EndAction {
        switch phase {
        case .awaitingReply, .finishing:
            return .wait
        case .idle where writeDeadline != nil:
            return .wait
        case .handshaking, .idle, .readingHead, .readingBody, .lingering, .closed:
            phase = .closed
            return .close
        }
    }

    // MARK: Output

    /// The responder has answered the request in hand.
    package mutating func replied(closes: Bool, now: MonotonicInstant) -> ReplyAction {
        guard phase == .awaitingReply else { return .drop }
        if closes || isDraining || !keepsAlive {
            finish()
            return .send(closing: true)
        }
        becomeIdle(now: now)
        return .send(closing: false)
    }

    /// The request is refused; its answer is the last one.
    package mutating func rejected() -> ReplyAction {
        switch phase {
        case .idle, .readingHead, .readingBody, .awaitingReply:
            clientAskedToClose = false
            finish()
            return .send(closing: true)
        case .handshaking, .finishing, .lingering, .closed:
            return .drop
        }
    }

    /// What was queued has been offered to the client; `isBlocked` where some of it did not go.
    package mutating func outputOffered(isBlocked: Bool, now: MonotonicInstant) -> OutputAction {
        if isBlocked {
            if writeDeadline == nil { writeDeadline = now.adding(milliseconds: limits.writeMilliseconds) }
            return .wait
        }
        let wasBlocked = writeDeadline != nil
        writeDeadline = nil
        switch phase {
        case .finishing:
            // Who asked for the close sends no more: there is nothing to wait for.
            if clientAskedToClose {
                phase = .closed
                return .close
            }
            phase = .lingering
            phaseDeadline = now.adding(milliseconds: limits.lingerMilliseconds)
            return .linger
        case .idle where wasBlocked:
            becomeIdle(now: now)
            return .proceed
        case .idle, .readingHead, .readingBody:
            return wasBlocked ? .proceed : .wait
        case .handshaking, .awaitingReply, .lingering, .closed:
            return .wait
        }
    }

    /// Bytes came in while lingering and were dropped.
    package mutating func lingered(byteCount: Int) -> EndAction {
        lingerBytes += byteCount
        guard lingerBytes > limits.lingerBytesMax else { return .wait }
        phase = .closed
        return .close
    }

    // MARK: Time and shutdown

    /// Time has come to ``deadline``, or past it.
    package mutating func deadlinePassed(now: MonotonicInstant) -> DeadlineAction {
        guard now >= deadline else { return .wait }
        if let writeDeadline, now >= writeDeadline { return cut(.write) }
        switch phase {
        case .handshaking: return cut(.handshake)
        case .idle: return cut(.idle)
        case .readingHead: return .reject(.headTimeout)
        case .readingBody: return .reject(.bodyTimeout)
        case .awaitingReply: return .reject(.replyTimeout)
        case .finishing: return .wait
        case .lingering: return cut(.linger)
        case .closed: return .wait
        }
    }

    /// The server stops: what has begun is finished, and nothing new after it.
    ///
    /// An idle connection gets a moment for a request that is already on its way, and is closed then.
    package mutating func drainBegan(now: MonotonicInstant) {
        isDraining = true
        if phase == .idle { shortenIdle(now: now) }
    }

    /// The connection is gone.
    package mutating func closed() { phase = .closed }

    private mutating func cut(_ kind: DeadlineKind) -> DeadlineAction {
        phase = .closed
        return .close(kind)
    }

    private mutating func becomeIdle(now: MonotonicInstant) {
        phase = .idle
        idleSince = now
        phaseDeadline = now.adding(milliseconds: limits.idleMilliseconds)
        if isDraining { shortenIdle(now: now) }
    }

    private mutating func shortenIdle(now: MonotonicInstant) {
        phaseDeadline = min(phaseDeadline, now.adding(milliseconds: limits.drainGraceMilliseconds))
    }

    /// Only the write deadline and the end of the output count from here on.
    private mutating func finish() {
        phase = .finishing
        phaseDeadline = MonotonicInstant(nanoseconds: .max)
    }
}
