#if SQLite || Postgres
    internal import Glibc

    /// Starts operating-system threads for work that blocks.
    enum StoreThread {
        private final class Body {
            let run: @Sendable () -> Void
            init(_ run: @escaping @Sendable () -> Void) { self.run = run }
        }

        /// Runs `body` on a new detached thread; false where the system gives none.
        static func start(_ body: @escaping @Sendable () -> Void) -> Bool {
            let box = unsafe Unmanaged.passRetained(Body(body))
            var thread = pthread_t()
            let code = unsafe pthread_create(
                &thread,
                nil,
                { context in
                    if let context = unsafe context {
                        unsafe Unmanaged<Body>.fromOpaque(context).takeRetainedValue().run()
                    }
                    return nil
                },
                box.toOpaque()
            )
            guard code == 0 else {
                unsafe box.release()
                return false
            }
            pthread_detach(thread)
            return true
        }
    }

    /// Hands an object to another thread, which keeps the only reference: its end is then that thread's doing.
    final class Handover<Value: AnyObject>: @unchecked Sendable {
        // Safe because: filled before the thread starts, emptied on that thread, and not touched otherwise.
        private var value: Value?

        init(_ value: Value) { self.value = value }

        func take() -> Value? {
            defer { value = nil }
            return value
        }
    }
#endif
