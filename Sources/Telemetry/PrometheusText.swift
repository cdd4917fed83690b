/// The Prometheus text exposition format, version 0.0.4.
struct PrometheusText {
    private(set) var bytes: [UInt8] = []

    /// HELP, TYPE and every series of one name.
    mutating func append(_ name: String, _ family: MetricsRegistry.Family) {
        guard let type = family.series.first?.instrument.typeName else { return }
        bytes += "# HELP \(name) \(Self.escaped(family.help, quotes: false))\n# TYPE \(name) \(type)\n".utf8
        let sorted = family.series
            .map { (labels: Self.labelText($0.labels), instrument: $0.instrument) }
            .sorted { $0.labels < $1.labels }
        for series in sorted { append(name, series.labels, series.instrument) }
    }

    private mutating func append(_ name: String, _ labels: String, _ instrument: MetricsRegistry.Instrument) {
        switch instrument {
        case .counter(let counter): appendSample(name, labels, String(counter.value))
        case .gauge(let gauge): appendSample(name, labels, String(gauge.value))
        case .observedGauge(let read), .observedCounter(let read): appendSample(name, labels, Self.number(read()))
        case .histogram(let histogram): append(name, labels, histogram)
        }
    }

    private mutating func append(_ name: String, _ labels: String, _ histogram: Histogram) {
        let (counts, sumSeconds) = histogram.snapshot
        var total: UInt64 = 0
        for (index, count) in counts.enumerated() {
            total &+= count
            let bounds = histogram.boundsSeconds
            let bound = index < bounds.count ? Self.number(bounds[index]) : "+Inf"
            let separator = labels.isEmpty ? "" : ","
            appendSample(name + "_bucket", "\(labels)\(separator)le=\"\(bound)\"", String(total))
        }
        appendSample(name + "_sum", labels, Self.number(sumSeconds))
        appendSample(name + "_count", labels, String(total))
    }

    private mutating func appendSample(_ name: String, _ labels: String, _ value: String) {
        bytes += (labels.isEmpty ? "\(name) \(value)\n" : "\(name){\(labels)} \(value)\n").utf8
    }

    private static func labelText(_ labels: [String: String]) -> String {
        labels.sorted { $0.key < $1.key }
            .map { "\($0.key)=\"\(escaped($0.value, quotes: true))\"" }
            .joined(separator: ",")
    }

    private static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        return value == value.rounded() && abs(value) < 1e15 ? String(Int(value)) : String(value)
    }

    private static func escaped(_ text: String, quotes: Bool) -> String {
        var escaped = ""
        for character in text.unicodeScalars {
            switch character {
            case "\\": escaped += "\\\\"
            case "\n": escaped += "\\n"
            case "\"" where quotes: escaped += "\\\""
            default: escaped.unicodeScalars.append(character)
            }
        }
        return escaped
    }
}
