/// Wakes one waiting task, from any thread and without waiting.
///
/// Rings that nobody heard yet count as one.
package final class Doorbell: Sendable {
    private let button: AsyncStream<Void>.Continuation
    /// One value for each ring; for one task.
    package let rings: AsyncStream<Void>

    package init() { (rings, button) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1)) }

    package func ring() { button.yield() }
}
