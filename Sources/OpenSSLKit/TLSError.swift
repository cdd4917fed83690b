import COpenSSL
import Glibc

/// A failure of TLS, with a sentence for the operator.
///
/// The words come from fixed tables of OpenSSL and the operating system, from here, and from the caller's own paths and
/// host names; never from key material or from bytes of the peer.
package struct TLSError: Error, Equatable, CustomStringConvertible {
    /// Who has to act.
    package enum Kind: Sendable {
        /// A file or a setting of ours is wrong.
        case configuration
        /// The peer and we found no common ground, or it does not speak TLS.
        case handshake
        /// The peer's certificate is not trusted for the host name (client only).
        case untrustedPeer
        /// The peer broke the protocol after the handshake.
        case protocolViolation
        /// The socket failed or ended without close_notify (client only).
        case connection
        /// The deadline passed (client only).
        case deadline
    }

    package let kind: Kind
    package let reason: String

    init(_ kind: Kind, _ reason: String) {
        self.kind = kind
        self.reason = reason
    }

    package var description: String { reason }

    /// Takes the oldest error of this thread's queue, in front of it `subject`, and empties the queue.
    static func capture(_ kind: Kind, _ subject: String) -> TLSError {
        TLSError(kind, "\(subject): \(takeReason())")
    }

    /// The words for `errno` right after a failed system call.
    static func systemReason(_ code: CInt) -> String {
        guard let text = unsafe strerror(code) else { return "error \(code)" }
        return unsafe String(cString: text)
    }

    private static func takeReason() -> String {
        let code = ERR_get_error()
        ERR_clear_error()
        guard code != 0 else { return "no reason given" }
        // A system error is errno under the flag ERR_SYSTEM_FLAG; OpenSSL has no words for it.
        let systemFlag: CUnsignedLong = 1 << 31
        if code & systemFlag != 0 { return systemReason(CInt(truncatingIfNeeded: code & (systemFlag - 1))) }
        guard let text = unsafe ERR_reason_error_string(code) else { return "code \(code)" }
        return unsafe String(cString: text)
    }
}
