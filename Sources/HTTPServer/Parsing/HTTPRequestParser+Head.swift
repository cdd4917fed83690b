extension HTTPRequestParser {
    /// Offsets into a head are 16 bits wide.
    private var headBytesMax: Int { min(limits.headBytesMax, 65_535) }

    /// Reads lines until the empty one; nil where the head is not complete yet.
    ///
    /// The bytes of a head stay unconsumed until it is complete, because its fields refer to them.
    mutating func readHead(
        _ input: borrowing Span<UInt8>,
        _ position: inout Int
    ) throws(HTTPRejection) -> HTTPRequestHead? {
        while case .start(let skippedLine) = state {
            guard let end = try requestLineEnd(input, position) else { return nil }
            if end == position, !skippedLine {
                position += 2
                state = .start(skippedLine: true)
            } else {
                try readRequestLine(input, position..<end)
                draft.lineStart = end + 2 - position
                state = .fields
            }
        }
        while true {
            let start = position + draft.lineStart
            guard
                let end = try lineEnd(
                    input,
                    from: start,
                    contentBytesMax: headBytesMax - 2 - draft.lineStart,
                    tooLong: .headTooLong
                )
            else { return nil }
            if end == start {
                let head = try finishHead(input, position..<end)
                position = end + 2
                return head
            }
            guard draft.entries.count < limits.fieldsMax else { throw HTTPRejection(.tooManyFields) }
            let field = try FieldLine(input, start..<end)
            try note(field, input)
            if draft.entries.isEmpty { draft.entries.reserveCapacity(12) }
            draft.entries.append(
                HTTPRequestFields.Entry(
                    nameStart: UInt16(truncatingIfNeeded: start - position),
                    nameCount: UInt16(truncatingIfNeeded: field.name.count),
                    valueStart: UInt16(truncatingIfNeeded: field.value.lowerBound - position),
                    valueCount: UInt16(truncatingIfNeeded: field.value.count)
                )
            )
            draft.lineStart = end + 2 - position
        }
    }

    private mutating func requestLineEnd(
        _ input: borrowing Span<UInt8>,
        _ start: Int
    ) throws(HTTPRejection) -> Int? {
        // method SP target SP "HTTP/1.1"
        let lineMax = limits.methodBytesMax + 1 + limits.targetBytesMax + 9
        let headMax = headBytesMax - 2
        return try lineEnd(
            input,
            from: start,
            contentBytesMax: min(lineMax, headMax),
            tooLong: lineMax <= headMax ? .targetTooLong : .headTooLong
        )
    }

    /// `method SP request-target SP HTTP-version` (RFC 9112 section 3).
    private mutating func readRequestLine(
        _ input: borrowing Span<UInt8>,
        _ line: Range<Int>
    ) throws(HTTPRejection) {
        var methodEnd = line.lowerBound
        while methodEnd < line.upperBound, ASCII.isToken(input[methodEnd]) { methodEnd += 1 }
        guard methodEnd > line.lowerBound, methodEnd < line.upperBound, input[methodEnd] == ASCII.space else {
            throw HTTPRejection(FieldLine.lineFault(input, line, or: .malformedRequestLine))
        }
        var targetEnd = methodEnd + 1
        while targetEnd < line.upperBound, input[targetEnd] != ASCII.space { targetEnd += 1 }
        guard targetEnd < line.upperBound, targetEnd > methodEnd + 1 else {
            throw HTTPRejection(FieldLine.lineFault(input, line, or: .malformedRequestLine))
        }
        try readVersion(input, targetEnd + 1..<line.upperBound)
        try readMethod(input, line.lowerBound..<methodEnd)
        let target = methodEnd + 1..<targetEnd
        guard target.count <= limits.targetBytesMax else { throw HTTPRejection(.targetTooLong) }
        let parts = try RequestTarget(input, target, method: draft.method)
        draft.path = shifted(parts.path, by: line.lowerBound)
        draft.query = parts.query.map { shifted($0, by: line.lowerBound) }
        draft.authority = parts.authority.map { shifted($0, by: line.lowerBound) }
    }

    private func shifted(_ range: Range<Int>, by offset: Int) -> Range<Int> {
        range.lowerBound - offset..<range.upperBound - offset
    }

    /// `HTTP/` and two digits with a point between (RFC 9112 section 2.3).
    private mutating func readVersion(
        _ input: borrowing Span<UInt8>,
        _ range: Range<Int>
    ) throws(HTTPRejection) {
        let start = range.lowerBound
        guard range.count == 8, LiteralBytes("HTTP/").isEqual(input, at: start), ASCII.isDigit(input[start + 5]),
            input[start + 6] == UInt8(ascii: "."), ASCII.isDigit(input[start + 7])
        else { throw HTTPRejection(FieldLine.lineFault(input, range, or: .malformedVersion)) }
        switch (input[start + 5], input[start + 7]) {
        case (UInt8(ascii: "1"), UInt8(ascii: "1")): draft.isOldVersion = false
        case (UInt8(ascii: "1"), UInt8(ascii: "0")): draft.isOldVersion = true
        default: throw HTTPRejection(.unsupportedVersion)
        }
    }

    private mutating func readMethod(
        _ input: borrowing Span<UInt8>,
        _ range: Range<Int>
    ) throws(HTTPRejection) {
        let start = range.lowerBound
        func named(_ name: StaticString) -> Bool {
            range.count == name.utf8CodeUnitCount && LiteralBytes(name).isEqual(input, at: start)
        }
        if named("GET") {
            draft.method = .get
        } else if named("POST") {
            draft.method = .post
        } else {
            guard range.count <= limits.methodBytesMax else { throw HTTPRejection(.unsupportedMethod) }
            // CONNECT would make a tunnel of the server, TRACE reflects what intermediaries added (ASVS 13.4.4).
            if named("CONNECT") { throw HTTPRejection(.unsupportedMethod) }
            var name: [UInt8] = []
            for index in range { name.append(input[index]) }
            draft.method = HTTPMethod(name: String(decoding: name, as: UTF8.self))
        }
    }

    /// Checks what can only be judged with all fields there, and hands the head out.
    private mutating func finishHead(
        _ input: borrowing Span<UInt8>,
        _ range: Range<Int>
    ) throws(HTTPRejection) -> HTTPRequestHead {
        if draft.host == nil, !draft.isOldVersion { throw HTTPRejection(.missingHost) }
        if draft.isChunked {
            if draft.length != .undeclared { throw HTTPRejection(.lengthWithTransferEncoding) }
            if draft.isOldVersion { throw HTTPRejection(.transferEncodingInOldVersion) }
        }
        if let authority = draft.authority {
            guard let host = draft.host, HostField.areEqual(input, authority, host, offset: range.lowerBound) else {
                throw HTTPRejection(.hostMismatch)
            }
        }
        // An expectation in an HTTP/1.0 request is ignored (RFC 9110 section 10.1.1).
        if draft.hasOtherExpectation, !draft.isOldVersion { throw HTTPRejection(.unmetExpectation) }

        let bytes = [UInt8](copying: input, range)
        var framing = HTTPRequestHead.Framing.none
        state = .complete
        if draft.isChunked {
            framing = .chunked
            state = .chunkSize
        } else if case .declared(let length) = draft.length, length > 0 {
            framing = .length(length)
            state = .lengthDeclared(length)
        }
        let head = HTTPRequestHead(
            method: draft.method,
            path: draft.path.isEmpty ? "/" : String(decoding: bytes[draft.path], as: UTF8.self),
            query: draft.query.map { String(decoding: bytes[$0], as: UTF8.self) },
            fields: HTTPRequestFields(bytes: bytes, entries: draft.entries),
            framing: framing,
            expectsContinue: draft.expectsContinue && !draft.isOldVersion && framing != .none,
            keepsAlive: !draft.closes && !draft.isOldVersion
        )
        draft = HeadDraft()
        bodyBytes = 0
        extensionBytes = 0
        trailerBytes = 0
        trailerCount = 0
        return head
    }
}

extension [UInt8] {
    /// A copy of some bytes of a span.
    init(copying span: borrowing Span<UInt8>, _ range: Range<Int>) {
        self = unsafe span.extracting(range).withUnsafeBufferPointer { unsafe [UInt8]($0) }
    }

    /// Appends some bytes of a span.
    mutating func append(copying span: borrowing Span<UInt8>, _ range: Range<Int>) {
        unsafe span.extracting(range).withUnsafeBufferPointer { unsafe append(contentsOf: $0) }
    }
}
