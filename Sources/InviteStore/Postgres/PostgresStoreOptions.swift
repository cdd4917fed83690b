#if Postgres
    /// Bounds and deadlines of the PostgreSQL store, each with its reason.
    package struct PostgresStoreOptions: Sendable {
        /// Commands that may wait for the writer; more are refused, because they could not be done in time anyway.
        package var waitingWritesMax = 8_192
        /// Reads that may wait for the readers.
        package var waitingReadsMax = 8_192
        /// Commands that share one transaction; bounds how long the first of them waits for the last.
        package var commandsPerCommitMax = 1_024
        /// Longest wait for company before a transaction, in microseconds; a command that is alone never waits.
        package var commitWindowMicroseconds = 500
        /// Wishes for shares of limits that may wait.
        package var waitingLeasesMax = 8_192
        /// Wishes that one statement takes: about 50 bytes of it each.
        package var leasesPerStatementMax = 512
        /// Cut-offs that one statement reads: about a megabyte of them.
        package var cutOffsPerReading = 10_000
        /// Workspaces whose numbers one connection remembers: about 50 bytes each.
        package var workspacesRemembered = 4_096
        /// Connections that read, each with a thread of its own.
        package var readers = 4
        /// A command that has waited this long fails; so does a transaction that takes this long (unknown outcome).
        package var writeDeadlineMilliseconds = 5_000
        /// A read that takes this long, its wait included, fails.
        package var readDeadlineMilliseconds = 2_000
        /// Longest wait for one connection, names and TLS included.
        package var connectDeadlineMilliseconds = 3_000
        /// Longest pause between two attempts to connect; the first is a twentieth of it.
        package var reconnectPauseMilliseconds = 1_000
        /// Longest time for all steps of a migration; one that takes longer is undone and has to be made by hand.
        package var migrationDeadlineMilliseconds = 3_600_000
        /// Longest time between two looks at what other replicas changed, should a notification be lost.
        package var lookMilliseconds = 500
        /// How often this replica makes a change that changes nothing, so that what the others take to hear of one is
        /// measured also when nothing happens; nil for never.
        package var canaryMilliseconds: Int? = 10_000
        /// After this time without an answer to such a look the observer is told that it is cut off; the store's watchdog
        /// adds a quarter of a second at most.
        package var cutOffAfterMilliseconds = 4_500
        /// Times that a transaction is repeated which another replica overtook.
        package var repeatsMax = 5
        /// A command whose time is further than this from PostgreSQL's clock is refused; nil to look at neither.
        package var clockToleranceMilliseconds: Int64? = 5_000
        /// A machine whose clock is further than this from PostgreSQL's at a look is not ready, and writes nothing until
        /// a look finds it right again; nil to take any clock for right.
        ///
        /// Half of the other: so no two that are ready are further apart than what a store takes from one behind another.
        package var machineClockToleranceMilliseconds: Int64? = 2_500
        /// The schema, as the SQL scripts that lead from each version to the next; tests append to it.
        package var schemaSteps = PostgresSchema.steps

        package init() {}
    }
#endif
