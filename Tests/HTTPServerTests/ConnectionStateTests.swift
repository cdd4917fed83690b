import HTTPServer
import Platform
import TestSupport
import Testing

@Suite("Decisions of a connection")
struct ConnectionStateTests {
    private let clock = ManualTimeSource()
    private let limits: HTTPLimits = {
        var limits = HTTPLimits()
        limits.handshakeMilliseconds = 1000
        limits.idleMilliseconds = 2000
        limits.headMilliseconds = 3000
        limits.bodyMilliseconds = 4000
        limits.replyMilliseconds = 5000
        limits.writeMilliseconds = 6000
        limits.lingerMilliseconds = 700
        limits.lingerBytesMax = 1000
        limits.drainGraceMilliseconds = 100
        return limits
    }()

    private var now: MonotonicInstant { clock.monotonicNow() }

    private func open(isSecure: Bool = false) -> ConnectionState {
        ConnectionState(isSecure: isSecure, limits: limits, now: now)
    }

    /// A connection whose request is with the responder.
    private func asked(keepsAlive: Bool = true) -> ConnectionState {
        var state = open()
        state.requestCompleted(keepsAlive: keepsAlive, now: now)
        return state
    }

    /// Checks that a deadline is met at exactly so many milliseconds from here.
    private func expectDeadline(
        _ state: ConnectionState,
        after milliseconds: Int,
        _ action: ConnectionState.DeadlineAction
    ) {
        var state = state
        #expect(state.deadline == now.adding(milliseconds: milliseconds))
        #expect(state.deadlinePassed(now: now.adding(milliseconds: milliseconds - 1)) == .wait)
        #expect(state.deadlinePassed(now: now.adding(milliseconds: milliseconds)) == action)
    }

    @Test("A handshake has its time, and then the connection idles")
    func handshake() {
        var state = open(isSecure: true)
        #expect(state.phase == .handshaking && !state.takesRequests && !state.isEvictable)
        expectDeadline(state, after: 1000, .close(.handshake))
        clock.advance(milliseconds: 900)
        state.handshakeCompleted(now: now)
        #expect(state.phase == .idle && state.takesRequests)
        expectDeadline(state, after: 2000, .close(.idle))
    }

    @Test("A new connection that says nothing is closed without a word")
    func silence() {
        expectDeadline(open(), after: 2000, .close(.idle))
    }

    @Test("A head that drips in does not move its deadline")
    func drippingHead() {
        var state = open()
        clock.advance(milliseconds: 1500)
        state.inputExhausted(.insideHead, now: now)
        #expect(state.phase == .readingHead && !state.isEvictable)
        expectDeadline(state, after: 3000, .reject(.headTimeout))
        clock.advance(milliseconds: 2999)
        state.inputExhausted(.insideHead, now: now)
        expectDeadline(state, after: 1, .reject(.headTimeout))
    }

    @Test("A body has a deadline of its own from the end of the head, and drips do not move it")
    func drippingBody() {
        var state = open()
        state.inputExhausted(.insideHead, now: now)
        clock.advance(milliseconds: 2000)
        state.inputExhausted(.insideBody, now: now)
        expectDeadline(state, after: 4000, .reject(.bodyTimeout))
        clock.advance(milliseconds: 3000)
        state.inputExhausted(.insideBody, now: now)
        expectDeadline(state, after: 1000, .reject(.bodyTimeout))
    }

    @Test("A request is answered and the connection idles again")
    func keepAlive() {
        var state = asked()
        #expect(state.phase == .awaitingReply && !state.takesRequests)
        expectDeadline(state, after: 5000, .reject(.replyTimeout))
        clock.advance(milliseconds: 100)
        #expect(state.replied(closes: false, now: now) == .send(closing: false))
        #expect(state.outputOffered(isBlocked: false, now: now) == .wait)
        #expect(state.phase == .idle && state.requestCount == 1 && state.idleSince == now)
        expectDeadline(state, after: 2000, .close(.idle))
    }

    @Test("A client that asked for the close gets its answer and the close")
    func closeAsked() {
        var state = asked(keepsAlive: false)
        #expect(state.replied(closes: false, now: now) == .send(closing: true))
        #expect(state.outputOffered(isBlocked: false, now: now) == .close)
        #expect(state.phase == .closed)
    }

