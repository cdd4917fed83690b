/// How long to wait before each further try: 100 ms, then twice as long each time, to 5 s at most.
package struct RetryDelay: Sendable {
    private var milliseconds = 100

    package init() {}

    /// The next wait, in milliseconds.
    package mutating func next() -> Int {
        defer { milliseconds = min(5_000, milliseconds * 2) }
        return milliseconds
    }
}
