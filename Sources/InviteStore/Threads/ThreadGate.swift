#if SQLite || Postgres
    internal import Glibc

    /// A mutex with one condition (POSIX), for a thread that has to sleep until there is work or a time has come.
    ///
    /// `Synchronization.Mutex` has no condition to wait on, and the store's threads must not be tasks: they block.
    @safe
    final class ThreadGate: @unchecked Sendable {
        // Safe because: both objects live at fixed addresses until deinit, and POSIX allows any thread to use them.
        private let mutex: UnsafeMutablePointer<pthread_mutex_t>
        private let condition: UnsafeMutablePointer<pthread_cond_t>

        init() {
            unsafe mutex = .allocate(capacity: 1)
            unsafe condition = .allocate(capacity: 1)
            unsafe pthread_mutex_init(mutex, nil)
            var attributes = pthread_condattr_t()
            unsafe pthread_condattr_init(&attributes)
            // Deadlines must not move with the wall clock.
            unsafe pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
            unsafe pthread_cond_init(condition, &attributes)
            unsafe pthread_condattr_destroy(&attributes)
        }

        deinit {
            unsafe pthread_cond_destroy(condition)
            unsafe pthread_mutex_destroy(mutex)
            unsafe condition.deallocate()
            unsafe mutex.deallocate()
        }

        func withLock<Value>(_ body: () -> Value) -> Value {
            unsafe pthread_mutex_lock(mutex)
            defer { unsafe pthread_mutex_unlock(mutex) }
            return body()
        }

        /// Sleeps until signalled; call with the lock held.
        func wait() { unsafe pthread_cond_wait(condition, mutex) }

        /// Sleeps until signalled or until `microseconds` from now; false where the time ran out.
        ///
        /// Call with the lock held.
        func wait(microseconds: Int) -> Bool {
            unsafe pthread_cond_timedwait(condition, mutex, [Self.deadline(microseconds)]) == 0
        }

        /// Sleeps until signalled or until the instant, which ``deadline(_:)`` gave.
        ///
        /// Call with the lock held; false where the time ran out.
        func wait(until deadline: timespec) -> Bool {
            var deadline = deadline
            return unsafe pthread_cond_timedwait(condition, mutex, &deadline) == 0
        }

        func signal() { unsafe pthread_cond_signal(condition) }

        func broadcast() { unsafe pthread_cond_broadcast(condition) }

        /// The monotonic instant this many microseconds from now.
        static func deadline(_ microseconds: Int) -> timespec {
            var time = timespec()
            _ = unsafe clock_gettime(CLOCK_MONOTONIC, &time)
            let nanoseconds = time.tv_nsec + (microseconds % 1_000_000) * 1_000
            time.tv_sec += microseconds / 1_000_000 + nanoseconds / 1_000_000_000
            time.tv_nsec = nanoseconds % 1_000_000_000
            return time
        }
    }
#endif
