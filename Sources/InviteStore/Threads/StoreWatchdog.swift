#if SQLite || Postgres
    internal import Platform

    /// Answers those who have waited too long, while the threads that should answer them are stuck.
    struct StoreWatchdog<Writer: StoreContext, Reader: StoreContext>: Sendable {
        let writes: JobQueue<Writer>
        let reads: JobQueue<Reader>
        let writeDeadlineMilliseconds: Int
        let readDeadlineMilliseconds: Int
        let time: any TimeSource

        private static var periodMilliseconds: Int { 250 }

        /// Looks after the queues, and after something else as well, until the store closes.
        func run(_ lifecycle: StoreLifecycle, _ also: () -> Void = {}) {
            while lifecycle.sleep(milliseconds: Self.periodMilliseconds) {
                look()
                also()
            }
        }

        /// Looks after them once.
        func look() {
            let now = time.monotonicNow()
            let writes = writes.overdue(since: now.before(milliseconds: writeDeadlineMilliseconds))
            for job in writes.waiting { job.answer(failure: .deadlineExceeded) }
            for job in writes.inFlight {
                job.answer(failure: .unknownOutcome("the commit takes longer than its deadline"))
            }
            // A read gets twice its deadline here: as a rule it ends itself.
            let reads = reads.overdue(since: now.before(milliseconds: 2 * readDeadlineMilliseconds))
            for job in reads.waiting + reads.inFlight { job.answer(failure: .deadlineExceeded) }
        }
    }

    extension MonotonicInstant {
        /// This instant moved back; saturates at the start of the clock.
        func before(milliseconds: Int) -> MonotonicInstant {
            let shift = UInt64(clamping: milliseconds).multipliedReportingOverflow(by: 1_000_000)
            let rest = nanoseconds.subtractingReportingOverflow(shift.overflow ? .max : shift.partialValue)
            return MonotonicInstant(nanoseconds: rest.overflow ? 0 : rest.partialValue)
        }
    }
#endif
