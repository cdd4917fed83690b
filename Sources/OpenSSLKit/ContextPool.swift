import Synchronization

/// A pointer to an OpenSSL object, in a form that can stand in a lock-guarded array.
///
/// Safe because: whoever holds it either only reads an object that never changes, or has taken it out of a
/// ``ContextPool``, which lends each context to one borrower at a time.
@safe
struct ContextHandle: @unchecked Sendable {
    let pointer: OpaquePointer

    init?(_ pointer: OpaquePointer?) {
        guard let pointer = unsafe pointer else { return nil }
        unsafe self.pointer = pointer
    }
}

/// The owner of initialised OpenSSL contexts of one kind, lent one at a time and used again.
///
/// Setting a context up costs more than many operations on it, so an idle one is kept for the next caller. There are at
/// most as many as callers at the same instant; all are freed with the pool.
final class ContextPool: Sendable {
    /// More idle contexts than this are freed at once; far more than there are threads.
    private static let idleMax = 64

    private let idle = Mutex<[ContextHandle]>([])
    private let make: @Sendable () -> ContextHandle?
    private let free: @Sendable (ContextHandle) -> Void

    /// A pool that makes contexts by `make`, which gives nil where OpenSSL refuses, and ends them by `free`.
    init(make: @escaping @Sendable () -> ContextHandle?, free: @escaping @Sendable (ContextHandle) -> Void) {
        self.make = make
        self.free = free
    }

    deinit {
        for handle in idle.withLock({ $0 }) { free(handle) }
    }

    /// Lends a context for the length of `body`; nil where none could be made.
    func withContext<R>(_ body: (OpaquePointer) -> R) -> R? {
        guard let handle = idle.withLock({ $0.popLast() }) ?? make() else { return nil }
        defer { giveBack(handle) }
        return unsafe body(handle.pointer)
    }

    private func giveBack(_ handle: ContextHandle) {
        let isKept = idle.withLock { idle in
            guard idle.count < Self.idleMax else { return false }
            idle.append(handle)
            return true
        }
        if !isKept { free(handle) }
    }
}
