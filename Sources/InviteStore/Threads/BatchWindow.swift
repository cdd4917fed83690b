#if SQLite || Postgres
    /// How long the writer waits for company before it commits: a decision without a clock.
    ///
    /// Remembers how many commands were under way at once lately. One alone: no wait. Several: wait until that many
    /// are there, but no longer than the window.
    struct BatchWindow {
        let microsecondsMax: Int
        private(set) var expected = 1

        init(microsecondsMax: Int) { self.microsecondsMax = microsecondsMax }

        /// Microseconds to wait with `queued` commands at hand.
        func wait(queued: Int) -> Int {
            expected > 1 && queued < expected ? microsecondsMax : 0
        }

        /// Takes note of a commit: how many commands it held and how many had come in meanwhile.
        mutating func committed(commands: Int, waiting: Int) {
            let underWay = commands + waiting
            // Down slowly, so that one thin batch does not end the waiting; up at once.
            expected = max(underWay, expected - max(1, expected / 8))
        }
    }
#endif
