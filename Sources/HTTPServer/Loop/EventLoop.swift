import Platform
import Synchronization

/// One thread's share of a server: its listeners, its connections and the rounds in which they are served.
///
/// A round is: wait for events, serve the connections that have some, run the tasks that can go on, do what waits in line,
/// meet the deadlines. Everything here belongs to that thread; other threads reach it through ``LoopExecutor`` only. The
/// connection's turn is in `EventLoop+Turn.swift`, requests in `+Requests`, what there is no time for in `+Load`, output in
/// `+Output`, accepting in `+Accept`, the end in `+Drain`.
final class EventLoop {
    static let wakeToken = UInt64.max
    /// Slots from here on stand for listeners.
    static let firstListenerToken: UInt64 = 0x8000_0000
    /// Further looks at what has come in, in a row: with them about as many events as connections that wait at worst.
    private static let pollsMax = 16
    /// Bytes received at a time: a whole head of the greatest length, and a TLS record.
    static let receiveBytes = 16_384
    /// More than what is received at a time and an incomplete record before it can hold.
    static let plaintextBytesMax = 65_536

    let shared: ServerShared
    let limits: HTTPLimits
    let executor: LoopExecutor
    let poll: EventPoll
    var listeners: [Listener]
    var connections = ConnectionTable()
    var wheel: TimerWheel
    var dueTimers: [TimerWheel.Entry] = []

    /// The time of this round.
    var now: MonotonicInstant
    /// The wall clock of this round, once asked for.
    var wallNow: UnixTime?
    var encoder = ResponseEncoder()
    var tally = LoopTally()

    /// What is received in a turn; shared by all connections.
    var scratch = [UInt8](repeating: 0, count: receiveBytes)
    /// What a turn has decrypted; empty between turns.
    var plaintext: [UInt8] = []
    /// What a turn has to send; empty between turns.
    var out: [UInt8] = []
    /// A body to be sent behind them; the turn ends with it.
    var lentBody: [UInt8] = []

    /// Connections that have more to do without an event.
    var listed: [UInt64] = []
    /// Tasks that have not answered yet.
    var tasksUnderWay = 0
    /// Requests that have been taken and not begun.
    var deferred = DeferredRequests()
    var isServingDeferred = false
    /// When the work in hand makes way for what comes in.
    var sliceEnd: MonotonicInstant
    var admission: AdmissionControl
    /// The connection for which a task is being started; an answer given at once is left in `earlyReply`.
    var startingToken: UInt64?
    var earlyReply: HTTPResponse?
    var eviction = EvictionQueue()
    var reserve = ReserveDescriptor()
    var drain: Drain?

    /// - Throws: where the kernel gives no epoll instance.
    init(shared: ServerShared, listeners: [Listener], executor: LoopExecutor) throws(SystemError) {
        self.shared = shared
        limits = shared.limits
        self.executor = executor
        self.listeners = listeners
        now = shared.time.monotonicNow()
        wheel = TimerWheel(now: now)
        sliceEnd = now
        admission = AdmissionControl(limits: shared.limits, now: now)
        poll = try EventPoll()
        try poll.addReadEdge(executor.wakeSignal.rawValue, token: Self.wakeToken)
        for (index, listener) in listeners.enumerated() {
            try poll.addLevel(listener.descriptor.rawValue, token: Self.firstListenerToken + UInt64(index))
        }
    }

    /// Serves until a drain is complete.
    func run() {
        executor.begin(self)
        repeat { round() } while !hasFinished
        closeAll()
        executor.end()
    }

    private func round() {
        let count = waitForEvents()
        wallNow = nil
        takeStock()
        sliceEnd = now.adding(milliseconds: sliceMilliseconds)
        for index in 0..<count { dispatch(poll.event(index)) }
        if count == EventPoll.eventsMax { takeRest() }
        work()
        serveListed()
        meetDeadlines()
        advanceDrain()
        shared.metrics.take(&tally)
    }

    /// Waits where nothing is to be done, and notes for how long.
    private func waitForEvents() -> Int {
        let timeout = timeoutMilliseconds()
        let begun = timeout == 0 ? nil : shared.time.monotonicNow()
        let count = poll.wait(timeoutMilliseconds: timeout)
        executor.awoke()
        now = shared.time.monotonicNow()
        if let begun { admission.idled(nanoseconds: now.nanoseconds(since: begun)) }
        return count
    }

