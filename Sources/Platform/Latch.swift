import CLinux
import Glibc

/// A door that opens once, for threads to wait at.
///
/// Safe because: (1) `isOpen` is read and written only with the mutex held; (2) the mutex and the condition stay where
/// they were allocated until `deinit`, when nobody can wait any more, for a waiter holds a reference.
@safe
package final class Latch: @unchecked Sendable {
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var isOpen = false

    package init() {
        unsafe mutex.initialize(to: pthread_mutex_t())
        unsafe condition.initialize(to: pthread_cond_t())
        unsafe pthread_mutex_init(mutex, nil)
        var attributes = pthread_condattr_t()
        unsafe pthread_condattr_init(&attributes)
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

    /// Lets all go on who wait or will come.
    package func open() {
        unsafe pthread_mutex_lock(mutex)
        isOpen = true
        unsafe pthread_cond_broadcast(condition)
        unsafe pthread_mutex_unlock(mutex)
    }

    /// Blocks the calling thread until the latch is open.
    package func wait() {
        unsafe pthread_mutex_lock(mutex)
        while !isOpen { unsafe pthread_cond_wait(condition, mutex) }
        unsafe pthread_mutex_unlock(mutex)
    }

    /// Blocks until the latch is open, for so long at most; whether it is open then.
    package func wait(milliseconds: Int) -> Bool {
        let end = SystemTimeSource().monotonicNow().adding(milliseconds: max(0, milliseconds)).nanoseconds
        var time = timespec(tv_sec: Int(end / 1_000_000_000), tv_nsec: Int(end % 1_000_000_000))
        unsafe pthread_mutex_lock(mutex)
        defer { unsafe pthread_mutex_unlock(mutex) }
        while !isOpen {
            // Anything but an early wake-up ends the wait: a failing wait must not spin.
            if unsafe pthread_cond_timedwait(condition, mutex, &time) != 0 { break }
        }
        return isOpen
    }
}
