#if Postgres
    internal import Platform
    internal import Synchronization

    /// The live cut-offs as this replica has read them, caught up inside every transaction that decides by them.
    ///
    /// Numbers become visible in their order, so what is behind the highest known one is all that is missing.
    final class PostgresCutOffs: Sendable {
        let shared = SharedCutOffs(LiveCutOffs())
        private let state = Mutex((known: Int64(0), records: [CutOffRecord]()))

        private let perReading: Int

        /// Reads as many at once as `perReading` says.
        init(perReading: Int) { self.perReading = max(1, perReading) }

        static func statement(after number: Int64, limit: Int) -> PostgresStatement {
            PostgresStatement(CutOffRow.select + " WHERE c.number > $1 ORDER BY c.number LIMIT $2") {
                $0.add(number)
                $0.add(limit)
            }
        }

        /// Reads what was made since, or the first part of it; to be run before the rows that are judged, or with them.
        var catchUp: PostgresStatement {
            Self.statement(after: state.withLock { $0.known }, limit: perReading)
        }

        /// Takes in what ``catchUp`` found, and reads the rest where that was a part.
        ///
        /// What was taken in stays so, should the time run out before the last part.
        func apply(_ result: PostgresResult, on connection: PostgresConnection) throws(PostgresFailure) {
            var result = result
            try take(result)
            while result.rowCount >= perReading {
                guard let next = try connection.run([catchUp]).first else {
                    throw .connection("the answers are out of step")
                }
                result = next
                try take(result)
            }
        }

        /// Reads all that are in force, each part in its own time, before anything is judged by them.
        func fill(_ connection: PostgresConnection, _ connector: PostgresConnector) throws(PostgresFailure) {
            var count = perReading
            while count >= perReading {
                connection.deadline = connector.deadline(connector.options.writeDeadlineMilliseconds)
                guard let result = try connection.run([catchUp]).first else {
                    throw .connection("the answers are out of step")
                }
                count = result.rowCount
                try take(result)
            }
        }

        private func take(_ result: PostgresResult) throws(PostgresFailure) {
            guard result.rowCount > 0 else { return }
            let found = try result.all { $0.cutOff() }
            state.withLock { state in
                let new = found.filter { $0.number > state.known }
                state.known = max(state.known, new.last?.number ?? 0)
                state.records += new
                shared.apply(added: new, removed: [])
            }
        }

        /// Forgets those whose time is over.
        func forget(now: UnixTime) {
            state.withLock { state in
                let ended = state.records.filter { $0.forgetAt <= now }
                guard !ended.isEmpty else { return }
                state.records.removeAll { $0.forgetAt <= now }
                shared.apply(added: [], removed: ended)
            }
        }
    }
#endif
