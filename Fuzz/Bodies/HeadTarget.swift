import HTTPServer

/// Request heads: what is accepted has one meaning, and no byte that could give it another further on.
enum HeadTarget {
    static func check(_ bytes: [UInt8]) throws(Finding) {
        let run = try ParserRun(bytes)
        for head in run.heads { try hold(head) }
        if run.heads.count == 1 { try holdBytes(run.heads[0], bytes.prefix(run.consumedByHead)) }
        for head in run.heads { try roundTrip(head) }
    }

    /// What the rest of the service takes for granted.
    private static func hold(_ head: HTTPRequestHead) throws(Finding) {
        let limits = HTTPLimits()
        try require(head.fields.count <= limits.fieldsMax, "\(head.fields.count) fields")
        try require(head.method.name.utf8.count <= limits.methodBytesMax, "a long method")
        try require(head.path == "*" || head.path.utf8.first == UInt8(ascii: "/"), "a path that begins with no slash")
        let target = head.path + (head.query ?? "")
        try require(target.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != 0x23 }, "odd bytes in a target")
        for (name, value) in head.fields.pairs {
            try require(!name.isEmpty, "a field without a name")
            try require(name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != 0x3A }, "odd bytes in a name")
            try require(value.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }, "control bytes in a value")
            let edges = [value.utf8.first, value.utf8.last]
            try require(!edges.contains(0x20) && !edges.contains(0x09), "white space around a value")
        }
        let lengths = head.fields.count(of: "content-length")
        let codings = head.fields.count(of: "transfer-encoding")
        try require(lengths + codings <= 1, "two fields that frame")
        try require(head.fields.count(of: "host") <= 1, "two hosts")
        switch head.framing {
        case .chunked: try require(codings == 1, "chunked without saying so")
        case .length(let count): try require(lengths == 1 && codings == 0 && count > 0, "a length from nowhere")
        case .none: try require(codings == 0, "a coding that was passed over")
        }
    }

    /// The head's own bytes: every line ends in CR LF and no control byte stands in one.
    private static func holdBytes(_ head: HTTPRequestHead, _ bytes: ArraySlice<UInt8>) throws(Finding) {
        var lines = 0
        var previous: UInt8 = 0
        for byte in bytes {
            if byte == 0x0A {
                try require(previous == 0x0D, "a bare LF")
                lines += 1
            } else {
                try require(previous != 0x0D, "a bare CR")
            }
            try require(byte >= 0x20 || byte == 0x09 || byte == 0x0D || byte == 0x0A, "a control byte")
            previous = byte
        }
        let expected = head.fields.count + 2
        // One empty line may stand before the request line.
        try require(lines == expected || lines == expected + 1, "\(lines) lines for \(head.fields.count) fields")
    }

    /// Written out plainly and read again, a head says the same.
    private static func roundTrip(_ head: HTTPRequestHead) throws(Finding) {
        let pairs = head.fields.pairs
        // Bytes that are no UTF-8 do not survive being made a text.
        guard !pairs.contains(where: { $0.value.utf8.count > 0 && $0.value.contains("\u{FFFD}") }) else { return }
        // Version 1.0 needs no host and knows no expectations, so odd ones are passed over there.
        let isOld = head.framing != .chunked && (head.fields.contains("expect") || !head.fields.contains("host"))
        let version = isOld ? "HTTP/1.0" : "HTTP/1.1"
        var text = "\(head.method.name) \(head.path)\(head.query.map { "?" + $0 } ?? "") \(version)\r\n"
        for pair in pairs { text += "\(pair.name): \(pair.value)\r\n" }
        let again = try ParserRun(Array((text + "\r\n").utf8))
        guard let read = again.heads.first, again.heads.count == 1 else {
            throw Finding("a head that is not read again: \(again.result)")
        }
        try require(read.method == head.method && read.path == head.path, "another target")
        try require(read.query == head.query && read.framing == head.framing, "another query or framing")
        try require(
            read.fields.pairs.elementsEqual(pairs) { $0.name == $1.name && $0.value.utf8.elementsEqual($1.value.utf8) },
            "other fields"
        )
    }
}
