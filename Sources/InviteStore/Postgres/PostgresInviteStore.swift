#if Postgres
    package import Platform
    import Synchronization

    /// The store that several machines share: PostgreSQL, through a few connections with a thread each.
    ///
    /// Any number of processes may open the same data base. One connection writes, with group commit; some read. Commands
    /// wait in a bounded queue, share transactions, and are answered after the commit. What decides is always a row of
    /// the data base, never something that this process remembers.
    ///
    /// Waits are watched: a command that is not begun within its deadline fails, and one whose commit takes longer fails
    /// with ``StoreError/unknownOutcome(_:)``. Where the connection is lost, commands fail with
    /// ``StoreError/unavailable(_:)`` until it is made again, which goes on by itself.
    package final class PostgresInviteStore: ForwardingStore {
        typealias Reader = PostgresReader
        typealias Writer = PostgresWriter

        let writes: JobQueue<PostgresWriter>
        private let reads: JobQueue<PostgresReader>
        let leases: JobQueue<PostgresLeaser>
        let connector: PostgresConnector
        private let lifecycle = StoreLifecycle()
        private let watch = PostgresFeedWatch()
        private let clock = PostgresClockWatch()
        private let sweepTurns = Mutex(SweepTurns<PostgresWriter.SweepStage>())

        /// Connects and brings the tables to this release's schema.
        ///
        /// `address` is what libpq takes for a data base's name: a URL, or keywords and values. What it leaves out comes
        /// from the environment, the service file and the password file.
        ///
        /// Blocks for the time that this takes. Throws ``StoreError/newerSchema(found:supported:)`` where a newer
        /// release wrote the tables, ``StoreError/unavailable(_:)`` where there is no connection.
        package init(
            address: String,
            auditSealer: any AuditSealer,
            time: any TimeSource,
            options: PostgresStoreOptions = PostgresStoreOptions(),
            observer: (any StoreObserver)? = nil
        ) throws(StoreError) {
            connector = PostgresConnector(address: address, options: options, time: time)
            writes = JobQueue(waitingMax: options.waitingWritesMax, threads: 1)
            reads = JobQueue(waitingMax: options.waitingReadsMax, threads: max(1, options.readers))
            leases = JobQueue(waitingMax: options.waitingLeasesMax, threads: 1)
            let writer: PostgresWriter
            do throws(PostgresFailure) {
                writer = try Self.open(connector, auditSealer)
            } catch {
                throw PostgresPooling.explained(error).storeError
            }
            try start(writer, observer)
        }

        deinit { beginClosing() }

        private static func open(
            _ connector: PostgresConnector,
            _ sealer: any AuditSealer
        ) throws(PostgresFailure) -> PostgresWriter {
            let options = connector.options
            // A migration may take as long as it takes: other replicas serve meanwhile, this one does not yet.
            let connection = try connector.connect(statementMilliseconds: 0)
            connection.deadline = connector.deadline(options.migrationDeadlineMilliseconds)
            try PostgresMigrator(steps: options.schemaSteps).run(on: connection)
            let writing = try connector.connect(statementMilliseconds: options.writeDeadlineMilliseconds)
            connection.deadline = connector.deadline(options.connectDeadlineMilliseconds)
            try PostgresPooling.check(connection, writing)
            let cutOffs = PostgresCutOffs(perReading: options.cutOffsPerReading)
            try cutOffs.fill(writing, connector)
            writing.deadline = connector.deadline(options.writeDeadlineMilliseconds)
            return try PostgresWriter(
                writing,
                seat: try .first(writing),
                cutOffs: cutOffs,
                sealer: sealer,
                options: options
            )
        }

        private func start(_ writer: PostgresWriter, _ observer: (any StoreObserver)?) throws(StoreError) {
            let (lifecycle, cutOffs) = (lifecycle, writer.cutOffs)
            let count = max(1, connector.options.readers)
            lifecycle.started(readers: count + 1)
            var isStarted = true
            for number in 0..<count {
                let handover = Handover(
                    PostgresReaderLoop(
                        connector: connector,
                        cutOffs: cutOffs,
                        thread: number,
                        queue: reads,
                        observer: observer
                    )
                )
                let ran = StoreThread.start {
                    handover.take()?.run()
                    lifecycle.readerEnded()
                }
                isStarted = isStarted && ran
            }
            let leasing = Handover(PostgresLeaseLoop(connector: connector, queue: leases))
            let leased = StoreThread.start {
                leasing.take()?.run()
                lifecycle.readerEnded()
            }
            isStarted = isStarted && leased && startWatchdog()
            let handover = Handover(
                PostgresWriterLoop(
                    writer,
                    connector: connector,
                    queue: writes,
                    observer: observer
                )
            )
            isStarted =
                isStarted
                && StoreThread.start {
                    withExtendedLifetime(handover.take()) { loop in
                        loop?.run()
                        lifecycle.waitForReaders()
                    }
                    lifecycle.writerEnded()
                }
            if !isStarted {
                beginClosing()
                throw .unavailable("the system starts no more threads")
            }
        }

        private func startWatchdog() -> Bool {
            let (leases, lifecycle, connector, watch) = (leases, lifecycle, connector, watch)
            let options = connector.options
            let watchdog = StoreWatchdog(
                writes: writes,
                reads: reads,
                writeDeadlineMilliseconds: options.writeDeadlineMilliseconds,
                readDeadlineMilliseconds: options.readDeadlineMilliseconds,
                time: connector.time
            )
            return StoreThread.start {
                watchdog.run(lifecycle) {
                    let now = connector.time.monotonicNow()
                    watch.look(now: now, limitMilliseconds: options.cutOffAfterMilliseconds)
                    // Twice the deadline: as a rule they are answered in time.
                    let late = leases.overdue(since: now.before(milliseconds: 2 * options.readDeadlineMilliseconds))
                    for job in late.waiting + late.inFlight { job.answer(failure: .deadlineExceeded) }
                }
            }
        }

        private func beginClosing() {
            connector.health.close()
            watch.end()
            lifecycle.beginClosing()
            writes.close()
            reads.close()
            leases.close()
        }

        // MARK: Handing over

        /// Has the writer do it in a transaction that it may share with others, and returns after the commit; `needs`
        /// says what the command wants to know before it decides.
        func share<Value: Sendable>(
            _ needs: @escaping (inout PostgresNeeds) -> Void,
            _ body: @escaping (PostgresWriter) throws(PostgresFailure) -> Value
        ) async throws(StoreError) -> Value {
            try await write(isShared: true, needs, body)
        }

        /// Has the writer do it in a transaction of its own, and returns after the commit.
        func write<Value: Sendable>(
            _ claim: IdempotencyClaim?,
            _ body: @escaping (PostgresWriter) throws(PostgresFailure) -> Value
        ) async throws(StoreError) -> Value {
            try await write(isShared: false, { $0.add(claim) }, body)
        }

        private func write<Value: Sendable>(
            isShared: Bool,
            _ needs: @escaping (inout PostgresNeeds) -> Void,
            _ body: @escaping (PostgresWriter) throws(PostgresFailure) -> Value
        ) async throws(StoreError) -> Value {
            // What a clock that is off would write could not be told from what is right later on.
            if clock.isOff { throw .clockBehind }
            let result: Result<Value, StoreError> = unsafe await withUnsafeContinuation { continuation in
                let job = unsafe PostgresJob(
                    isShared: isShared,
                    submittedAt: connector.time.monotonicNow(),
                    continuation: continuation,
                    needs: needs,
                    body: body
                )
                if let refusal = writes.submit(job) { job.answer(failure: refusal) }
            }
            return try result.get()
        }

        /// Has a reader do it.
        func read<Value: Sendable>(
            _ body: @escaping (PostgresReader) throws(PostgresFailure) -> Value
        ) async throws(StoreError) -> Value {
            let result: Result<Value, StoreError> = unsafe await withUnsafeContinuation { continuation in
                let job = unsafe WaitingJob(
                    submittedAt: connector.time.monotonicNow(),
                    continuation: continuation,
                    body: body
                )
                if let refusal = reads.submit(job) { job.answer(failure: refusal) }
            }
            return try result.get()
        }

        // MARK: Upkeep

        package func sweep(now: UnixTime, rowsMax: Int) async throws(StoreError) -> Int {
            var removed = 0
            var pending = Set(PostgresWriter.SweepStage.allCases)
            while removed < rowsMax, let stage = sweepTurns.withLock({ $0.next(of: pending) }) {
                let left = rowsMax - removed
                let step = try await write { writer throws(PostgresFailure) in
                    try writer.sweep(stage, now: now, rowsMax: left)
                }
                removed += step
                if step < min(left, PostgresWriter.sweptRowsMax) { pending.remove(stage) }
            }
            return removed
        }

        /// Returns when the first look is done, from which on nothing is missed.
        package func observeChanges(_ observer: any StoreChangesObserver) async throws(StoreError) {
            let lifecycle = lifecycle
            guard lifecycle.readerStarted() else { throw .unavailable("the store is closed") }
            let loop = PostgresFeedLoop(
                connector: connector,
                watch: watch,
                clock: clock,
                observer: observer,
                lifecycle: lifecycle
            )
            let result: Result<Void, StoreError> = await withCheckedContinuation { continuation in
                let handover = Handover(loop)
                let ran = StoreThread.start {
                    handover.take()?.run { continuation.resume(returning: $0) }
                    lifecycle.readerEnded()
                }
                if !ran {
                    lifecycle.readerEnded()
                    continuation.resume(returning: .failure(.unavailable("the system starts no more threads")))
                }
            }
            try result.get()
        }

        package func isReady() async -> Bool { connector.health.isReady && !watch.isCutOff && !clock.isOff }

        package var isClockOff: Bool { clock.isOff }

        package func close() async {
            beginClosing()
            await lifecycle.ended()
        }
    }
#endif
