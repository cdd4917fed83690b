#if SQLite || Postgres
    /// Counts the store's threads down to the end, and tells those who wait for it.
    final class StoreLifecycle: @unchecked Sendable {
        // Safe because: every stored variable is touched only with the gate's lock held.
        private let gate = ThreadGate()
        private var readers = 0
        private var isWriterRunning = false
        private var isClosing = false
        /// What belongs to the store for as long as its writer runs, such as the lock on its directory.
        private var holding: AnyObject?
        private var waiting: [CheckedContinuation<Void, Never>] = []

        init(holding: AnyObject? = nil) { self.holding = holding }

        func started(readers: Int) {
            gate.withLock {
                self.readers = readers
                isWriterRunning = true
            }
        }

        /// Ends the watchdog's waiting.
        func beginClosing() {
            gate.withLock {
                isClosing = true
                gate.broadcast()
            }
        }

        /// Sleeps; false as soon as the store is closing.
        func sleep(milliseconds: Int) -> Bool {
            gate.withLock {
                if isClosing { return false }
                _ = gate.wait(microseconds: milliseconds * 1_000)
                return !isClosing
            }
        }

        /// Counts one more thread that has to end before the writer does; false where the store is closing.
        func readerStarted() -> Bool {
            gate.withLock {
                if !isClosing { readers += 1 }
                return !isClosing
            }
        }

        var isOver: Bool { gate.withLock { isClosing } }

        func readerEnded() {
            gate.withLock {
                readers -= 1
                gate.broadcast()
            }
        }

        /// The writer goes last, so that its closing brings the log back into the data base file.
        func waitForReaders() {
            gate.withLock { while readers > 0 { gate.wait() } }
        }

        /// Gives the directory free and wakes whoever waits in ``ended()``.
        func writerEnded() {
            let resumed = gate.withLock {
                isWriterRunning = false
                holding = nil
                let resumed = waiting
                waiting = []
                return resumed
            }
            for continuation in resumed { continuation.resume() }
        }

        /// Returns when the last thread has closed its connection and the directory is free.
        func ended() async {
            await withCheckedContinuation { continuation in
                let isOver = gate.withLock {
                    if isWriterRunning { waiting.append(continuation) }
                    return !isWriterRunning
                }
                if isOver { continuation.resume() }
            }
        }
    }
#endif
