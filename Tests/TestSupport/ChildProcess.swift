import Glibc
package import Platform
import Synchronization

/// A descriptor that several may hold, closed with the last of them.
package final class SharedDescriptor: Sendable {
    fileprivate let descriptor: FileDescriptor

    package init(_ descriptor: consuming FileDescriptor) { self.descriptor = descriptor }

    /// The two ends of a new pipe (pipe(2)).
    package static func pipe() throws(SystemError) -> (reading: SharedDescriptor, writing: SharedDescriptor) {
        var ends: [CInt] = [-1, -1]
        guard unsafe Glibc.pipe(&ends) == 0 else { throw SystemError(call: "pipe", code: errno) }
        // No child that is started otherwise may hold an end open.
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        return (
            SharedDescriptor(FileDescriptor(owning: ends[0])), SharedDescriptor(FileDescriptor(owning: ends[1]))
        )
    }

    /// The descriptor's number, lent for as long as this value lives.
    package var rawValue: CInt { descriptor.rawValue }

    /// Waits for bytes and returns up to 4,096 of them; none at the end.
    package func read() throws(SystemError) -> [UInt8] {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = try descriptor.readNext(into: &buffer)
        return Array(buffer.prefix(count))
    }

    package func write(_ bytes: [UInt8]) throws(SystemError) { try descriptor.writeAll(bytes) }
}

/// A command beside a test, in a process of its own that ends with this value.
///
/// It stands in for Foundation's `Process`, which copies whole entries of `/proc/self/fd` and so reads beyond the end of
/// the listing where this process has well over a thousand descriptors open: with all tests at once, that ended a run now
/// and then. Descriptors other than the three that are given here should be
/// close-on-exec, or the child holds them open.
package final class ChildProcess: Sendable {
    /// How a process ended.
    package enum End: Equatable, Sendable {
        case exit(CInt)
        case signal(CInt)
    }

    /// What a finished command left behind.
    package struct Outcome: Sendable {
        package let end: End
        package let output: [UInt8]
        package let error: [UInt8]

        package var isSuccess: Bool { end == .exit(0) }
    }

    private let identifier: pid_t
    private let end = Mutex<End?>(nil)

    /// Starts a command, which is looked for along the path where its name has no slash.
    ///
    /// - Parameter environment: nil hands on this process's own.
    package init(
        _ words: [String],
        environment: [String: String]? = nil,
        input: CInt,
        output: CInt,
        error: CInt
    ) throws(SystemError) {
        guard let name = words.first else { throw SystemError(call: "posix_spawnp", code: ENOENT) }
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        for (number, descriptor) in [input, output, error].enumerated() {
            unsafe posix_spawn_file_actions_adddup2(&actions, descriptor, CInt(number))
        }
        var arguments = unsafe Self.texts(words)
        var variables = unsafe Self.texts((environment ?? [:]).map { "\($0.key)=\($0.value)" })
        defer { unsafe Self.free(arguments + variables) }
        var started = pid_t()
        let code =
            unsafe environment == nil
            ? posix_spawnp(&started, name, &actions, nil, &arguments, environ)
            : posix_spawnp(&started, name, &actions, nil, &arguments, &variables)
        guard code == 0 else { throw SystemError(call: "posix_spawnp \(name)", code: code) }
        identifier = started
    }

    deinit {
        send(SIGKILL)
        wait()
    }

    /// A running command that can be spoken with through pipes.
    package struct Conversation: Sendable {
        package let process: ChildProcess
        /// What the command reads; nil ends it.
        package var input: SharedDescriptor?
        /// What the command says.
        package let output: SharedDescriptor
    }

    /// Starts a command whose input and output are pipes.
    package static func start(
        _ words: [String],
        environment: [String: String]? = nil,
        error: CInt = STDERR_FILENO
    ) throws(SystemError) -> Conversation {
        let (theirInput, input) = try SharedDescriptor.pipe()
        let (output, theirOutput) = try SharedDescriptor.pipe()
        let process = try ChildProcess(
            words,
            environment: environment,
            input: theirInput.rawValue,
            output: theirOutput.rawValue,
            error: error
        )
        return Conversation(process: process, input: input, output: output)
    }

    /// Runs a command to its end, with `input` to read.
    package static func run(
        _ words: [String],
        environment: [String: String]? = nil,
        input: [UInt8] = []
    ) throws(SystemError) -> Outcome {
        // Files and not pipes, so that nobody waits for anybody however much is written.
        let folder = TemporaryFolder()
        try PrivateFile.makeDirectory(folder.path)
        func file(_ name: String) throws(SystemError) -> FileDescriptor {
            try FileDescriptor(opening: "\(folder.path)/\(name)", flags: O_RDWR | O_CREAT | O_CLOEXEC)
        }
        func content(_ file: borrowing FileDescriptor) throws(SystemError) -> [UInt8] {
            lseek(file.rawValue, 0, SEEK_SET)
            return try file.readAll(bytesMax: 64 << 20)
        }
        let (given, output, error) = (
            SharedDescriptor(try file("input")), SharedDescriptor(try file("output")),
            SharedDescriptor(try file("error"))
        )
        try given.write(input)
        lseek(given.rawValue, 0, SEEK_SET)
        let child = try ChildProcess(
            words,
            environment: environment,
            input: given.rawValue,
            output: output.rawValue,
            error: error.rawValue
        )
        let end = child.wait()
        return Outcome(end: end, output: try content(output.descriptor), error: try content(error.descriptor))
    }

    /// Sends a signal; does nothing after the end.
    package func send(_ signal: CInt) {
        end.withLock { end in
            if end == nil { kill(identifier, signal) }
        }
    }

    /// Blocks the calling thread until the process has ended.
    @discardableResult
    package func wait() -> End {
        end.withLock { end in
            if let end { return end }
            var status: CInt = 0
            var waited: pid_t
            repeat { waited = unsafe waitpid(identifier, &status, 0) } while waited < 0 && errno == EINTR
            let signal = status & 0x7F
            let found: End = waited < 0 ? .exit(-1) : signal == 0 ? .exit(status >> 8 & 0xFF) : .signal(signal)
            end = found
            return found
        }
    }

    /// Copies of texts as C has them, with nil at the end; to be freed.
    private static func texts(_ texts: [String]) -> [UnsafeMutablePointer<CChar>?] {
        unsafe texts.map { unsafe strdup($0) } + [nil]
    }

    private static func free(_ texts: [UnsafeMutablePointer<CChar>?]) {
        for index in unsafe texts.indices { unsafe Glibc.free(texts[index]) }
    }
}
