import Glibc

/// An error of the operating system, with the call that gave it.
package struct SystemError: Error, Equatable, CustomStringConvertible {
    /// The failed call, such as `open`.
    package let call: String
    /// The value of `errno` right after it.
    package let code: CInt

    package init(call: String, code: CInt) {
        self.call = call
        self.code = code
    }

    package var description: String {
        guard let text = unsafe strerror(code) else { return "\(call): error \(code)" }
        return unsafe "\(call): \(String(cString: text))"
    }
}

/// The one owner of an open file descriptor; closed when it goes out of scope.
@safe
package struct FileDescriptor: ~Copyable, Sendable {
    /// The descriptor itself, lent; never close it elsewhere.
    package let rawValue: CInt

    /// Takes over a descriptor that is open.
    package init(owning rawValue: CInt) {
        precondition(rawValue >= 0, "a file descriptor is never negative")
        self.rawValue = rawValue
    }

    deinit {
        let isOurs = close(rawValue) == 0 || errno != EBADF
        // Somebody else has closed it, and next time it may be a stranger's: debug builds stop here.
        assert(isOurs, "a file descriptor was closed twice")
    }
}
