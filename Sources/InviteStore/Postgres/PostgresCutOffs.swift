#if Postgres
    internal import Platform
    internal import Synchronization

    /// The live cut-offs as this replica has read them, caught up inside every transaction that decides by them.
    ///
    /// Numbers become visible in their order, so what is behind the highest known one is all that is missing.
    final class PostgresCutOffs: Sendable {
        let shared = SharedCutOffs(LiveCutOffs())
        private let state = Mutex((known: Int64(0), records: [CutOffRecord]()))

        /// Reads what was made since; to be run before the rows that are judged, or with them.
        var catchUp: PostgresStatement {
            let known = state.withLock { $0.known }
            return PostgresStatement(CutOffRow.select + " WHERE c.number > $1 ORDER BY c.number") { $0.add(known) }
        }

        /// Takes in what ``catchUp`` found.
        func apply(_ result: PostgresResult) throws(PostgresFailure) {
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