    @Test("A close of our own lingers, for its time and its bytes")
    func closeOfOurs() {
        var state = asked()
        #expect(state.replied(closes: true, now: now) == .send(closing: true))
        #expect(state.phase == .finishing && !state.takesRequests)
        #expect(state.outputOffered(isBlocked: false, now: now) == .linger)
        expectDeadline(state, after: 700, .close(.linger))
        #expect(state.lingered(byteCount: 1000) == .wait)
        #expect(state.lingered(byteCount: 1) == .close)
    }

    @Test("A lingering connection closes when the client does")
    func lingerEnds() {
        var state = asked()
        _ = state.replied(closes: true, now: now)
        _ = state.outputOffered(isBlocked: false, now: now)
        #expect(state.peerEnded() == .close)
    }

    @Test("A refusal is the last answer, and only one is given")
    func refusal() {
        var state = open()
        state.inputExhausted(.insideHead, now: now)
        #expect(state.rejected() == .send(closing: true))
        #expect(state.rejected() == .drop)
        #expect(!state.takesRequests)
        #expect(state.outputOffered(isBlocked: false, now: now) == .linger)
    }

    @Test("An answer that comes after the reply deadline is dropped")
    func lateReply() {
        var state = asked()
        clock.advance(milliseconds: 5000)
        #expect(state.deadlinePassed(now: now) == .reject(.replyTimeout))
        #expect(state.rejected() == .send(closing: true))
        #expect(state.replied(closes: false, now: now) == .drop)
    }

    @Test("A client that does not read holds back its next request, and is cut at the write deadline")
    func slowReader() {
        var state = asked()
        _ = state.replied(closes: false, now: now)
        #expect(state.outputOffered(isBlocked: true, now: now) == .wait)
        #expect(state.isOutputBlocked && !state.takesRequests && !state.isEvictable)
        clock.advance(milliseconds: 1500)
        #expect(state.outputOffered(isBlocked: true, now: now) == .wait, "some bytes taken move no deadline")
        expectDeadline(state, after: 4500, .close(.write))
        clock.advance(milliseconds: 3000)
        #expect(state.outputOffered(isBlocked: false, now: now) == .proceed)
        #expect(state.takesRequests)
        expectDeadline(state, after: 2000, .close(.idle))
    }

    @Test("A last answer that is not taken is cut at the write deadline, and at no other")
    func slowLastReader() {
        var state = asked(keepsAlive: false)
        _ = state.replied(closes: false, now: now)
        #expect(state.outputOffered(isBlocked: true, now: now) == .wait)
        clock.advance(milliseconds: 3000)
        #expect(state.outputOffered(isBlocked: true, now: now) == .wait)
        expectDeadline(state, after: 3000, .close(.write))
    }

    @Test("The end of the client's sending closes what owes it nothing")
    func peerEnds() {
        var idle = open()
        #expect(idle.peerEnded() == .close)
        var head = open()
        head.inputExhausted(.insideHead, now: now)
        #expect(head.peerEnded() == .close)
        var waiting = asked()
        #expect(waiting.peerEnded() == .wait)
        #expect(waiting.replied(closes: false, now: now) == .send(closing: false))
        #expect(waiting.peerEnded() == .close)
    }

    @Test("Draining gives an idle connection a moment, and begun requests their answer with a close")
    func draining() {
        var idle = open()
        idle.drainBegan(now: now)
        expectDeadline(idle, after: 100, .close(.idle))
        idle.requestCompleted(keepsAlive: true, now: now)
        #expect(idle.replied(closes: false, now: now) == .send(closing: true))

        var begun = open()
        begun.inputExhausted(.insideHead, now: now)
        begun.drainBegan(now: now)
        expectDeadline(begun, after: 3000, .reject(.headTimeout))
        begun.requestCompleted(keepsAlive: true, now: now)
        #expect(begun.replied(closes: false, now: now) == .send(closing: true))
        #expect(begun.outputOffered(isBlocked: false, now: now) == .linger)
    }

    @Test("A connection that there is no room for gets one answer and lingers")
    func refusedConnection() {
        var state = ConnectionState(refusedWith: limits, now: now)
        #expect(!state.takesRequests && !state.isEvictable)
        #expect(state.outputOffered(isBlocked: false, now: now) == .linger)
    }

    @Test("A closed connection stays closed")
    func closed() {
        var state = asked()
        state.closed()
        #expect(state.replied(closes: false, now: now) == .drop)
        #expect(state.rejected() == .drop)
        #expect(state.deadlinePassed(now: now.adding(milliseconds: 100_000)) == .wait)
        #expect(!state.takesRequests)
    }
}
