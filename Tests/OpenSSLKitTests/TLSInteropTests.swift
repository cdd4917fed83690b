import Foundation
import Glibc
import OpenSSLKit
import Platform
import Synchronization
import TestSupport
import Testing

@Suite("TLS with the openssl command as client", .serialized)
struct TLSInteropTests {
    let certificates: TLSCertificates
    let serverContext: TLSServerContext

    init() throws {
        // A client that gives up early leaves a broken pipe, which must not end the test run.
        _ = signal(SIGPIPE, SIG_IGN)
        certificates = try TLSCertificates.shared.get()
        serverContext = try TLSServerContext(
            TLSServerConfiguration(certificateFile: certificates.server, privateKeyFile: certificates.serverKey)
        )
    }

    @Test("A ticket resumes a session of the same context", arguments: ["-tls1_2", "-tls1_3"])
    func resumes(version: String) throws {
        let sessionFile = certificates.path("session\(version)")
        #expect(try exchange([version, "-alpn", "http/1.1", "-sess_out", sessionFile]) == .init(true, false))
        #expect(try exchange([version, "-alpn", "http/1.1", "-sess_in", sessionFile]) == .init(true, true))
    }

    @Test(
        "A client that knows only old versions or other protocols gets nothing",
        arguments: [
            ["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"], ["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA"],
            ["-alpn", "h2"], ["-alpn", "h2,http/1.0"],
        ]
    )
    func refuses(arguments: [String]) throws {
        #expect(try exchange(arguments) == .init(false, false))
    }

    private struct Outcome: Equatable {
        let isEchoed: Bool
        let isResumed: Bool

        init(_ isEchoed: Bool, _ isResumed: Bool) {
            self.isEchoed = isEchoed
            self.isResumed = isResumed
        }
    }

    /// Serves one connection of `openssl s_client`, which sends a line and waits for it to come back.
    private func exchange(_ arguments: [String]) throws -> Outcome {
        let listener = try Self.listen()
        let port = try Self.port(of: listener)
        let result = EchoResult()
        let done = DispatchSemaphore(value: 0)
        let context = serverContext
        Thread.detachNewThread {
            let accepted = accept(listener.rawValue, nil, nil)
            if accepted >= 0 {
                let isResumed = TLSSocketPeer.echo(FileDescriptor(owning: accepted), context, .closeNotify)
                result.isResumed.withLock { $0 = isResumed }
            }
            done.signal()
        }
        let words =
            ["openssl", "s_client", "-connect", "127.0.0.1:\(port)", "-servername", "localhost", "-quiet"]
            + ["-no_ign_eof", "-CAfile", certificates.authority, "-verify_return_error"] + arguments
        let answer = try say("hello\n", to: words)
        try #require(done.wait(timeout: .now() + 30) == .success)
        return Outcome(answer == "hello\n", result.isResumed.withLock { $0 })
    }

    /// Runs a command, says something to it and ends its input after the first thing that it says; returns that.
    private func say(_ text: String, to words: [String]) throws -> String {
        let nothing = SharedDescriptor(try FileDescriptor(opening: "/dev/null", flags: O_WRONLY | O_CLOEXEC))
        var client = try ChildProcess.start(words, error: nothing.rawValue)
        // A client that has given up already breaks the pipe; the empty answer then tells.
        try? client.input?.write(Array(text.utf8))
        let answer = try client.output.read()
        client.input = nil
        client.process.wait()
        return String(decoding: answer, as: UTF8.self)
    }

    private final class EchoResult: Sendable {
        let isResumed = Mutex(false)
    }

    /// A socket that listens on any free port of the loopback address.
    private static func listen() throws -> SharedDescriptor {
        let raw = socket(AF_INET, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard raw >= 0 else { throw SystemError(call: "socket", code: errno) }
        let listener = SharedDescriptor(FileDescriptor(owning: raw))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let isBound = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe bind(raw, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
        guard isBound, Glibc.listen(raw, 4) == 0 else { throw SystemError(call: "listen", code: errno) }
        return listener
    }

    private static func port(of listener: SharedDescriptor) throws -> UInt16 {
        var address = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isKnown = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe getsockname(listener.rawValue, $0, &length) == 0
            }
        }
        guard isKnown else { throw SystemError(call: "getsockname", code: errno) }
        return UInt16(bigEndian: address.sin_port)
    }
}
