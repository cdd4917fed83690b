import Dispatch

/// A semaphore that gives up after ten seconds, so that no test hangs.
final class CountingSemaphore: Sendable {
    private let semaphore = DispatchSemaphore(value: 0)

    func signal() { semaphore.signal() }

    @discardableResult
    func wait() -> Bool { semaphore.wait(timeout: .now() + 10) == .success }
}
