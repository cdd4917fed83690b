import CLinux
import Glibc

/// A thread of the operating system that must be joined.
@safe
package struct Thread: ~Copyable, Sendable {
    private let handle: pthread_t

    /// Starts a thread that runs `body` once.
    ///
    /// - Parameter name: shown by tools; cut to 15 bytes (PR_SET_NAME).
    package init(name: String, _ body: @escaping @Sendable () -> Void) throws(SystemError) {
        let box = unsafe Unmanaged.passRetained(ThreadBody(name: name, run: body))
        var handle = pthread_t()
        let code = unsafe pthread_create(
            &handle,
            nil,
            { argument in
                guard let argument = unsafe argument else { return nil }
                let body = unsafe Unmanaged<ThreadBody>.fromOpaque(argument).takeRetainedValue()
                let name = String(decoding: body.name.utf8.prefix(15), as: UTF8.self)
                _ = unsafe clinux_name_thread(name)
                body.run()
                return nil
            },
            box.toOpaque()
        )
        guard code == 0 else {
            unsafe box.release()
            throw SystemError(call: "pthread_create", code: code)
        }
        self.handle = handle
    }

    /// Waits for the end of the thread.
    package consuming func join() { _ = pthread_join(handle, nil) }

    /// Lets the thread go its own way; nobody waits for it.
    package consuming func detach() { _ = pthread_detach(handle) }

    /// Gives up the handle as a number, for storing; it must come back through ``init(adopting:)``.
    package consuming func release() -> UInt { UInt(handle) }

    /// Takes over a handle that ``release()`` gave.
    package init(adopting handle: UInt) { self.handle = pthread_t(handle) }

    /// A number that tells the calling thread from all others that run; never 0.
    package static var currentID: UInt { UInt(pthread_self()) }
}

private final class ThreadBody: Sendable {
    let name: String
    let run: @Sendable () -> Void

    init(name: String, run: @escaping @Sendable () -> Void) {
        self.name = name
        self.run = run
    }
}