    /// Takes in what else has come, as long as everybody is served: how much waits is known only then.
    private func takeRest() {
        for _ in 0..<Self.pollsMax where !admission.isRefusing {
            let count = poll.wait(timeoutMilliseconds: 0)
            now = shared.time.monotonicNow()
            for index in 0..<count { dispatch(poll.event(index)) }
            guard count == EventPoll.eventsMax else { return }
        }
    }

    private func timeoutMilliseconds() -> CInt {
        guard listed.isEmpty, deferred.isEmpty, executor.prepareToSleep() else { return 0 }
        let timeouts = [
            wheel.millisecondsUntilDue(now: now), drain?.millisecondsUntilDue(now: now),
            reserve.millisecondsUntilDue(now: now),
        ]
        return timeouts.compactMap { $0 }.min().map { CInt(clamping: $0) } ?? -1
    }

    private func dispatch(_ event: PollEvent) {
        if let slot = connections[event.token] {
            take(event, &slot.connection)
        } else if event.token >= Self.firstListenerToken, event.token < Self.firstListenerToken + 0xFFFF {
            let index = Int(event.token - Self.firstListenerToken)
            if index < listeners.count { acceptWaiting(listeners[index], max: 64) }
        }
    }

    private func take(_ event: PollEvent, _ connection: inout Connection) {
        if event.isReadable { connection.canRead = true }
        if event.hasEnded { connection.hasEnded = true }
        turn(&connection)
    }

    /// Gives another turn to the connections that asked for one.
    private func serveListed() {
        guard !listed.isEmpty else { return }
        let tokens = listed
        listed.removeAll(keepingCapacity: true)
        for token in tokens {
            guard let slot = connections[token] else { continue }
            slot.connection.isListed = false
            turn(&slot.connection)
        }
    }

    /// Asks for another turn in the next round, after everybody else's.
    func list(_ connection: inout Connection) {
        guard !connection.isListed else { return }
        connection.isListed = true
        listed.append(connection.token)
    }

    // MARK: Deadlines

    /// Sees to it that the connection's deadline is looked at in time.
    func scheduleDeadline(_ connection: inout Connection) {
        let tick = wheel.tick(for: connection.state.deadline)
        // An earlier entry is good enough: it looks again.
        guard tick < connection.timerTick else { return }
        connection.timerTick = tick
        wheel.insert(connection.token, tick: tick)
    }

    private func meetDeadlines() {
        wheel.advance(to: now, into: &dueTimers)
        guard !dueTimers.isEmpty else { return }
        for entry in dueTimers {
            guard let slot = connections[entry.token], slot.connection.timerTick == entry.tick else { continue }
            slot.connection.timerTick = .max
            meetDeadline(&slot.connection)
        }
        dueTimers.removeAll(keepingCapacity: true)
    }

    private func meetDeadline(_ connection: inout Connection) {
        switch connection.state.deadlinePassed(now: now) {
        case .wait:
            scheduleDeadline(&connection)
        case .reject(let reason):
            switch reason {
            case .headTimeout: shared.metrics.deadline(.head)
            case .bodyTimeout: shared.metrics.deadline(.body)
            default: shared.metrics.deadline(.reply)
            }
            reject(&connection, HTTPRejection(reason))
            offerOutput(&connection)
            if connection.state.phase != .closed { scheduleDeadline(&connection) }
        case .close(let kind):
            shared.metrics.deadline(kind)
            if kind == .write { Socket.resetOnClose(connection.raw) }
            close(&connection)
        }
    }

    /// Ends a connection at once; what is queued in the kernel still goes out.
    func close(_ connection: inout Connection) {
        guard connection.raw >= 0 else { return }
        sayGoodbye(&connection)
        connection.state.closed()
        connections.remove(connection.token)
        if connection.isCounted { shared.addresses.leave(connection.peer) }
        shared.openConnections.subtract(1, ordering: .relaxed)
        shared.metrics.closed()
        // Last, so that a client that sees the end finds its place free.
        connection.descriptor = nil
    }
}
