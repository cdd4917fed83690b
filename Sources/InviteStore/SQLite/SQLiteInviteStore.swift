#if SQLite
    package import Platform
    import Synchronization

    /// The durable store of one machine: SQLite, one writer thread with group commit, readers beside it.
    ///
    /// The data directory belongs to one process at a time. Commands wait in a bounded queue, share transactions, and
    /// are answered after the sync. Reads see everything that was answered before they began. ``close()`` ends it in
    /// order; without it, and after any crash, the next start finds everything that was answered.
    ///
    /// Waits are watched: a command that is not begun within its deadline fails, and one whose commit takes longer
    /// fails with ``StoreError/unknownOutcome(_:)``.
    package final class SQLiteInviteStore: ForwardingStore {
        private let writes: JobQueue<Writer>
        private let reads: JobQueue<Reader>
        private let time: any TimeSource
        private let health = StoreHealth()
        private let lifecycle: StoreLifecycle
        private let webhookLease = WebhookLease()
        /// Where the last sweep stopped.
        private let swept: Mutex<SweepCursor>

        /// Reads wait for the disk at most two at a time.
        private static let readers = 2

        /// Opens the store in `directory`, making the directory, the file and the tables where they are missing.
        ///
        /// Blocks for the time that this takes: a few milliseconds, and more only after a crash or for a migration.
        /// Throws ``StoreError/inUse(_:)`` where another process holds the directory,
        /// ``StoreError/newerSchema(found:supported:)`` where a newer release wrote it, ``StoreError/corrupt(_:)`` and
        /// ``StoreError/unavailable(_:)`` where it can not be read.
        package init(
            directory: String,
            auditSealer: any AuditSealer,
            time: any TimeSource,
            options: SQLiteStoreOptions = SQLiteStoreOptions(),
            observer: (any StoreObserver)? = nil
        ) throws(StoreError) {
            let locked = try DataDirectory(path: directory)
            let path = locked.databasePath
            let opened: (Writer, [Reader])
            do throws(SQLiteFailure) {
                opened = try Self.open(path, sealer: auditSealer, time: time, options: options)
            } catch {
                throw error.storeError
            }
            writes = JobQueue(waitingMax: options.waitingWritesMax, threads: 1)
            reads = JobQueue(waitingMax: options.waitingReadsMax, threads: Self.readers)
            self.time = time
            swept = Mutex(SweepCursor(walkRowsMax: options.sweptWalkRows))
            lifecycle = StoreLifecycle(holding: HeldDirectory(locked))
            try start(opened.0, opened.1, options: options, observer: observer)
        }

        deinit { beginClosing() }

        private static func open(
            _ path: String,
            sealer: any AuditSealer,
            time: any TimeSource,
            options: SQLiteStoreOptions
        ) throws(SQLiteFailure) -> (Writer, [Reader]) {
            let connection = try Connection(
                path: path,
                access: .write,
                cacheKibibytes: options.writerCacheKibibytes,
                time: time
            )
            try prepare(connection, options)
            try Migrator(steps: options.schemaSteps).run(on: connection)
            let writer = try Writer(connection, sealer: sealer, lookupBufferEntries: options.lookupBufferEntries)
            var readers: [Reader] = []
            for _ in 0..<Self.readers {
                let connection = try Connection(
                    path: path,
                    access: .readOnly,
                    cacheKibibytes: options.readerCacheKibibytes,
                    time: time
                )
                readers.append(
                    try Reader(connection, cutOffs: writer.sharedCutOffs, lookup: writer.state.lookup.shared)
                )
            }
            return (writer, readers)
        }

        /// Sets how the file is written.
        private static func prepare(_ connection: Connection, _ options: SQLiteStoreOptions) throws(SQLiteFailure) {
            // Readers go on while the writer writes, and a commit is one sequential write and one sync.
            try connection.execute("PRAGMA journal_mode = WAL")
            // The log is synced before a commit returns: what was answered survives a power cut.
            try connection.execute("PRAGMA synchronous = FULL")
            try connection.execute("PRAGMA wal_autocheckpoint = \(max(1, options.checkpointPages))")
            // A log that grew behind a long read is cut back to this once it has been copied.
            try connection.execute("PRAGMA journal_size_limit = 16777216")
            // Deleted rows are overwritten where that costs no further page. They are digests and ciphertext.
            try connection.execute("PRAGMA secure_delete = FAST")
        }

        private func start(
            _ writer: Writer,
            _ readers: [Reader],
            options: SQLiteStoreOptions,
            observer: (any StoreObserver)?
        ) throws(StoreError) {
            let (writes, reads, lifecycle, time, health) = (writes, reads, lifecycle, time, health)
            lifecycle.started(readers: readers.count)
            var isStarted = true
            for (number, reader) in readers.enumerated() {
                let handover = Handover(
                    ReaderLoop(
                        reader,
                        thread: number,
                        queue: reads,
                        deadlineMilliseconds: options.readDeadlineMilliseconds,
                        time: time,
                        observer: observer
                    )
                )
                let ran = StoreThread.start {
                    handover.take()?.run()
                    lifecycle.readerEnded()
                }
                isStarted = isStarted && ran
            }
            let watchdog = StoreWatchdog(
                writes: writes,
                reads: reads,
                writeDeadlineMilliseconds: options.writeDeadlineMilliseconds,
                readDeadlineMilliseconds: options.readDeadlineMilliseconds,
                time: time
            )
            isStarted = isStarted && StoreThread.start { watchdog.run(lifecycle) }
            let handover = Handover(
                WriterLoop(writer, queue: writes, options: options, time: time, health: health, observer: observer)
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

        private func beginClosing() {
            health.set(.closed)
            lifecycle.beginClosing()
            writes.close()
            reads.close()
        }

        // MARK: Handing over

        /// Has the writer do it, in a transaction of its own or shared, and returns after the sync; the claim is looked
        /// up by the command itself.
        func write<Value: Sendable>(
            _ claim: IdempotencyClaim?,
            _ body: @escaping (Writer) throws(SQLiteFailure) -> Value
        ) async throws(StoreError) -> Value {
            let result: Result<Value, StoreError> = unsafe await withUnsafeContinuation { continuation in
                let job = unsafe WaitingJob(submittedAt: time.monotonicNow(), continuation: continuation, body: body)
                if let refusal = writes.submit(job) { job.answer(failure: refusal) }
            }
            return try result.get()
        }

        /// Has a reader do it.
        func read<Value: Sendable>(
            _ body: @escaping (Reader) throws(SQLiteFailure) -> Value
        ) async throws(StoreError) -> Value {
            let result: Result<Value, StoreError> = unsafe await withUnsafeContinuation { continuation in
                let job = unsafe WaitingJob(submittedAt: time.monotonicNow(), continuation: continuation, body: body)
                if let refusal = reads.submit(job) { job.answer(failure: refusal) }
            }
            return try result.get()
        }

        // MARK: Upkeep

        /// The directory belongs to one process, and so does the right to deliver webhooks.
        package func leaseWebhooks(
            to holder: RecordID,
            until: UnixTime,
            now: UnixTime
        ) async throws(StoreError) -> Bool {
            webhookLease.grant(to: holder, until: until, now: now)
        }

        package func sweep(now: UnixTime, rowsMax: Int) async throws(StoreError) -> Int {
            var cursor = swept.withLock(\.self)
            cursor.beginCall()
            var removed = 0
            while removed < rowsMax, !cursor.isFinished {
                let (start, left) = (cursor, rowsMax - removed)
                let step = try await write { writer throws(SQLiteFailure) in
                    var cursor = start
                    let removed = try writer.sweepStep(&cursor, now: now, rowsMax: left)
                    return (cursor: cursor, removed: removed)
                }
                cursor = step.cursor
                removed += step.removed
                let stands = cursor
                swept.withLock { $0 = stands }
            }
            return removed
        }

        /// Lets the data base file grow to this many pages of 4,096 bytes at most; no fewer than it has already.
        package func limitPages(to pages: Int) async throws(StoreError) {
            try await write { writer throws(SQLiteFailure) in
                try writer.connection.execute("PRAGMA max_page_count = \(max(1, pages))")
            }
        }

        package func isReady() async -> Bool { health.current == .ready }

        package func close() async {
            beginClosing()
            await lifecycle.ended()
        }
    }
#endif
