#if Postgres
    internal import Platform
    internal import Synchronization

    /// How far this machine's clock is from PostgreSQL's, which is the one that counts.
    ///
    /// Each look at what changed brings PostgreSQL's time along. It was read somewhere between the question and its
    /// answer, so the middle of the two is compared, and half the time between them is not held against the clock.
    final class PostgresClockWatch: Sendable {
        /// This machine's time at a look, and how long the look took.
        struct Look {
            let asked: UnixTime
            let nanoseconds: UInt64
            let server: UnixTime

            /// Milliseconds by which this machine is ahead of PostgreSQL, and by how much that may be wrong.
            var ahead: (milliseconds: Int64, uncertainty: Int64) {
                let half = Int64(clamping: nanoseconds / 2_000_000)
                let (gap, overflow) = asked.milliseconds.subtractingReportingOverflow(server.milliseconds)
                if overflow { return (asked < server ? .min : .max, half) }
                let (middle, isFar) = gap.addingReportingOverflow(half)
                return (isFar ? .max : middle, half)
            }
        }

        private let off = Atomic(false)

        /// True while the clock was too far away at the last look.
        var isOff: Bool { off.load(ordering: .acquiring) }

        /// Takes note of a look; `tolerance` is in milliseconds, nil to take any clock for right.
        func compare(_ look: Look, tolerance: Int64?, _ observer: any StoreChangesObserver) {
            let (ahead, uncertainty) = look.ahead
            let isOff = tolerance.map { ahead.magnitude > ($0 + uncertainty).magnitude } ?? false
            // Whoever observes first, so that who is said to be ready is.
            observer.compared(aheadMilliseconds: ahead, isOff: isOff)
            off.store(isOff, ordering: .releasing)
        }
    }
#endif
