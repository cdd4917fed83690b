import Glibc
import Platform

/// Where a command gets a new password from: a file, a terminal without echo, or standard input; never an argument,
/// since arguments show in `ps`.
enum PasswordInput {
    /// Longer than any password may be, so that the service says what is wrong with one.
    private static let lineBytesMax = 1_024

    static let option = CommandOption(
        "password-file",
        "FILE",
        "reads the password from a file (- for standard input); without it a terminal asks"
    )

    /// The password: a first line without its end.
    static func read(_ arguments: Arguments) throws -> String {
        if let path = arguments.value("password-file"), path != "-" {
            guard let bytes = try? SmallFile.read(path) else {
                throw UsageError("the password file \(path) can not be read")
            }
            return try text(Array(bytes.prefix { $0 != UInt8(ascii: "\n") }))
        }
        guard arguments.value("password-file") == nil, isatty(STDIN_FILENO) == 1 else {
            var input = StandardInput(lineBytesMax: lineBytesMax)
            return try text(input.nextLine() ?? [])
        }
        let first = try ask("New password: ")
        guard try ask("The same again: ") == first else { throw UsageError("the two passwords differ") }
        return first
    }

    private static func text(_ line: [UInt8]) throws(UsageError) -> String {
        let line = line.last == UInt8(ascii: "\r") ? line.dropLast() : line[...]
        guard !line.isEmpty, line.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }),
            let text = String(validating: line, as: UTF8.self)
        else { throw UsageError("a password is one line of UTF-8 text without control characters") }
        return text
    }

    /// One line from the terminal, which shows nothing of it and sends no signals meanwhile: so none can leave it mute.
    private static func ask(_ question: String) throws -> String {
        var settings = termios()
        guard unsafe tcgetattr(STDIN_FILENO, &settings) == 0 else { throw UsageError("the terminal can not be read") }
        var mute = settings
        mute.c_lflag &= ~tcflag_t(ECHO | ISIG)
        guard unsafe tcsetattr(STDIN_FILENO, TCSAFLUSH, &mute) == 0 else {
            throw UsageError("the terminal's echo can not be turned off")
        }
        defer {
            _ = unsafe tcsetattr(STDIN_FILENO, TCSAFLUSH, &settings)
            Console.error("")
        }
        Console.prompt(question)
        var input = StandardInput(lineBytesMax: lineBytesMax)
        return try text(input.nextLine() ?? [])
    }
}
