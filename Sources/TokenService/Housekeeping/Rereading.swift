import Synchronization

/// Reads something again in the background until it was read, one run at a time: at once, then with pauses that grow to 5 s.
package final class Rereading: Sendable {
    private struct State {
        var asked: UInt64 = 0
        var isRunning = false
    }

    private let name: String
    private let background: BackgroundWork
    private let state = Mutex(State())

    /// `name` is what the task is called.
    package init(_ name: String, on background: BackgroundWork) {
        self.name = name
        self.background = background
    }

    /// Asks for a reading that begins after this call; where one is under way, another follows it.
    ///
    /// `read` says whether it succeeded, or nil where there is nobody to read for any more. It is the first caller's that
    /// is used until the run is over.
    package func start(_ read: @escaping @Sendable () async -> Bool?) {
        let isFirst = state.withLock { state in
            state.asked &+= 1
            defer { state.isRunning = true }
            return !state.isRunning
        }
        guard isFirst else { return }
        background.start(name) { [self] in await run(read) }
    }

    private func run(_ read: @Sendable () async -> Bool?) async {
        var delay = RetryDelay()
        while true {
            let asked = state.withLock { $0.asked }
            switch await read() {
            case true?:
                delay = RetryDelay()
                if isOver(asked) { return }
            case false?: await background.pause(delay.next())
            case nil:
                state.withLock { $0.isRunning = false }
                return
            }
        }
    }

    /// Ends the run, unless something was asked for since.
    private func isOver(_ asked: UInt64) -> Bool {
        state.withLock { state in
            state.isRunning = state.asked != asked
            return !state.isRunning
        }
    }
}
