import CLinux
import Glibc

extension FileDescriptor {
    /// Opens a file; close-on-exec should be among the flags.
    ///
    /// `mode` counts where the file is created.
    package init(opening path: String, flags: CInt, mode: UInt32 = 0o600) throws(SystemError) {
        let descriptor = unsafe clinux_open(path, flags, mode)
        guard descriptor >= 0 else { throw SystemError(call: "open", code: errno) }
        self.init(owning: descriptor)
    }

    /// The permission bits of the file; nil where they can not be read.
    package var permissions: UInt32? {
        var status = stat()
        guard unsafe fstat(rawValue, &status) == 0 else { return nil }
        return status.st_mode & 0o7777
    }

    /// Reads to the end; `EFBIG` where there is more than `bytesMax`.
    package func readAll(bytesMax: Int) throws(SystemError) -> [UInt8] {
        var content: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = unsafe chunk.withUnsafeMutableBytes { unsafe read(rawValue, $0.baseAddress, $0.count) }
            if count == 0 { return content }
            guard count > 0 else {
                if errno == EINTR { continue }
                throw SystemError(call: "read", code: errno)
            }
            content.append(contentsOf: chunk.prefix(count))
            guard content.count <= bytesMax else { throw SystemError(call: "read", code: EFBIG) }
        }
    }

    /// Fills the front of a buffer with what comes next, and returns how much that is; 0 at the end.
    package func readNext(into buffer: inout [UInt8]) throws(SystemError) -> Int {
        while true {
            let count = unsafe buffer.withUnsafeMutableBytes { unsafe read(rawValue, $0.baseAddress, $0.count) }
            if count >= 0 { return count }
            guard errno == EINTR else { throw SystemError(call: "read", code: errno) }
        }
    }

    /// Writes all bytes, however many calls it takes.
    package func writeAll(_ bytes: [UInt8]) throws(SystemError) {
        var written = 0
        while written < bytes.count {
            let count = unsafe bytes.withUnsafeBytes { buffer in
                unsafe write(rawValue, buffer.baseAddress?.advanced(by: written), buffer.count - written)
            }
            guard count >= 0 else {
                if errno == EINTR { continue }
                throw SystemError(call: "write", code: errno)
            }
            written += count
        }
    }

    /// Waits until the file is on the disk (fsync(2)).
    package func sync() throws(SystemError) {
        guard fsync(rawValue) == 0 else { throw SystemError(call: "fsync", code: errno) }
    }
}

/// Files that hold secrets.
package enum PrivateFile {
    /// Creates a file of mode 0600 with this content, durably; `EEXIST` where it is there already.
    package static func create(_ path: String, content: [UInt8]) throws(SystemError) {
        let file = try FileDescriptor(opening: path, flags: O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode: 0o600)
        try file.writeAll(content)
        try file.sync()
        try syncDirectory(of: path)
    }

    /// Makes a directory of mode 0700 where there is none.
    package static func makeDirectory(_ path: String) throws(SystemError) {
        if unsafe mkdir(path, 0o700) == 0 { return }
        guard errno == EEXIST else { throw SystemError(call: "mkdir", code: errno) }
    }

    package static func exists(_ path: String) -> Bool { unsafe access(path, F_OK) == 0 }

    private static func syncDirectory(of path: String) throws(SystemError) {
        let parent = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        let directory = try FileDescriptor(
            opening: parent.isEmpty ? "/" : parent,
            flags: O_RDONLY | O_DIRECTORY | O_CLOEXEC
        )
        try directory.sync()
    }
}

extension PrivateFile {
    /// Writes a file of mode 0600, in place of one that may be there.
    package static func replace(_ path: String, content: [UInt8]) throws(SystemError) {
        let temporary = path + ".new"
        _ = unsafe unlink(temporary)
        try create(temporary, content: content)
        guard unsafe rename(temporary, path) == 0 else { throw SystemError(call: "rename", code: errno) }
    }
}
