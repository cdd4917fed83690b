#if SQLite
    /// Bounds and deadlines of the SQLite store, each with its reason.
    package struct SQLiteStoreOptions: Sendable {
        /// Commands that may wait for the writer; more are refused, because they could not be done in time anyway.
        package var waitingWritesMax = 8_192
        /// Reads that may wait for the readers.
        package var waitingReadsMax = 8_192
        /// Commands that share one transaction; bounds how long the first of them waits for the last.
        package var commandsPerCommitMax = 1_024
        /// Longest wait for company before a commit, in microseconds; 0 commits at once.
        ///
        /// A commit costs the same processor time whatever is in it, so a short wait under load lowers both the cost
        /// and the latency. A command that is alone never waits.
        package var commitWindowMicroseconds = 500
        /// Pages in the write-ahead log after which a commit copies them into the data base file.
        ///
        /// The commands of that commit wait for the copying, so this bounds their latency; fewer pages cost more syncs.
        package var checkpointPages = 500
        /// A command that has waited this long fails; so does a commit that takes this long (unknown outcome).
        package var writeDeadlineMilliseconds = 5_000
        /// A read that takes this long, its wait included, is interrupted and fails.
        package var readDeadlineMilliseconds = 2_000
        /// Look-up entries kept in memory before they are written as one sorted run; 32 bytes each, three an invite.
        ///
        /// One commit in many waits for the sorting and writing, under a millisecond for as many as these.
        package var lookupBufferEntries = 4_096
        /// Invites, and sessions, that one call of a sweep looks at; most of them may have to stay.
        ///
        /// So many are 3 MB read and 4 ms of the writer's thread.
        package var sweptWalkRows = 16_384
        /// Page cache of the writer.
        package var writerCacheKibibytes = 6_144
        /// Page cache of each reader.
        package var readerCacheKibibytes = 1_024
        /// The schema, as the SQL scripts that lead from each version to the next; tests append to it.
        package var schemaSteps = Schema.steps

        package init() {}
    }
#endif
