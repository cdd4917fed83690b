import COpenSSL

/// A failed call into OpenSSL, with what the library said about it.
///
/// The text comes from OpenSSL's fixed tables of reasons; it never holds key material.
package struct OpenSSLError: Error, Equatable, CustomStringConvertible {
    /// The failed operation, such as `EVP_PKEY_sign`.
    package let operation: String
    /// The packed code of the oldest entry in the error queue; 0 where OpenSSL left none.
    package let code: UInt
    /// OpenSSL's words for the code, or ours where the check that failed is our own.
    package let reason: String

    /// A refusal by a check of our own.
    package init(operation: String, reason: String) {
        self.operation = operation
        self.code = 0
        self.reason = reason
    }

    private init(operation: String, code: UInt, reason: String) {
        self.operation = operation
        self.code = code
        self.reason = reason
    }

    /// Takes the oldest error of this thread's queue and empties the queue.
    ///
    /// The queue must have been empty before the call that failed (see ``clearQueue()``): OpenSSL never empties it by
    /// itself, and a stale entry would be taken for the cause.
    package static func capture(_ operation: String) -> OpenSSLError {
        let code = UInt(ERR_get_error())
        ERR_clear_error()
        guard code != 0 else { return OpenSSLError(operation: operation, code: 0, reason: "no reason given") }
        guard let text = unsafe ERR_reason_error_string(code) else {
            return OpenSSLError(operation: operation, code: code, reason: "code \(code)")
        }
        return unsafe OpenSSLError(operation: operation, code: code, reason: String(cString: text))
    }

    /// Empties this thread's error queue.
    package static func clearQueue() { ERR_clear_error() }

    package var description: String { "\(operation): \(reason)" }
}
