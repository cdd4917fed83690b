#if Postgres
    internal import Platform
    internal import Synchronization

    /// How replicas tell each other what changed: rows of `changes`, numbered in the order in which they become visible,
    /// and a notification as a reason to look at once.
    enum PostgresFeed {
        /// The channel of the connection's schema, as an SQL expression.
        static let channel = "'tokenservice_' || abs(hashtext(current_schema())::bigint)"

        /// An ended session as a change's subject: its id, and when it can be forgotten (8 bytes, big-endian).
        static func subject(of ended: EndedSession) -> [UInt8] {
            let forgetAt = RecordID(high: UInt64(bitPattern: ended.forgetAt.milliseconds), low: 0)
            return ended.session.bytes + forgetAt.bytes.prefix(8)
        }

        static func endedSession(_ subject: [UInt8]) -> EndedSession? {
            guard let session = RecordID(bytes: subject.prefix(16)),
                let forgetAt = RecordID(bytes: subject.dropFirst(16) + [UInt8](repeating: 0, count: 8))
            else { return nil }
            return EndedSession(
                session: session,
                forgetAt: UnixTime(milliseconds: Int64(bitPattern: forgetAt.high))
            )
        }

        static func tenant(_ subject: [UInt8]) -> Tenant? {
            guard let code = subject.last, let workspace = RecordID(bytes: subject.dropLast()) else { return nil }
            return Tenant(workspace: workspace, environment: DeploymentEnvironment(code: Int64(code)))
        }
    }

    extension StoreChanges {
        /// Takes in one row of `changes`; what can not be read, as of a newer release, makes the whole incomplete.
        mutating func add(kind: Int64, subject: [UInt8]) {
            switch PostgresChange.Kind(rawValue: kind) {
            // Their records are read from their own table.
            case .cutOff, .canary: return
            case .signingKeys: signingKeys = true
            case .importedPrefixes: importedPrefixes = true
            case .policy where subject.isEmpty: deploymentPolicy = true
            case .endedSession:
                guard let ended = PostgresFeed.endedSession(subject) else { return isIncomplete = true }
                endedSessions.append(ended)
            case .apiKey:
                guard let id = RecordID(bytes: subject) else { return isIncomplete = true }
                apiKeys.insert(id)
            case .workspace:
                guard let id = RecordID(bytes: subject) else { return isIncomplete = true }
                workspaces.insert(id)
            case .policy:
                guard let tenant = PostgresFeed.tenant(subject) else { return isIncomplete = true }
                policies.insert(tenant)
            case nil: isIncomplete = true
            }
        }
    }

    /// When the other replicas were last heard of; tells the observer when that is too long ago.
    final class PostgresFeedWatch: Sendable {
        private struct State {
            var observer: (any StoreChangesObserver)?
            var heardAt: MonotonicInstant?
        }

        private let state = Mutex(State())
        private let cutOff = Atomic(false)

        var isCutOff: Bool { cutOff.load(ordering: .acquiring) }

        /// Everything that was committed before `instant` has been told.
        func heard(_ observer: any StoreChangesObserver, since instant: MonotonicInstant) {
            state.withLock {
                if $0.heardAt == nil { $0.observer = observer }
                $0.heardAt = instant
            }
            cutOff.store(false, ordering: .releasing)
        }

        /// Tells nobody any more.
        func end() { state.withLock { $0.observer = nil } }

        func look(now: MonotonicInstant, limitMilliseconds: Int) {
            let observer = state.withLock { state -> (any StoreChangesObserver)? in
                guard let heardAt = state.heardAt, heardAt.adding(milliseconds: limitMilliseconds) < now else {
                    return nil
                }
                return state.observer
            }
            guard let observer else { return }
            cutOff.store(true, ordering: .releasing)
            observer.isCutOff()
        }
    }

    /// The thread that listens: looks for changes at each notification, and every so often without one.
    final class PostgresFeedLoop: @unchecked Sendable {
        // Safe because: made on one thread, then handed to the listening thread, which alone uses it from there on.
        private let connector: PostgresConnector
        private let watch: PostgresFeedWatch
        private let clock: PostgresClockWatch
        private let observer: any StoreChangesObserver
        private let lifecycle: StoreLifecycle
        private var connection: PostgresConnection?
        private var era = 0
        private var pause: ReconnectPause
        /// The number of the last change that was told, and of the last cut-off; nil before the first look.
        private var position: (change: Int64, cutOff: Int64)?
        private var canaryFrom = MonotonicInstant(nanoseconds: 0)

        /// Changes that one look takes; what is left is taken by the next, at once.
        private static let rowsMax = 1_000

        init(
            connector: PostgresConnector,
            watch: PostgresFeedWatch,
            clock: PostgresClockWatch,
            observer: any StoreChangesObserver,
            lifecycle: StoreLifecycle
        ) {
            self.connector = connector
            self.watch = watch
            self.clock = clock
            self.observer = observer
            self.lifecycle = lifecycle
            pause = ReconnectPause(milliseconds: connector.options.reconnectPauseMilliseconds)
        }

        /// Returns when the store closes, or at once where the first look fails; `begun` learns which, once.
        func run(_ begun: (Result<Void, StoreError>) -> Void) {
            do throws(PostgresFailure) {
                try listen()
                begun(.success(()))
            } catch {
                return begun(.failure(error.storeError))
            }
            while !lifecycle.isOver {
                do throws(PostgresFailure) {
                    try listen()
                    try sendCanary()
                    if let connection {
                        let end = connector.deadline(connector.options.lookMilliseconds)
                        _ = try connection.waitForNotification(until: end)
                    }
                } catch {
                    connector.health.note(error)
                    connection = nil
                    guard lifecycle.sleep(milliseconds: pause.next()) else { return }
                }
            }
        }

        /// Connects where that is needed, and tells everything that was committed up to now.
        private func listen() throws(PostgresFailure) {
            let connection = try connected()
            repeat {
                let begun = connector.time.monotonicNow()
                connection.deadline = connector.deadline(connector.options.readDeadlineMilliseconds)
                let changes = try look(connection)
                observer.changed(changes)
                if !changes.hasMore {
                    watch.heard(observer, since: begun)
                    return
                }
            } while !lifecycle.isOver
        }

        private func connected() throws(PostgresFailure) -> PostgresConnection {
            if let connection, era == connector.health.era { return connection }
            connection = nil
            era = connector.health.era
            let new = try connector.connect(statementMilliseconds: connector.options.readDeadlineMilliseconds)
            new.deadline = connector.deadline(connector.options.readDeadlineMilliseconds)
            let channel = try new.run("SELECT (\(PostgresFeed.channel))::text").first { $0.text() } ?? ""
            // Listening comes before looking, so that nothing falls between the two.
            try new.run("LISTEN \"\(channel)\"")
            connection = new
            pause.reset()
            return new
        }

        private func sendCanary() throws(PostgresFailure) {
            guard let interval = connector.options.canaryMilliseconds, let connection,
                connector.time.monotonicNow() >= canaryFrom
            else { return }
            canaryFrom = connector.deadline(interval)
            // Sent together, they are one transaction.
            try connection.run([
                PostgresStatement(
                    """
                    WITH last AS (UPDATE meta SET value = value + 1 WHERE name = 'last_change' RETURNING value)
                    INSERT INTO changes (number, kind, subject, at)
                    SELECT value, $1, '', (extract(epoch FROM clock_timestamp()) * 1000)::bigint FROM last
                    """
                ) {
                    $0.add(PostgresChange.Kind.canary.rawValue)
                },
                PostgresStatement("SELECT pg_notify(\(PostgresFeed.channel), '')"),
            ])
        }

        private func look(_ connection: PostgresConnection) throws(PostgresFailure) -> StoreChanges {
            let known = position
            let (asked, begun) = (connector.time.now(), connector.time.monotonicNow())
            let results = try connection.run([
                PostgresStatement(
                    """
                    SELECT (SELECT value FROM meta WHERE name = 'last_change'),
                    (SELECT value FROM meta WHERE name = 'last_cut_off'),
                    (extract(epoch FROM clock_timestamp()) * 1000)::bigint
                    """
                ),
                PostgresStatement(
                    "SELECT number, kind, subject, at FROM changes WHERE number > $1 ORDER BY number LIMIT $2"
                ) {
                    $0.add(known?.change ?? .max)
                    $0.add(Self.rowsMax)
                },
                PostgresCutOffs.statement(after: known?.cutOff ?? .max, limit: connector.options.cutOffsPerReading),
            ])
            guard results.count == 3,
                let read = try results[0].first({ (last: ($0.int64(), $0.int64()), at: $0.int64()) })
            else { throw .damaged("a row of meta is missing") }
            let compared = PostgresClockWatch.Look(
                asked: asked,
                nanoseconds: connector.time.monotonicNow().nanoseconds(since: begun),
                server: UnixTime(milliseconds: read.at)
            )
            clock.compare(compared, tolerance: connector.options.machineClockToleranceMilliseconds, observer)
            let last = read.last
            guard let known else {
                position = last
                return StoreChanges()
            }
            let rows = try results[1].all {
                (number: $0.int64(), kind: $0.int64(), subject: $0.bytes(), at: $0.int64())
            }
            let cutOffs = try results[2].all { $0.cutOff() }
            var changes = StoreChanges()
            changes.cutOffs = cutOffs
            for row in rows { changes.add(kind: row.kind, subject: row.subject) }
            changes.delayMilliseconds = rows.map(\.at).min().map { max(0, read.at &- $0) }
            // Swept before they were read here, or the data base was set back: nothing can be concluded.
            let isGap =
                last.0 < known.change || last.1 < known.cutOff
                || (last.0 > known.change && rows.first?.number != known.change + 1)
            if isGap {
                changes.isIncomplete = true
                position = last
                return changes
            }
            position = (rows.last?.number ?? known.change, max(known.cutOff, cutOffs.last?.number ?? 0))
            changes.hasMore = rows.count >= Self.rowsMax || cutOffs.count >= connector.options.cutOffsPerReading
            return changes
        }
    }
#endif
