/// How the service does what no request waits for: the seam at which a test decides when that goes on.
package struct BackgroundWork: Sendable {
    /// Runs it; nil for Swift's own threads.
    package var executor: (any TaskExecutor)?
    /// Waits between two tries, for so many milliseconds.
    package var pause: @Sendable (_ milliseconds: Int) async -> Void = { milliseconds in
        try? await Task.sleep(for: .milliseconds(milliseconds))
    }

    package init() {}

    /// Starts a task beside all others, and does not wait for it.
    func start(_ name: String, _ body: @escaping @Sendable () async -> Void) {
        Task.detached(name: name, executorPreference: executor, operation: body)
    }
}
