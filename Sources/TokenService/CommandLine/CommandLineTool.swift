import Glibc
import Platform

/// The one executable: finds the command, parses its words, runs it, and turns errors into a sentence and a code.
package enum CommandLineTool {
    /// The release, as `version` prints it.
    package static let version = "0.1.0"

    /// Every command, in the order of the help.
    package static var commands: [Command] {
        [
            InitCommand.command, ServeCommand.command, DevCommand.command,
        ] + WorkspaceCommands.commands + MemberCommands.commands + KeyCommands.commands + InviteCommands.commands
            + TokenCommands.commands + PolicyCommands.commands + WebhookCommands.commands + SigningKeyCommands.commands
            + AuditCommands.commands + StoreCommands.commands + [
                JoseCheckCommand.command,
                Command("version", "prints the release") { _ in
                    Console.print("token-service \(version)")
                    return .success
                },
            ]
    }

    /// Runs the words of one call and ends the process with its exit code.
    ///
    /// The main thread only waits: signals that it left open would reach it and end a service before it has drained, so
    /// a service's signals are blocked here, before the first other thread starts and inherits the mask.
    package static func main(_ words: [String], environment: [String: String]) -> Never {
        if commands.contains(where: { $0.isService && words.starts(with: $0.path) }) {
            do {
                _ = try SignalWaiter()
            } catch {
                Console.error("token-service: \(error)")
                exit(ExitCode.failure.rawValue)
            }
        }
        Task.detached(name: "command") { exit(await run(words, environment: environment).rawValue) }
        while true { pause() }
    }

    /// Runs the words of one call and gives the exit code.
    package static func run(_ words: [String], environment: [String: String]) async -> ExitCode {
        do {
            return try await dispatch(words, environment)
        } catch let code as ExitCode {
            return code
        } catch let error as UsageError {
            Console.error("token-service: \(error)")
            Console.error("Try `token-service --help`.")
            return .usage
        } catch {
            Console.error("token-service: \(Explanation.text(error))")
            return Explanation.exitCode(error)
        }
    }

    private static func dispatch(_ words: [String], _ environment: [String: String]) async throws -> ExitCode {
        let names = Array(words.prefix { !$0.hasPrefix("-") })
        let wantsHelp = words.contains("--help") || words.contains("-h") || names.first == "help"
        let wanted = names.first == "help" ? Array(names.dropFirst()) : names
        let matches = commands.filter { wanted.starts(with: $0.path) }
        if words.isEmpty { throw UsageError("a command is missing") }
        if wantsHelp {
            try help(wanted, matches)
            return .success
        }
        guard let command = matches.first else {
            let group = commands.filter { $0.path.starts(with: wanted.prefix(1)) && !wanted.isEmpty }
            if group.isEmpty { throw UsageError("unknown command \((wanted.first ?? words[0]).prefix(24))") }
            throw UsageError(
                "\(wanted[0]) needs one of: " + group.map { $0.path.dropFirst().joined() }.joined(separator: ", ")
            )
        }
        let rest = Array(words.dropFirst(command.path.count))
        var arguments = try Arguments(rest, for: command, environment: environment)
        if let path = arguments.value("config") {
            let file = try ConfigurationFile.read(path, for: command)
            arguments = try Arguments(rest, for: command, environment: environment, file: file)
        }
        return try await command.run(arguments)
    }

    // MARK: Help

    private static func help(_ wanted: [String], _ matches: [Command]) throws(UsageError) {
        if let command = matches.first {
            Console.print(Self.help(command))
            return
        }
        let group = wanted.isEmpty ? commands : commands.filter { $0.path.starts(with: wanted.prefix(1)) }
        guard !group.isEmpty else { throw UsageError("unknown command \(wanted[0].prefix(24))") }
        let names = group.map { $0.path.joined(separator: " ") }
        let width = names.map(\.count).max() ?? 0
        Console.print("usage: token-service COMMAND [OPTION …]\n")
        for (name, command) in zip(names, group) {
            Console.print("  " + name.padded(to: width + 2) + command.summary)
        }
        Console.print(
            "\nOptions may also be given in the environment (TOKENSERVICE_DATA_DIR for --data-dir) or in a file\n"
                + "(--config). `token-service COMMAND --help` says more."
        )
    }

    private static func help(_ command: Command) -> String {
        let name = command.path.joined(separator: " ")
        let argument = command.argument.map { " [\($0)]" } ?? ""
        var text = "usage: token-service \(name)\(argument) [OPTION …]\n\n\(command.summary)\n"
        guard !command.options.isEmpty else { return text }
        let labels = command.options.map { option in
            "--" + option.name + (option.valueName.map { " " + $0 } ?? "")
        }
        let width = labels.map(\.count).max() ?? 0
        text += "\noptions:\n"
        for (label, option) in zip(labels, command.options) {
            text += "  " + label.padded(to: width + 2) + option.help + (option.isRepeated ? " (may repeat)" : "") + "\n"
        }
        return text
    }
}

/// Standard output and standard error, a line at a time.
package enum Console {
    package static func print(_ line: String) { write(line + "\n", to: STDOUT_FILENO) }

    package static func error(_ line: String) { write(line + "\n", to: STDERR_FILENO) }

    /// True where standard error is a terminal, on which a line may be written over.
    static var isErrorTerminal: Bool { isatty(STDERR_FILENO) == 1 }

    /// Writes to standard error as it is.
    static func progress(_ text: String) { write(text, to: STDERR_FILENO) }

    /// A question on standard error, whose answer stands on the same line.
    package static func prompt(_ question: String) { write(question, to: STDERR_FILENO) }

    private static func write(_ text: String, to descriptor: CInt) {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = unsafe bytes.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno != EINTR { return }
            bytes = bytes.dropFirst(max(0, count))
        }
    }
}

extension String {
    func padded(to width: Int) -> String {
        count >= width ? self : self + String(repeating: " ", count: width - count)
    }
}
