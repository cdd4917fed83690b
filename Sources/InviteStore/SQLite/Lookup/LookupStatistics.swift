#if SQLite
    /// How large the look-up is.
    package struct LookupStatistics: Sendable {
        /// Entries in memory and in the journal.
        package var bufferedEntries: Int
        /// Sorted runs that a search looks through.
        package var runs: Int
        /// Entries of invites in runs, at most.
        package var inviteEntriesMax: Int
        /// Entries of audit events in runs, at most.
        package var auditEntriesMax: Int
    }

    extension LookupWriter {
        var statistics: LookupStatistics {
            func entriesMax(_ family: LookupFamily) -> Int {
                live.filter { $0.family == family }.reduce(0) { $0 + Int($1.pages) * LookupCodec.entriesPerPage }
            }
            return LookupStatistics(
                bufferedEntries: shared.count,
                runs: live.count,
                inviteEntriesMax: entriesMax(.invites),
                auditEntriesMax: entriesMax(.audit)
            )
        }
    }

    extension SQLiteInviteStore {
        /// How large the look-up is right now.
        package func lookupStatistics() async throws(StoreError) -> LookupStatistics {
            try await write { writer throws(SQLiteFailure) in writer.state.lookup.statistics }
        }
    }
#endif
