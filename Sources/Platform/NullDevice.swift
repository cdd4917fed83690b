import CLinux
import Glibc

/// `/dev/null`: a descriptor that costs nothing.
package enum NullDevice {
    /// Opens it; nil where there is no descriptor left.
    package static func open() -> FileDescriptor? {
        let raw = unsafe clinux_open("/dev/null", O_RDONLY | O_CLOEXEC, 0)
        return raw >= 0 ? FileDescriptor(owning: raw) : nil
    }
}
