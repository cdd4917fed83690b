import Platform

/// One descriptor kept back, so that a client can be told when there are no others; and the pause when even it is lost.
struct ReserveDescriptor: ~Copyable {
    private var descriptor: FileDescriptor?
    private var pausedUntil: MonotonicInstant?

    init() { descriptor = NullDevice.open() }

    /// Closes the reserve; false where there is none.
    mutating func giveUp() -> Bool {
        if descriptor == nil { return false }
        descriptor = nil
        return true
    }

    /// Opens it again; false where another was faster.
    mutating func takeBack() -> Bool {
        descriptor = NullDevice.open()
        return descriptor != nil
    }

    /// Begins a pause; false where one is under way.
    mutating func pause(until: MonotonicInstant) -> Bool {
        guard pausedUntil == nil else { return false }
        pausedUntil = until
        return true
    }

    /// Ends the pause once it is over and the reserve is back; true at that moment only.
    mutating func resume(now: MonotonicInstant) -> Bool {
        guard let until = pausedUntil, now >= until else { return false }
        if descriptor == nil, !takeBack() {
            pausedUntil = now.adding(milliseconds: 100)
            return false
        }
        pausedUntil = nil
        return true
    }

    /// Milliseconds to the end of the pause, rounded up; nil without one.
    func millisecondsUntilDue(now: MonotonicInstant) -> Int? {
        pausedUntil.map { Int(clamping: ($0.nanoseconds(since: now) + 999_999) / 1_000_000) }
    }
}
