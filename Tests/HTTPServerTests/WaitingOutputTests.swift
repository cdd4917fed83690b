import HTTPServer
import Testing

@Suite("What a client has not taken yet")
struct WaitingOutputTests {
    private func numbered(_ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: $0 / 251 ^ $0) } }

    /// Takes everything in pieces of so many bytes, bytes first.
    private func drain(_ output: inout WaitingOutput, by step: Int) -> [UInt8] {
        var taken: [UInt8] = []
        while !output.isEmpty {
            if output.hasBytes {
                let part = output.bytes[output.bytesSent...].prefix(step)
                taken += part
                output.tookBytes(part.count)
            } else {
                let part = output.body[output.bodySent...].prefix(step)
                taken += part
                output.tookBody(part.count)
            }
        }
        return taken
    }

    @Test("Bytes, then the lent body, then what came behind it, in whatever steps", arguments: [1, 7, 4096, 1 << 20])
    func keepsOrder(step: Int) {
        let body = numbered(70_000)
        var output = WaitingOutput()
        output.append([1, 2, 3])
        output.append([4][...])
        output.lend(body)
        output.appendBehindBody([])
        output.tookBytes(2)
        #expect(drain(&output, by: step) == [3, 4] + body)
        #expect(output.isEmpty && output.bytes.isEmpty && output.body.isEmpty)

        output.lend(body)
        output.tookBody(60_000)
        output.appendBehindBody([9, 9])
        #expect(drain(&output, by: step) == body[60_000...] + [9, 9])
    }

    @Test("A body is lent and not copied: it is the very array")
    func lends() {
        let body = numbered(300_000)
        var output = WaitingOutput()
        output.lend(body)
        output.tookBody(100)
        let isSame = unsafe body.withUnsafeBufferPointer { mine in
            unsafe output.body.withUnsafeBufferPointer { unsafe $0.baseAddress == mine.baseAddress }
        }
        #expect(isSame)
    }

    @Test("For encryption a body is taken in pieces of 32 kB and let go at its end")
    func isTakenInPieces() {
        let body = numbered(2 * WaitingOutput.pieceBytesMax + 5)
        var output = WaitingOutput()
        output.lend(body)
        var pieces: [[UInt8]] = []
        while output.hasBody { pieces.append(output.takePiece()) }
        #expect(pieces.map(\.count) == [32_768, 32_768, 5])
        #expect(pieces.flatMap(\.self) == body)
        #expect(output.body.isEmpty && output.takePiece().isEmpty)
    }
}
