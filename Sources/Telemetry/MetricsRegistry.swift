import Synchronization

/// All metrics of the process, and their rendering for Prometheus.
///
/// Labels are fixed when a metric is made, so the number of series is bounded by the code and never by what clients
/// send. Asking again for a metric with the same name and labels gives the one that is there.
package final class MetricsRegistry: Sendable {
    enum Instrument: Sendable {
        case counter(Counter)
        case gauge(Gauge)
        case observedCounter(@Sendable () -> Double)
        case observedGauge(@Sendable () -> Double)
        case histogram(Histogram)

        var typeName: String {
            switch self {
            case .counter, .observedCounter: "counter"
            case .gauge, .observedGauge: "gauge"
            case .histogram: "histogram"
            }
        }
    }

    struct Series: Sendable {
        var labels: [String: String]
        var instrument: Instrument
    }

    struct Family: Sendable {
        var help: String
        var series: [Series]
    }

    private let families = Mutex<[String: Family]>([:])

    package init() {}

    /// A counter; its name ends in `_total`.
    package func counter(_ name: String, help: String, labels: [String: String] = [:]) -> Counter {
        let instrument = register(name, help: help, labels: labels) { .counter(Counter()) }
        guard case .counter(let counter) = instrument else { return Counter() }
        return counter
    }

    /// A gauge that the code sets.
    package func gauge(_ name: String, help: String, labels: [String: String] = [:]) -> Gauge {
        let instrument = register(name, help: help, labels: labels) { .gauge(Gauge()) }
        guard case .gauge(let gauge) = instrument else { return Gauge() }
        return gauge
    }

    /// A gauge that is asked when the metrics are read.
    package func gauge(
        _ name: String,
        help: String,
        labels: [String: String] = [:],
        read: @escaping @Sendable () -> Double
    ) {
        _ = register(name, help: help, labels: labels) { .observedGauge(read) }
    }

    /// A counter that is asked when the metrics are read; its name ends in `_total`.
    package func counter(
        _ name: String,
        help: String,
        labels: [String: String] = [:],
        read: @escaping @Sendable () -> Double
    ) {
        _ = register(name, help: help, labels: labels) { .observedCounter(read) }
    }

    /// A histogram of durations; its name ends in `_seconds`.
    package func histogram(
        _ name: String,
        help: String,
        labels: [String: String] = [:],
        boundsSeconds: [Double] = Histogram.requestBoundsSeconds
    ) -> Histogram {
        let instrument = register(name, help: help, labels: labels) {
            .histogram(Histogram(boundsSeconds: boundsSeconds))
        }
        guard case .histogram(let histogram) = instrument else { return Histogram() }
        return histogram
    }

    /// The metrics in the Prometheus text format, version 0.0.4, sorted by name and labels.
    package func prometheusText() -> [UInt8] {
        // Copied out first: a callback may take its time, or make a metric.
        let families = families.withLock { $0 }
        var text = PrometheusText()
        for (name, family) in families.sorted(by: { $0.key < $1.key }) { text.append(name, family) }
        return text.bytes
    }

    /// The one instrument of this name and these labels.
    ///
    /// A second registration under another type is a bug of ours; it gets an instrument that is not exposed rather than
    /// a crash.
    private func register(
        _ name: String,
        help: String,
        labels: [String: String],
        make: () -> Instrument
    ) -> Instrument {
        families.withLock { families in
            let made = make()
            var family = families[name] ?? Family(help: help, series: [])
            if let first = family.series.first, first.instrument.typeName != made.typeName { return made }
            if let present = family.series.first(where: { $0.labels == labels }) { return present.instrument }
            family.series.append(Series(labels: labels, instrument: made))
            families[name] = family
            return made
        }
    }
}
