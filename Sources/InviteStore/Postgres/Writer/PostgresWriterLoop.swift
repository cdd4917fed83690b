#if Postgres
    internal import Glibc
    internal import Platform

    /// The writer thread: takes commands in batches, gives those that can share one transaction one, and answers each
    /// after its commit.
    ///
    /// It also keeps the connection: where that is lost it is made again, with growing pauses, and commands fail at once
    /// in the meantime. A transaction whose answer to COMMIT was lost is looked up by its mark.
    final class PostgresWriterLoop: @unchecked Sendable {
        // Safe because: made on one thread, then handed to the writer thread, which alone uses it from there on.
        private let connector: PostgresConnector
        private let queue: JobQueue<PostgresWriter>
        private let cutOffs: PostgresCutOffs
        private let sealer: any AuditSealer
        private let observer: (any StoreObserver)?
        private var writer: PostgresWriter?
        private var seat: PostgresSeat
        private var era: Int
        private var window: BatchWindow
        private var pause: ReconnectPause
        private var reconnectFrom = MonotonicInstant(nanoseconds: 0)
        private var probeFrom = MonotonicInstant(nanoseconds: 0)
        private var lastFailure = PostgresFailure.connection("not connected")

        private var health: PostgresHealth { connector.health }
        private var options: PostgresStoreOptions { connector.options }
        private var time: any TimeSource { connector.time }

        /// Rows that one transaction reads and writes for its commands, about.
        private static let rowsMax = 4_096
        private static let idleMicroseconds = 1_000_000
        private static let retryMicroseconds = 50_000
        /// How long after a probe that failed the next one comes.
        private static let probeMilliseconds = 500

        /// Why a transaction came to nothing.
        private struct TransactionFailure: Error {
            let cause: PostgresFailure
            /// True where COMMIT was sent and its answer did not come.
            let isOutcomeUnknown: Bool
        }

        init(
            _ writer: PostgresWriter,
            connector: PostgresConnector,
            queue: JobQueue<PostgresWriter>,
            observer: (any StoreObserver)?
        ) {
            self.writer = writer
            self.connector = connector
            self.queue = queue
            self.observer = observer
            cutOffs = writer.cutOffs
            sealer = writer.sealer
            seat = writer.seat
            era = connector.health.era
            window = BatchWindow(microsecondsMax: connector.options.commitWindowMicroseconds)
            pause = ReconnectPause(milliseconds: connector.options.reconnectPauseMilliseconds)
        }

        /// Returns when the queue is closed and everything in it has been answered.
        func run() {
            while true {
                switch queue.batch(
                    max: options.commandsPerCommitMax,
                    window: window,
                    idleMicroseconds: idleMicroseconds
                ) {
                case .jobs(let jobs): perform(jobs)
                case .idle: look()
                case .closed: return
                }
                if health.needsProbe { probe() }
            }
        }

        private var idleMicroseconds: Int {
            if writer == nil { return Self.retryMicroseconds }
            return health.needsProbe ? Self.probeMilliseconds * 1_000 : Self.idleMicroseconds
        }

        // MARK: The connection

        /// Asks whether the connection is still there, and the server still takes writes, so that readiness does not wait
        /// for a command to find out.
        private func look() {
            guard let writer = connected() else { return }
            writer.connection.deadline = connector.deadline(options.writeDeadlineMilliseconds)
            do throws(PostgresFailure) {
                let isReadOnly = try writer.connection.run(
                    "SELECT (current_setting('transaction_read_only') = 'on')::int::bigint"
                ).first { $0.int64() }
                guard isReadOnly == 0 else { throw .statement(code: "25006", text: "the server is read-only") }
            } catch {
                note(error)
                disconnect(error)
            }
        }

        /// Tries whether the server takes what it refused before, however busy the store is.
        private func probe() {
            guard time.monotonicNow() >= probeFrom, let writer = connected() else { return }
            let mark = health.mark
            writer.connection.deadline = connector.deadline(options.writeDeadlineMilliseconds)
            do throws(PostgresFailure) {
                try PostgresProbe.run(on: writer.connection)
                health.proved(mark)
            } catch {
                note(error)
                if error.isDisconnected { disconnect(error) }
            }
        }

        private func note(_ failure: PostgresFailure) {
            health.note(failure)
            if failure.isServersOwn { probeFrom = connector.deadline(Self.probeMilliseconds) }
        }

        /// The writer, on a new connection where the old one was lost and the pause is over.
        private func connected() -> PostgresWriter? {
            if let writer {
                if era == health.era { return writer }
                disconnect(.connection("another connection found the server to be read-only"))
                reconnectFrom = time.monotonicNow()
            }
            guard time.monotonicNow() >= reconnectFrom else { return nil }
            do throws(PostgresFailure) {
                era = health.era
                let connection = try connector.connect(statementMilliseconds: options.writeDeadlineMilliseconds)
                connection.deadline = connector.deadline(options.writeDeadlineMilliseconds)
                seat = try seat.again(connection, until: connection.deadline)
                let new = try PostgresWriter(
                    connection,
                    seat: seat,
                    cutOffs: cutOffs,
                    sealer: sealer,
                    options: options
                )
                writer = new
                pause.reset()
                health.setConnected(true)
                return new
            } catch {
                disconnect(error)
                return nil
            }
        }

        private func disconnect(_ failure: PostgresFailure) {
            writer = nil
            lastFailure = failure
            health.setConnected(false)
            reconnectFrom = connector.deadline(pause.next())
        }

        // MARK: Batches

        private func perform(_ jobs: [Job<PostgresWriter>]) {
            let jobs = refuseLate(jobs)
            var shared: [Job<PostgresWriter>] = []
            var needs = PostgresNeeds()
            for job in jobs {
                guard let command = job as? any PostgresCommand, command.isShared else {
                    perform([job], isRepeatable: true)
                    continue
                }
                command.collect(into: &needs)
                shared.append(job)
                if needs.rows >= Self.rowsMax {
                    perform(shared, isRepeatable: true)
                    shared = []
                    needs = PostgresNeeds()
                }
            }
            if !shared.isEmpty { perform(shared, isRepeatable: true) }
        }

        /// Does one transaction and answers its commands, after as many attempts as it takes and the bound allows.
        private func perform(_ jobs: [Job<PostgresWriter>], isRepeatable: Bool) {
            let begun = time.monotonicNow()
            var attempts = 0
            var mayReconnect = isRepeatable
            while true {
                guard let writer = connected() else {
                    observer?.commitFailed()
                    return answer(jobs, .unavailable("\(lastFailure.storeError)"))
                }
                do throws(TransactionFailure) {
                    try transaction(jobs, writer)
                    return succeed(jobs, begun)
                } catch {
                    attempts += 1
                    note(error.cause)
                    if error.isOutcomeUnknown {
                        switch outcome(jobs) {
                        case true?: return succeed(jobs, begun)
                        case false?: break
                        case nil:
                            observer?.commitFailed()
                            return answer(jobs, .unknownOutcome("\(error.cause.storeError)"))
                        }
                    }
                    if error.cause.isDisconnected, mayReconnect {
                        // Nothing of it was committed, so it may be done again: once, on a new connection.
                        mayReconnect = false
                        continue
                    }
                    if error.cause.isWorthRepeating, attempts < options.repeatsMax { continue }
                    observer?.commitFailed()
                    if jobs.count > 1, !error.cause.isDisconnected { return performSingly(jobs) }
                    return answer(jobs, error.cause.storeError)
                }
            }
        }

        /// Gives each command a transaction of its own, so that the one which spoiled the batch spoils nobody else's.
        private func performSingly(_ jobs: [Job<PostgresWriter>]) {
            for job in jobs { perform([job], isRepeatable: false) }
        }

        private func succeed(_ jobs: [Job<PostgresWriter>], _ begun: MonotonicInstant) {
            let waiting = queue.waitingCount
            window.committed(commands: jobs.count, waiting: waiting)
            for job in jobs { job.answer() }
            observer?.committed(
                commands: jobs.count,
                nanoseconds: time.monotonicNow().nanoseconds(since: begun),
                waiting: waiting
            )
        }

        private func answer(_ jobs: [Job<PostgresWriter>], _ failure: StoreError) {
            for job in jobs { job.answer(failure: failure) }
        }

        private func refuseLate(_ jobs: [Job<PostgresWriter>]) -> [Job<PostgresWriter>] {
            let now = time.monotonicNow()
            let deadline = UInt64(clamping: options.writeDeadlineMilliseconds) * 1_000_000
            return jobs.filter { job in
                let isLate = now.nanoseconds(since: job.submittedAt) > deadline
                if isLate { job.answer(failure: .deadlineExceeded) }
                return !isLate
            }
        }

        // MARK: One transaction

        private func transaction(
            _ jobs: [Job<PostgresWriter>],
            _ writer: PostgresWriter
        ) throws(TransactionFailure) {
            let mark = writer.state
            var isCommitting = false
            do throws(PostgresFailure) {
                writer.connection.deadline = connector.deadline(options.writeDeadlineMilliseconds)
                var needs = PostgresNeeds()
                for case let command as any PostgresCommand in jobs { command.collect(into: &needs) }
                try writer.begin(needs)
                for job in jobs { try job.perform(writer) }
                guard try writer.finish() else { return try writer.rollBack(to: writer.state) }
                isCommitting = true
                try writer.commit()
            } catch {
                if error.isDisconnected {
                    disconnect(error)
                    // The first attempt to be there again is not put off: somebody waits.
                    reconnectFrom = time.monotonicNow()
                } else {
                    do throws(PostgresFailure) { try writer.rollBack(to: mark) } catch { disconnect(error) }
                }
                throw TransactionFailure(cause: error, isOutcomeUnknown: isCommitting && error.isDisconnected)
            }
        }

        /// What became of the transaction whose answer was lost: true where it was committed, nil where it could not be
        /// learnt in time.
        private func outcome(_ jobs: [Job<PostgresWriter>]) -> Bool? {
            let number = seat.committed + 1
            let first = jobs.map(\.submittedAt).min() ?? time.monotonicNow()
            let end = first.adding(milliseconds: options.writeDeadlineMilliseconds)
            while true {
                // A seat is taken again only when the lost session is over: its mark then is the last word.
                if connected() != nil { return seat.committed >= number }
                guard time.monotonicNow() < end else { return nil }
                usleep(UInt32(clamping: Self.retryMicroseconds))
            }
        }
    }
#endif
