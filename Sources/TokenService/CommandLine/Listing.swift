import StrictJSON

/// Lists as tables for people, or as JSON lines for programs.
enum Listing {
    /// `--limit`, from 1 to 100,000.
    static func limit(_ arguments: Arguments) throws(UsageError) -> Int {
        guard let limit = Int(arguments.value("limit") ?? "100"), (1...100_000).contains(limit) else {
            throw UsageError("--limit must be from 1 to 100000")
        }
        return limit
    }

    static func print(_ records: [JSONValue], columns: [String], asJSON: Bool) {
        if asJSON {
            for record in records { Console.print(String(decoding: JSONText.bytes(record), as: UTF8.self)) }
            return
        }
        let rows = records.map { record in columns.map { cell(record[$0]) } }
        let widths = columns.indices.map { index in
            max(columns[index].count, rows.map { $0[index].count }.max() ?? 0)
        }
        Console.print(line(columns.map { $0.uppercased() }, widths))
        for row in rows { Console.print(line(row, widths)) }
    }

    private static func line(_ cells: [String], _ widths: [Int]) -> String {
        var text = zip(cells, widths).map { $0.padded(to: $1) }.joined(separator: "  ")
        while text.last == " " { text.removeLast() }
        return text
    }

    private static func cell(_ value: JSONValue?) -> String {
        guard let value, !value.isNull else { return "-" }
        return value.string ?? value.integer.map(String.init) ?? String(decoding: JSONText.bytes(value), as: UTF8.self)
    }
}

/// Writes a parsed value again.
enum JSONText {
    static func bytes(_ value: JSONValue) -> [UInt8] {
        var writer = JSONWriter(capacity: 512)
        write(value, to: &writer, depth: 0)
        return writer.bytes
    }

    /// Values come from the strict parser, whose depth is bounded; `depth` repeats the bound here.
    private static func write(_ value: JSONValue, to writer: inout JSONWriter, depth: Int) {
        guard depth <= 16 else { return writer.null() }
        switch value.kind {
        case .object:
            writer.beginObject()
            for member in value.members {
                writer.name(member.name)
                write(member.value, to: &writer, depth: depth + 1)
            }
            writer.endObject()
        case .array:
            writer.beginArray()
            for element in value.elements { write(element, to: &writer, depth: depth + 1) }
            writer.endArray()
        case .string: writer.string(value.string ?? "")
        case .number: writer.integer(value.integer ?? 0)
        case .boolean: writer.boolean(value.boolean ?? false)
        case .null: writer.null()
        }
    }
}
