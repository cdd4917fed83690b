/// The header fields of a request, in the order sent, as one byte buffer and a list of offsets.
///
/// A list and not a dictionary: repeats stay visible, and no sender can make look-ups slow by choosing names. Names are
/// compared without regard to case (RFC 9110 section 5.1) and without an allocation; the names given to the look-ups
/// are literals. Values have no white space around them and never hold CR, LF or NUL.
package struct HTTPRequestFields: Sendable {
    /// Where one field lies in `bytes`.
    struct Entry: Sendable {
        var nameStart: UInt16
        var nameCount: UInt16
        var valueStart: UInt16
        var valueCount: UInt16
    }

    var bytes: [UInt8]
    var entries: [Entry]

    init(bytes: [UInt8], entries: [Entry]) {
        self.bytes = bytes
        self.entries = entries
    }

    /// Fields from pairs, for tests and tools; a pair that does not fit in 65,535 bytes of all is left out.
    package init(_ pairs: [(String, String)] = []) {
        bytes = []
        entries = []
        for (name, value) in pairs {
            guard let nameStart = UInt16(exactly: bytes.count), let nameCount = UInt16(exactly: name.utf8.count),
                let valueStart = UInt16(exactly: bytes.count + name.utf8.count),
                let valueCount = UInt16(exactly: value.utf8.count)
            else { continue }
            bytes += name.utf8
            bytes += value.utf8
            entries.append(
                Entry(nameStart: nameStart, nameCount: nameCount, valueStart: valueStart, valueCount: valueCount)
            )
        }
    }

    /// The number of field lines.
    package var count: Int { entries.count }

    /// The first value of a field, or nil where the field is missing.
    ///
    /// Bytes that are not UTF-8 come out as U+FFFD.
    package func first(_ name: StaticString) -> String? {
        guard let index = index(of: name, from: 0) else { return nil }
        return String(decoding: bytes[valueRange(index)], as: UTF8.self)
    }

    /// The first value of a field as bytes, or nil; no allocation.
    package func firstBytes(_ name: StaticString) -> ArraySlice<UInt8>? {
        guard let index = index(of: name, from: 0) else { return nil }
        return bytes[valueRange(index)]
    }

    /// The value of a field that has exactly one line, as bytes; nil where there is none or more; no allocation.
    package func onlyBytes(_ name: StaticString) -> ArraySlice<UInt8>? {
        guard let index = index(of: name, from: 0), self.index(of: name, from: index + 1) == nil else { return nil }
        return bytes[valueRange(index)]
    }

    /// Lends the first value of a field to `body`; nil where the field is missing; no allocation, no retain.
    package func withFirst<R>(_ name: StaticString, _ body: (borrowing Span<UInt8>) throws -> R) rethrows -> R? {
        guard let index = index(of: name, from: 0) else { return nil }
        return try body(bytes.span.extracting(valueRange(index)))
    }

    /// All values of a field, in the order sent.
    package func values(_ name: StaticString) -> [String] {
        var values: [String] = []
        var next = index(of: name, from: 0)
        while let index = next {
            values.append(String(decoding: bytes[valueRange(index)], as: UTF8.self))
            next = self.index(of: name, from: index + 1)
        }
        return values
    }

    /// How many lines a field has.
    package func count(of name: StaticString) -> Int {
        var count = 0
        var next = index(of: name, from: 0)
        while let index = next {
            count += 1
            next = self.index(of: name, from: index + 1)
        }
        return count
    }

    /// Whether a field is there at all.
    package func contains(_ name: StaticString) -> Bool { index(of: name, from: 0) != nil }

    /// Every field line, in the order sent; allocates, for logs and tests.
    package var pairs: [(name: String, value: String)] {
        entries.indices.map { index in
            let entry = entries[index]
            let name = bytes[Int(entry.nameStart)..<Int(entry.nameStart) + Int(entry.nameCount)]
            return (String(decoding: name, as: UTF8.self), String(decoding: bytes[valueRange(index)], as: UTF8.self))
        }
    }

    private func valueRange(_ index: Int) -> Range<Int> {
        let entry = entries[index]
        return Int(entry.valueStart)..<Int(entry.valueStart) + Int(entry.valueCount)
    }

    private func index(of name: StaticString, from start: Int) -> Int? {
        let wanted = LiteralBytes(name)
        let text = bytes.span
        var index = start
        while index < entries.count {
            let entry = entries[index]
            if Int(entry.nameCount) == wanted.count, wanted.matches(text, at: Int(entry.nameStart)) { return index }
            index += 1
        }
        return nil
    }
}
