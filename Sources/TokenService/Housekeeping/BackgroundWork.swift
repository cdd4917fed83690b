import Platform

/// How the service does what no request's own task does: the seam at which a test decides when that goes on.
package struct BackgroundWork: Sendable {
    /// Begins what takes long, and returns before it ends; `name` says what it is.
    package typealias Worker = @Sendable (_ name: String, _ work: @escaping @Sendable () -> Void) throws -> Void

    /// Runs it; nil for Swift's own threads.
    package var executor: (any TaskExecutor)?
    /// Waits between two tries, for so many milliseconds.
    package var pause: @Sendable (_ milliseconds: Int) async -> Void = { milliseconds in
        try? await Task.sleep(for: .milliseconds(milliseconds))
    }
    /// Runs what would hold up a loop.
    package var worker: Worker = Self.thread

    package init() {}

    /// Runs it on a thread of its own.
    package static let thread: Worker = { name, work in try Thread(name: name, work).detach() }

    /// Starts a task beside all others, and does not wait for it.
    func start(_ name: String, _ body: @escaping @Sendable () async -> Void) {
        Task.detached(name: name, executorPreference: executor, operation: body)
    }
}
