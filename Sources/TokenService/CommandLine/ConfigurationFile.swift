import Glibc
import Platform
import StrictJSON

/// The configuration file: one JSON object whose members are option names in snake_case.
///
/// Values are strings, numbers, booleans, or lists of strings. An unknown name is refused, so that a misspelt setting
/// never goes unnoticed.
package enum ConfigurationFile {
    private static let bytesMax = 64 * 1024

    static func read(_ path: String, for command: Command) throws -> [String: [String]] {
        let content: [UInt8]
        do {
            let file = try FileDescriptor(opening: path, flags: O_RDONLY | O_CLOEXEC)
            content = try file.readAll(bytesMax: bytesMax)
        } catch {
            throw UsageError("the configuration file \(path) can not be read: \(error)")
        }
        return try parse(content, path: path, for: command)
    }

    /// Reads the text of a file; `path` is what a fault calls it.
    package static func parse(
        _ content: [UInt8],
        path: String,
        for command: Command
    ) throws(UsageError) -> [String: [String]] {
        let document: JSONDocument
        do {
            document = try JSONDocument(parsing: content)
        } catch {
            throw UsageError("\(path): \(error)")
        }
        guard document.root.kind == .object else { throw UsageError("\(path) must hold one JSON object") }
        var values: [String: [String]] = [:]
        for member in document.root.members {
            let name = String(member.name.map { $0 == "_" ? "-" : $0 })
            guard command.options.contains(where: { $0.name == name }), name != "config" else {
                throw UsageError("\(path): unknown setting \(member.name.prefix(40))")
            }
            guard let texts = texts(member.value) else {
                throw UsageError("\(path): \(member.name) must be a string, a number, true, false or a list of strings")
            }
            values[name] = texts
        }
        return values
    }

    private static func texts(_ value: JSONValue) -> [String]? {
        if let text = value.string { return [text] }
        if let number = value.integer { return [String(number)] }
        if let flag = value.boolean { return [flag ? "true" : "false"] }
        guard value.kind == .array else { return nil }
        let texts = value.elements.compactMap(\.string)
        return texts.count == value.count ? texts : nil
    }
}
