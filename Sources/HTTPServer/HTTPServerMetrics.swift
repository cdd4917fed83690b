import Telemetry

/// The metrics of one server, labelled with its name.
final class HTTPServerMetrics: Sendable {
    /// Why a connection is turned away or taken away.
    enum Refusal: String, CaseIterable {
        case connectionLimit = "connection_limit"
        case addressLimit = "address_limit"
        case descriptors
        case evicted
    }

    let accepted: Counter
    let bytesIn: Counter
    let bytesOut: Counter
    private let open: Gauge
    private let refused: [Refusal: Counter]
    private let responses: [Counter]
    private let rejected: [HTTPRejectionReason: Counter]
    private let shed: [HTTPUrgency: Counter]
    private let deadlines: [ConnectionState.DeadlineKind: Counter]
    private let handshakeFailures: Counter

    init(registry: MetricsRegistry, listener: String) {
        let label = ["listener": listener]
        func counter(_ name: String, _ help: String, _ labels: [String: String] = [:]) -> Counter {
            registry.counter("http_\(name)_total", help: help, labels: label.merging(labels) { $1 })
        }
        accepted = counter("connections_accepted", "Connections accepted.")
        bytesIn = counter("received_bytes", "Bytes received from clients.")
        bytesOut = counter("sent_bytes", "Bytes sent to clients.")
        open = registry.gauge("http_connections_open", help: "Open connections.", labels: label)
        refused = Self.perCase {
            counter("connections_refused", "Connections refused or evicted, by reason.", ["reason": $0.rawValue])
        }
        responses = (1...5).map { counter("responses", "Responses, by class of status.", ["class": "\($0)xx"]) }
        rejected = Self.perCase {
            counter(
                "requests_rejected",
                "Requests refused before the application saw them, by reason.",
                ["reason": $0.rawValue]
            )
        }
        shed = Self.perCase {
            counter(
                "requests_shed",
                "Requests answered 503 because more was asked than can be done, by urgency.",
                ["urgency": $0.rawValue]
            )
        }
        deadlines = Self.perCase {
            counter("deadlines", "Deadlines that ran out, by kind.", ["deadline": $0.rawValue])
        }
        handshakeFailures = counter("tls_handshake_failures", "TLS handshakes that failed.")
    }

    func opened() { open.add(1) }
    func closed() { open.add(-1) }
    func refused(_ reason: Refusal) { refused[reason]?.increment() }
    func rejected(_ reason: HTTPRejectionReason) { rejected[reason]?.increment() }
    func shed(_ urgency: HTTPUrgency) { shed[urgency]?.increment() }
    func deadline(_ kind: ConnectionState.DeadlineKind) { deadlines[kind]?.increment() }
    func handshakeFailed() { handshakeFailures.increment() }

    /// Adds what a loop has counted since the last time, and clears it.
    func take(_ tally: inout LoopTally) {
        if tally.bytesIn > 0 { bytesIn.increment(by: tally.bytesIn) }
        if tally.bytesOut > 0 { bytesOut.increment(by: tally.bytesOut) }
        for index in 0..<5 where tally.responses[index] > 0 { responses[index].increment(by: tally.responses[index]) }
        tally = LoopTally()
    }

    private static func perCase<Key: CaseIterable & Hashable>(_ make: (Key) -> Counter) -> [Key: Counter] {
        Dictionary(uniqueKeysWithValues: Key.allCases.map { ($0, make($0)) })
    }
}

/// What a loop counts by itself between two rounds, so that a request costs no atomic operation.
struct LoopTally {
    var bytesIn = 0
    var bytesOut = 0
    /// By class of status, 1xx first.
    var responses: [5 of Int] = [0, 0, 0, 0, 0]

    mutating func countResponse(_ status: Int) {
        let index = status / 100 - 1
        responses[index >= 0 && index < 5 ? index : 4] += 1
    }
}
