import HTTPServer
import Testing

/// A message that reaches a limit exactly, and the same with one more.
struct LimitCase: Sendable, CustomTestStringConvertible {
    let name: String
    let limits: HTTPLimits
    let bodyBytesMax: Int
    let reason: HTTPRejectionReason
    /// Makes the message with a quantity.
    let message: @Sendable (Int) -> String
    let atLimit: Int

    var testDescription: String { name }
}

@Suite("Limits of the parser")
struct ParserLimitTests {
    private static func limits(_ change: (inout HTTPLimits) -> Void) -> HTTPLimits {
        var limits = HTTPLimits()
        change(&limits)
        return limits
    }

    private static func text(_ count: Int) -> String { String(repeating: "x", count: count) }

    private static let chunkedHead = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"

    static let cases: [LimitCase] = [
        LimitCase(
            name: "head bytes",
            limits: limits { $0.headBytesMax = 200 },
            bodyBytesMax: 0,
            reason: .headTooLong,
            message: { "GET / HTTP/1.1\r\nHost: a\r\nX: \(text($0 - 32))\r\n\r\n" },
            atLimit: 200
        ),
        LimitCase(
            name: "head bytes in the request line",
            limits: limits { $0.headBytesMax = 60 },
            bodyBytesMax: 0,
            reason: .headTooLong,
            message: { "GET /\(text($0 - 27)) HTTP/1.1\r\nHost: a\r\n\r\n" },
            atLimit: 60
        ),
        LimitCase(
            name: "default head bytes",
            limits: HTTPLimits(),
            bodyBytesMax: 0,
            reason: .headTooLong,
            message: { "GET / HTTP/1.1\r\nHost: a\r\nX: \(text($0 - 32))\r\n\r\n" },
            atLimit: 16_384
        ),
        LimitCase(
            name: "fields",
            limits: HTTPLimits(),
            bodyBytesMax: 0,
            reason: .tooManyFields,
            message: {
                "GET / HTTP/1.1\r\nHost: a\r\n" + String(repeating: "X: y\r\n", count: $0 - 1) + "\r\n"
            },
            atLimit: 100
        ),
        LimitCase(
            name: "target bytes",
            limits: HTTPLimits(),
            bodyBytesMax: 0,
            reason: .targetTooLong,
            message: { "GET /\(text($0 - 1)) HTTP/1.1\r\nHost: a\r\n\r\n" },
            atLimit: 8192
        ),
        LimitCase(
            name: "method bytes",
            limits: HTTPLimits(),
            bodyBytesMax: 0,
            reason: .unsupportedMethod,
            message: { "\(text($0)) / HTTP/1.1\r\nHost: a\r\n\r\n" },
            atLimit: 24
        ),
        LimitCase(
            name: "declared body bytes",
            limits: HTTPLimits(),
            bodyBytesMax: 100,
            reason: .bodyTooLong,
            message: { "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \($0)\r\n\r\n\(text($0))" },
            atLimit: 100
        ),
        LimitCase(
            name: "chunked body bytes in one chunk",
            limits: HTTPLimits(),
            bodyBytesMax: 100,
            reason: .bodyTooLong,
            message: { chunkedHead + String($0, radix: 16) + "\r\n\(text($0))\r\n0\r\n\r\n" },
            atLimit: 100
        ),
        LimitCase(
            name: "chunked body bytes in many chunks",
            limits: HTTPLimits(),
            bodyBytesMax: 100,
            reason: .bodyTooLong,
            message: { chunkedHead + String(repeating: "1\r\nx\r\n", count: $0) + "0\r\n\r\n" },
            atLimit: 100
        ),
        LimitCase(
            name: "chunk size digits",
            limits: HTTPLimits(),
            bodyBytesMax: 100,
            reason: .malformedChunk,
            message: { chunkedHead + String(repeating: "0", count: $0 - 1) + "2\r\n{}\r\n0\r\n\r\n" },
            atLimit: 8
        ),
        LimitCase(
            name: "extension bytes of a line",
            limits: HTTPLimits(),
            bodyBytesMax: 100,
            reason: .chunkExtensionsTooLong,
            message: { chunkedHead + "2;\(text($0 - 1))\r\n{}\r\n0\r\n\r\n" },
            atLimit: 256
        ),
        LimitCase(
            name: "extension bytes of a body",
            limits: limits { $0.chunkExtensionsTotalBytesMax = 400 },
            bodyBytesMax: 1000,
            reason: .chunkExtensionsTooLong,
            message: { chunkedHead + "1;\(text(199))\r\nx\r\n1;\(text($0 - 201))\r\nx\r\n0\r\n\r\n" },
            atLimit: 400
        ),
        LimitCase(
            name: "trailer bytes",
            limits: limits { $0.trailerBytesMax = 100 },
            bodyBytesMax: 100,
            reason: .trailersTooLong,
            message: { chunkedHead + "0\r\nX: \(text(45))\r\nX: \(text($0 - 55))\r\n\r\n" },
            atLimit: 100
        ),
        LimitCase(
            name: "trailer lines",
            limits: HTTPLimits(),
            bodyBytesMax: 100,
            reason: .trailersTooLong,
            message: { chunkedHead + "0\r\n" + String(repeating: "X: y\r\n", count: $0) + "\r\n" },
            atLimit: 100
        ),
    ]

    @Test("What reaches a limit is taken, what exceeds it by one is refused, whole or in pieces", arguments: cases)
    func limit(_ row: LimitCase) {
        for (quantity, isTaken) in [(row.atLimit, true), (row.atLimit + 1, false)] {
            let bytes = Array(row.message(quantity).utf8)
            for size in [bytes.count, 1, 37] {
                let pieces = stride(from: 0, to: bytes.count, by: size).map {
                    Array(bytes[$0..<min($0 + size, bytes.count)])
                }
                let outcomes = ParserHarness.outcomes(pieces, limits: row.limits, bodyBytesMax: row.bodyBytesMax)
                #expect(outcomes.last == (isTaken ? .end : .rejected(row.reason)), "\(quantity) by \(size)")
            }
        }
    }

    @Test("A line that cannot end in time is refused before it ends")
    func endlessLine() {
        var harness = ParserHarness()
        for _ in 0..<300 { harness.feed([UInt8](repeating: UInt8(ascii: "x"), count: 64)) }
        #expect(harness.result == [.rejected(.targetTooLong)])
    }
}
