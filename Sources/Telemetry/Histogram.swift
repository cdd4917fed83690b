import Synchronization

/// A distribution of durations over fixed buckets.
///
/// Observations are nanoseconds, exposed as seconds (Prometheus base units). Costs two atomic additions.
package final class Histogram: Sendable {
    /// Upper bounds for request durations: 100 µs to 10 s.
    package static let requestBoundsSeconds: [Double] = [
        0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
    ]

    /// The most buckets, the one without bound included.
    static let bucketsMax = 24

    let boundsSeconds: [Double]
    private let boundsNanoseconds: [UInt64]
    private let buckets: [24 of Atomic<UInt64>] = InlineArray { _ in Atomic(0) }
    private let sum = Atomic<UInt64>(0)

    /// A histogram with ascending upper bounds in seconds, at most 23; more are left out.
    package init(boundsSeconds: [Double] = Histogram.requestBoundsSeconds) {
        let kept = Array(boundsSeconds.filter { $0 > 0 && $0 < 1e9 }.sorted().prefix(Self.bucketsMax - 1))
        self.boundsSeconds = kept
        boundsNanoseconds = kept.map { UInt64($0 * 1e9) }
    }

    package func observe(nanoseconds: UInt64) {
        var index = 0
        while index < boundsNanoseconds.count, nanoseconds > boundsNanoseconds[index] { index += 1 }
        _ = buckets[index].wrappingAdd(1, ordering: .relaxed)
        _ = sum.wrappingAdd(nanoseconds, ordering: .relaxed)
    }

    /// Observations per bucket (not cumulative, the last one without bound), and their sum in seconds.
    package var snapshot: (counts: [UInt64], sumSeconds: Double) {
        let counts = (0...boundsNanoseconds.count).map { buckets[$0].load(ordering: .relaxed) }
        return (counts, Double(sum.load(ordering: .relaxed)) / 1e9)
    }
}
