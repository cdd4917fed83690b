#if SQLite
    internal import CSQLite
    internal import Platform

    /// The writer thread: takes commands in batches, commits each batch once, then answers all of it.
    final class WriterLoop: @unchecked Sendable {
        // Safe because: made on one thread, then handed to the writer thread, which alone uses it from there on.
        private let writer: Writer
        private let queue: JobQueue<Writer>
        private let options: SQLiteStoreOptions
        private let time: any TimeSource
        private let health: StoreHealth
        private let observer: (any StoreObserver)?
        private var window: BatchWindow
        /// When merging goes on, after something failed that may have been its fault.
        private var upkeepFrom = MonotonicInstant(nanoseconds: 0)

        /// How long merging pauses after such a failure: it is never urgent.
        private static let upkeepPauseMilliseconds = 60_000

        /// Why a transaction came to nothing.
        private struct TransactionFailure: Error {
            let cause: SQLiteFailure
            /// True where COMMIT itself failed in a way that leaves open what a restart will find.
            let isOutcomeUnknown: Bool
        }

        init(
            _ writer: Writer,
            queue: JobQueue<Writer>,
            options: SQLiteStoreOptions,
            time: any TimeSource,
            health: StoreHealth,
            observer: (any StoreObserver)?
        ) {
            self.writer = writer
            self.queue = queue
            self.options = options
            self.time = time
            self.health = health
            self.observer = observer
            window = BatchWindow(microsecondsMax: options.commitWindowMicroseconds)
        }

        /// Returns when the queue is closed and everything in it has been answered.
        func run() {
            while true {
                switch queue.batch(
                    max: options.commandsPerCommitMax,
                    window: window,
                    idleMicroseconds: idleMicroseconds
                ) {
                case .jobs(let jobs): commit(jobs)
                case .idle: idle()
                case .closed: return
                }
            }
        }

        /// How long without a command counts as nobody waiting: between two batches of a busy service the queue is often
        /// empty for a moment, and merging beyond what is due would take the processor from those who are about to ask.
        private static let quietMicroseconds = 5_000

        /// How long to sleep without a command: a moment with merging to do, a second while the disk fails.
        private var idleMicroseconds: Int? {
            switch health.current {
            case .ready: isUpkeepOn && writer.state.lookup.hasWork ? Self.quietMicroseconds : nil
            case .failing: 1_000_000
            case .failed, .closed: nil
            }
        }

        private var isUpkeepOn: Bool { time.monotonicNow() >= upkeepFrom }

        private func pauseUpkeep() {
            upkeepFrom = time.monotonicNow().adding(milliseconds: Self.upkeepPauseMilliseconds)
        }

        private func idle() {
            do throws(TransactionFailure) {
                if health.current == .ready {
                    try transaction([], withUpkeep: true)
                } else {
                    // Asks for as much room as a small batch needs, and gives it back.
                    try transaction([], withUpkeep: false) { writer throws(SQLiteFailure) in
                        try writer.upkeep.probe.run()
                        try writer.upkeep.endProbe.run()
                    }
                    health.set(.ready)
                }
            } catch {
                note(error)
                pauseUpkeep()
            }
        }

        private func commit(_ jobs: [Job<Writer>]) {
            let begun = time.monotonicNow()
            if case .failed(let reason) = health.current {
                for job in jobs { job.answer(failure: .unavailable(reason)) }
                return
            }
            let jobs = refuseLate(jobs, now: begun)
            guard !jobs.isEmpty else { return }
            do throws(TransactionFailure) {
                try transaction(jobs, withUpkeep: isUpkeepOn)
                let waiting = queue.waitingCount
                window.committed(commands: jobs.count, waiting: waiting)
                for job in jobs { job.answer() }
                health.set(.ready)
                observer?.committed(
                    commands: jobs.count,
                    nanoseconds: time.monotonicNow().nanoseconds(since: begun),
                    waiting: waiting
                )
            } catch {
                note(error)
                if error.isOutcomeUnknown || error.cause.isEnvironmental {
                    answer(jobs, error)
                } else {
                    commitSingly(jobs)
                }
            }
        }

        /// Gives each command a transaction of its own, so that the one which spoiled the batch spoils nobody else's.
        private func commitSingly(_ jobs: [Job<Writer>]) {
            var failures = 0
            for (index, job) in jobs.enumerated() {
                do throws(TransactionFailure) {
                    try transaction([job], withUpkeep: false)
                    job.answer()
                } catch {
                    failures += 1
                    note(error)
                    if error.isOutcomeUnknown || error.cause.isEnvironmental {
                        return answer(Array(jobs[index...]), error)
                    }
                    job.answer(failure: error.cause.storeError)
                }
            }
            guard failures == 0 else { return }
            // No command was at fault, so the merging may have been: it must not spoil the next batch too.
            pauseUpkeep()
            health.set(.ready)
        }

        private func answer(_ jobs: [Job<Writer>], _ error: TransactionFailure) {
            let failure = error.cause.storeError
            for job in jobs {
                job.answer(failure: error.isOutcomeUnknown ? .unknownOutcome("\(failure)") : failure)
            }
        }

        private func refuseLate(_ jobs: [Job<Writer>], now: MonotonicInstant) -> [Job<Writer>] {
            let deadline = UInt64(clamping: options.writeDeadlineMilliseconds) * 1_000_000
            let late = jobs.filter { now.nanoseconds(since: $0.submittedAt) > deadline }
            guard !late.isEmpty else { return jobs }
            for job in late { job.answer(failure: .deadlineExceeded) }
            return jobs.filter { now.nanoseconds(since: $0.submittedAt) <= deadline }
        }

        /// Remembers what a failure says about the disk.
        private func note(_ error: TransactionFailure) {
            observer?.commitFailed()
            let text = "\(error.cause.storeError)"
            if error.isOutcomeUnknown {
                // After a failed sync the kernel may have dropped what it could not write and say nothing more:
                // only a restart, which reads the log again, finds out what is there.
                health.set(.failed("A commit could not be synced; restart the service. \(text)"))
            } else if error.cause.isEnvironmental || error.cause.primaryCode == SQLITE_FULL {
                health.set(.failing(text))
            }
        }

        // MARK: One transaction

        private func transaction(
            _ jobs: [Job<Writer>],
            withUpkeep: Bool,
            _ extra: (Writer) throws(SQLiteFailure) -> Void = { _ in }
        ) throws(TransactionFailure) {
            let mark = writer.state
            var isCommitting = false
            do throws(SQLiteFailure) {
                try writer.begin.run()
                for job in jobs { try job.perform(writer) }
                try extra(writer)
                if withUpkeep, writer.state.lookup.hasWork {
                    try writer.state.lookup.upkeepStep()
                }
                try writer.finishTransaction()
                isCommitting = true
                try writer.commit.run()
            } catch {
                let isRolledBack = rollBack()
                writer.rolledBack(to: mark)
                let isSyncFailure = isCommitting && error.primaryCode == SQLITE_IOERR
                throw TransactionFailure(cause: error, isOutcomeUnknown: isSyncFailure || !isRolledBack)
            }
            writer.committed()
        }

        private func rollBack() -> Bool {
            guard writer.connection.isInTransaction else { return true }
            try? writer.connection.execute("ROLLBACK")
            return !writer.connection.isInTransaction
        }
    }
#endif
