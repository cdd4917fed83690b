/// However bytes are cut on their way, they mean the same.
///
/// The lower half of the first byte is the number of cuts, each of the next that many the distance to the next cut. Byte
/// by byte come short inputs, and longer ones that say so in the upper half: each piece costs as much as a whole input.
enum SplitTarget {
    static func check(_ bytes: [UInt8]) throws(Finding) {
        guard let first = bytes.first else { return }
        let cuts = bytes.dropFirst().prefix(Int(first & 15))
        let data = Array(bytes.dropFirst(1 + cuts.count))
        let bodyBytesMax = first & 16 == 0 ? 1 << 16 : 8
        let whole = try ParserRun(data, bodyBytesMax: bodyBytesMax)
        var pieces = ParserRun(bodyBytesMax: bodyBytesMax)
        var start = 0
        for cut in cuts {
            let end = min(data.count, start + Int(cut))
            try pieces.feed(Array(data[start..<end]))
            start = end
        }
        try pieces.feed(Array(data[start...]))
        try require(pieces.result == whole.result, "cut: \(pieces.result), whole: \(whole.result)")
        guard data.count <= (first & 32 == 0 ? 48 : 192) else { return }
        var single = ParserRun(bodyBytesMax: bodyBytesMax)
        for byte in data { try single.feed([byte]) }
        try require(single.result == whole.result, "byte by byte: \(single.result), whole: \(whole.result)")
    }
}
