import Glibc

/// Standard input, line by line, with a bound.
struct StandardInput {
    private var buffer: [UInt8] = []
    private var start = 0
    private var isAtEnd = false
    private let lineBytesMax: Int

    init(lineBytesMax: Int) { self.lineBytesMax = lineBytesMax }

    /// The next line without its end; nil at the end of the input.
    ///
    /// A line over the bound is cut to it, so that its reader refuses it.
    mutating func nextLine() -> [UInt8]? {
        while true {
            if let end = buffer[start...].firstIndex(of: UInt8(ascii: "\n")) {
                let line = Array(buffer[start..<end].prefix(lineBytesMax))
                start = end + 1
                return line
            }
            if isAtEnd {
                guard start < buffer.count else { return nil }
                let line = Array(buffer[start...].prefix(lineBytesMax))
                start = buffer.count
                return line
            }
            fill()
        }
    }

    /// Everything up to the end, at most `bytesMax`; nil where there is more.
    static func readAll(bytesMax: Int) -> [UInt8]? {
        var input = StandardInput(lineBytesMax: bytesMax)
        while !input.isAtEnd {
            input.fill()
            if input.buffer.count > bytesMax { return nil }
        }
        return input.buffer
    }

    private mutating func fill() {
        if start > 0 {
            buffer.removeFirst(start)
            start = 0
        }
        var chunk = [UInt8](repeating: 0, count: 65_536)
        let count = unsafe chunk.withUnsafeMutableBytes { unsafe read(STDIN_FILENO, $0.baseAddress, $0.count) }
        if count > 0 {
            buffer.append(contentsOf: chunk.prefix(count))
        } else if count == 0 || errno != EINTR {
            isAtEnd = true
        }
    }
}
