/// However bytes are cut on their way, they mean the same.
///
/// The first byte is the number of cuts (0 to 15), each of the next that many the distance to the next cut.
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
        guard data.count <= 192 else { return }
        var single = ParserRun(bodyBytesMax: bodyBytesMax)
        for byte in data { try single.feed([byte]) }
        try require(single.result == whole.result, "byte by byte: \(single.result), whole: \(whole.result)")
    }
}
