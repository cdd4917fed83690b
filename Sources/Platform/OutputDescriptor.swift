import Glibc

/// Writing to a descriptor that others share, such as standard error, without ever waiting for its reader.
package enum OutputDescriptor {
    /// Writes all bytes, or as many as go without waiting; false where not all of them went.
    ///
    /// The descriptor is asked with poll(2) first and not made non-blocking: that flag belongs to the open file, which
    /// other processes may share. A pipe that reports room takes PIPE_BUF (4,096) bytes whole.
    package static func write(_ bytes: [UInt8], to descriptor: CInt) -> Bool {
        var sent = 0
        while sent < bytes.count {
            var request = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
            // POLLERR is a pipe without a reader: writing to it would raise SIGPIPE.
            guard unsafe poll(&request, 1, 0) == 1, request.revents == Int16(POLLOUT) else { return false }
            let count = unsafe bytes.withUnsafeBytes { buffer in
                let rest = unsafe UnsafeRawBufferPointer(rebasing: buffer[sent...])
                return unsafe Glibc.write(descriptor, rest.baseAddress, min(rest.count, 4096))
            }
            if count > 0 {
                sent += count
            } else if count == 0 || errno != EINTR {
                return false
            }
        }
        return true
    }
}
