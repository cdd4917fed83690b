package import Platform
import Synchronization

/// Writes log lines: one JSON object a line, to one descriptor.
///
/// A line is `{"time":"…Z","level":"…","event":"…", fields…}` of at most 4,096 bytes, so that it enters a pipe whole
/// (PIPE_BUF); a longer one is cut. No value can end a line or forge another one: control bytes are escaped. A pipe
/// that nobody reads never stops the caller: the line is dropped and ``droppedLines`` counts it.
package final class Logger: Sendable {
    private let descriptor: CInt
    private let minimum: LogLevel
    private let time: any TimeSource
    private let dropped = Atomic<Int>(0)

    /// A logger on a descriptor that stays open as long as the process; standard error by default.
    package init(descriptor: CInt = 2, minimum: LogLevel = .info, time: any TimeSource = SystemTimeSource()) {
        self.descriptor = descriptor
        self.minimum = minimum
        self.time = time
    }

    /// Lines that could not be written, since the start.
    package var droppedLines: Int { dropped.load(ordering: .relaxed) }

    /// Whether lines of this level are written at all, for callers whose fields are costly.
    package func writes(_ level: LogLevel) -> Bool { level >= minimum }

    package func debug(_ event: StaticString, _ fields: KeyValuePairs<StaticString, LogValue> = [:]) {
        log(.debug, event, fields)
    }

    package func info(_ event: StaticString, _ fields: KeyValuePairs<StaticString, LogValue> = [:]) {
        log(.info, event, fields)
    }

    package func warning(_ event: StaticString, _ fields: KeyValuePairs<StaticString, LogValue> = [:]) {
        log(.warning, event, fields)
    }

    package func error(_ event: StaticString, _ fields: KeyValuePairs<StaticString, LogValue> = [:]) {
        log(.error, event, fields)
    }

    /// Writes one line, unless the level is below the minimum.
    package func log(_ level: LogLevel, _ event: StaticString, _ fields: KeyValuePairs<StaticString, LogValue>) {
        guard level >= minimum else { return }
        var line = LogLine(time: time.now(), level: level, event: event)
        for (name, value) in fields { line.append(name, value) }
        if !OutputDescriptor.write(line.finished(), to: descriptor) { dropped.add(1, ordering: .relaxed) }
    }
}
