/// One option of a command: `--name VALUE`, or `--name` alone where it takes none.
package struct CommandOption: Sendable {
    package let name: String
    /// What stands for the value in the help; nil for a switch.
    package let valueName: String?
    package let help: String
    package let isRepeated: Bool

    package init(_ name: String, _ valueName: String?, _ help: String, isRepeated: Bool = false) {
        self.name = name
        self.valueName = valueName
        self.help = help
        self.isRepeated = isRepeated
    }
}

/// One command of the table that drives parsing, help and dispatch.
package struct Command: Sendable {
    /// The words that name it, such as `key create`.
    package let path: [String]
    package let summary: String
    /// What stands for its positional argument in the help; nil where it takes none.
    package let argument: String?
    /// How many of them it takes at most.
    package let argumentsMax: Int
    package let options: [CommandOption]
    /// Whether it runs until a signal ends it: then signals are blocked before the first thread starts.
    package let isService: Bool
    package let run: @Sendable (Arguments) async throws -> ExitCode

    package init(
        _ path: String,
        _ summary: String,
        argument: String? = nil,
        argumentsMax: Int = 1,
        options: [CommandOption] = [],
        isService: Bool = false,
        run: @escaping @Sendable (Arguments) async throws -> ExitCode
    ) {
        self.path = path.split(separator: " ").map(String.init)
        self.summary = summary
        self.argument = argument
        self.argumentsMax = argument == nil ? 0 : argumentsMax
        self.options = options
        self.isService = isService
        self.run = run
    }
}

/// The words after the command, parsed against its options.
package struct Arguments: Sendable {
    package private(set) var values: [String: [String]] = [:]
    package private(set) var positional: [String] = []
    /// The process environment, for `TOKENSERVICE_*`.
    package let environment: [String: String]
    /// Values of the configuration file, by option name.
    package let file: [String: [String]]

    /// Parses `--name value`, `--name=value` and switches; refuses what the command does not know.
    package init(
        _ words: [String],
        for command: Command,
        environment: [String: String],
        file: [String: [String]] = [:]
    ) throws(UsageError) {
        self.environment = environment
        self.file = file
        var words = words[...]
        while let word = words.popFirst() {
            guard word.hasPrefix("--"), word != "--" else {
                guard positional.count < command.argumentsMax, !word.hasPrefix("-") || word == "-" else {
                    throw UsageError("unexpected argument \(Self.shown(word))")
                }
                positional.append(word)
                continue
            }
            let parts = word.dropFirst(2).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = String(parts[0])
            guard let option = command.options.first(where: { $0.name == name }) else {
                throw UsageError("unknown option --\(Self.shown(name))" + Self.suggestion(name, command))
            }
            guard option.isRepeated || values[name] == nil else { throw UsageError("--\(name) was given twice") }
            if option.valueName == nil {
                guard parts.count == 1 else { throw UsageError("--\(name) takes no value") }
                values[name] = [""]
            } else if parts.count == 2 {
                values[name, default: []].append(String(parts[1]))
            } else if let value = words.popFirst() {
                values[name, default: []].append(value)
            } else {
                throw UsageError("--\(name) needs a value")
            }
        }
    }

    /// The value of an option: the flag, else `TOKENSERVICE_NAME`, else the configuration file.
    package func value(_ name: String) -> String? {
        if let value = values[name]?.last { return value }
        let variable = "TOKENSERVICE_" + name.uppercased().map { $0 == "-" ? "_" : String($0) }.joined()
        if let value = environment[variable], !value.isEmpty { return value }
        return file[name]?.last
    }

    package func all(_ name: String) -> [String] { values[name] ?? file[name] ?? [] }

    package func has(_ name: String) -> Bool { values[name] != nil }

    package func required(_ name: String) throws(UsageError) -> String {
        guard let value = value(name), !value.isEmpty else { throw UsageError("--\(name) is required") }
        return value
    }

    private static func suggestion(_ name: String, _ command: Command) -> String {
        let best = command.options.map(\.name).min { distance($0, name) < distance($1, name) }
        guard let best, distance(best, name) <= 3 else { return "" }
        return "; did you mean --\(best)?"
    }

    /// Levenshtein distance, for names of at most 64 characters.
    private static func distance(_ left: String, _ right: String) -> Int {
        let left = Array(left.utf8.prefix(64))
        let right = Array(right.utf8.prefix(64))
        var row = Array(0...right.count)
        for (index, byte) in left.enumerated() {
            var previous = row[0]
            row[0] = index + 1
            for (column, other) in right.enumerated() {
                let substitution = previous + (byte == other ? 0 : 1)
                previous = row[column + 1]
                row[column + 1] = min(substitution, previous + 1, row[column] + 1)
            }
        }
        return row[right.count]
    }

    /// A word as it may stand in an error: short, and never a whole secret.
    private static func shown(_ word: String) -> String {
        let name = word.prefix { $0 != "=" }
        return name.count > 24 ? name.prefix(8) + "…" : String(name)
    }
}
