import Foundation
import Platform
import Telemetry
import TestSupport
import Testing

@Suite("Log lines")
struct LoggerTests {
    /// Everything that a body logs, read from a pipe.
    private func output(_ minimum: LogLevel = .debug, _ body: (Logger) -> Void) throws -> String {
        let pipe = Pipe()
        let time = ManualTimeSource(now: UnixTime(milliseconds: 784_111_777_250))
        body(Logger(descriptor: pipe.fileHandleForWriting.fileDescriptor, minimum: minimum, time: time))
        try pipe.fileHandleForWriting.close()
        return String(decoding: try pipe.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
    }

    @Test("A line is one JSON object with typed fields")
    func line() throws {
        let text = try output {
            $0.info(
                "listening",
                ["address": "127.0.0.1:80", "loops": 2, "ratio": 0.5, "tls": true, "none": .number(.nan)]
            )
        }
        #expect(
            text == #"{"time":"1994-11-06T08:49:37.250Z","level":"info","event":"listening","address":"127.0.0.1:80","#
                + #""loops":2,"ratio":0.5,"tls":true,"none":null}"# + "\n"
        )
    }

    @Test(
        "No value can end or forge a line",
        arguments: ["a\r\nb", "a\"}\n{\"", "\u{0}\u{1B}[2J", "\u{85}\u{2028}\\", "\u{7F}"]
    )
    func forging(_ value: String) throws {
        let text = try output { $0.error("e", ["v": .string(value)]) }
        #expect(text.hasSuffix("\n") && text.utf8.filter { $0 < 0x20 || $0 == 0x7F }.count == 1)
        let object = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
        #expect(object["v"] as? String == value)
    }

    @Test("A line is cut at 4,096 bytes and stays JSON")
    func long() throws {
        let value = LogValue.string(String(repeating: "é", count: 3000))
        let text = try output { $0.info("e", ["a": value, "b": value, "c": value, "d": value, "e": value]) }
        #expect(text.utf8.count <= 4096 && text.utf8.filter { $0 == 10 }.count == 1)
        let object = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
        #expect(object["cut"] as? Bool == true && object["a"] != nil && object["e"] == nil)
    }

    @Test("Levels below the minimum are not written")
    func levels() throws {
        let text = try output(.warning) {
            $0.debug("a")
            $0.info("b")
            $0.warning("c")
            $0.error("d")
        }
        #expect(text.split(separator: "\n").count == 2)
    }

    @Test("A pipe that nobody reads never stops the caller; what does not fit is counted")
    func fullPipe() throws {
        let pipe = Pipe()
        let logger = Logger(descriptor: pipe.fileHandleForWriting.fileDescriptor)
        for _ in 0..<2000 { logger.info("e", ["text": .string(String(repeating: "x", count: 500))]) }
        #expect(logger.droppedLines > 1000 && logger.droppedLines < 2000)
        // Its descriptors close with it: the last line must not go into a stranger's.
        withExtendedLifetime(pipe) {}
    }

    @Test("A pipe without a reader is an error of the line and not the end of the process")
    func brokenPipe() throws {
        let pipe = Pipe()
        try pipe.fileHandleForReading.close()
        let logger = Logger(descriptor: pipe.fileHandleForWriting.fileDescriptor)
        logger.info("e")
        #expect(logger.droppedLines == 1)
        withExtendedLifetime(pipe) {}
    }
}

@Suite("Metrics")
struct MetricsTests {
    @Test("The text is what Prometheus reads")
    func text() {
        let registry = MetricsRegistry()
        registry.counter("b_total", help: "Two \\ lines\nof help.", labels: ["code": "a\"b\\c\nd", "also": "x"])
            .increment(by: 3)
        registry.counter("b_total", help: "").increment()
        registry.gauge("a_open", help: "Open.").add(-2)
        registry.gauge("a_ratio", help: "Ratio.") { 0.25 }
        let histogram = registry.histogram("c_seconds", help: "Time.", boundsSeconds: [0.001, 0.1])
        histogram.observe(nanoseconds: 1_000_000)
        histogram.observe(nanoseconds: 1_000_001)
        histogram.observe(nanoseconds: 2_000_000_000)
        #expect(
            String(decoding: registry.prometheusText(), as: UTF8.self) == #"""
                # HELP a_open Open.
                # TYPE a_open gauge
                a_open -2
                # HELP a_ratio Ratio.
                # TYPE a_ratio gauge
                a_ratio 0.25
                # HELP b_total Two \\ lines\nof help.
                # TYPE b_total counter
                b_total 1
                b_total{also="x",code="a\"b\\c\nd"} 3
                # HELP c_seconds Time.
                # TYPE c_seconds histogram
                c_seconds_bucket{le="0.001"} 1
                c_seconds_bucket{le="0.1"} 2
                c_seconds_bucket{le="+Inf"} 3
                c_seconds_sum 2.002000001
                c_seconds_count 3

                """#
        )
    }

    @Test("The same name and labels give the same instrument")
    func same() {
        let registry = MetricsRegistry()
        let first = registry.counter("a_total", help: "A.", labels: ["x": "1"])
        #expect(registry.counter("a_total", help: "A.", labels: ["x": "1"]) === first)
        #expect(registry.counter("a_total", help: "A.", labels: ["x": "2"]) !== first)
    }

    @Test("Additions from many threads are all counted")
    func threads() {
        let counter = Counter()
        let histogram = Histogram()
        DispatchQueue.concurrentPerform(iterations: 8) { _ in
            for _ in 0..<10_000 {
                counter.increment()
                histogram.observe(nanoseconds: 5)
            }
        }
        #expect(counter.value == 80_000)
        #expect(histogram.snapshot.counts.reduce(0, +) == 80_000)
    }

    @Test("A counter never goes back")
    func negative() {
        let counter = Counter()
        counter.increment(by: 2)
        counter.increment(by: -1)
        #expect(counter.value == 2)
    }
}
