import CLinux
import Glibc

/// Socket addresses to and from the kernel's form.
enum SocketAddressCoding {
    /// Fills `storage` and returns the length that counts.
    static func write(_ address: SocketAddress, into storage: inout sockaddr_storage) -> socklen_t {
        unsafe withUnsafeMutableBytes(of: &storage) { bytes in
            switch address.address.family {
            case .v4:
                var form = sockaddr_in()
                form.sin_family = sa_family_t(AF_INET)
                form.sin_port = address.port.bigEndian
                form.sin_addr.s_addr = UInt32(truncatingIfNeeded: address.address.lowerBits).bigEndian
                unsafe bytes.storeBytes(of: form, as: sockaddr_in.self)
                return socklen_t(MemoryLayout<sockaddr_in>.size)
            case .v6:
                var form = sockaddr_in6()
                form.sin6_family = sa_family_t(AF_INET6)
                form.sin6_port = address.port.bigEndian
                unsafe withUnsafeMutableBytes(of: &form.sin6_addr) { target in
                    unsafe target.storeBytes(of: address.address.upperBits.bigEndian, as: UInt64.self)
                    unsafe target.storeBytes(
                        of: address.address.lowerBits.bigEndian,
                        toByteOffset: 8,
                        as: UInt64.self
                    )
                }
                unsafe bytes.storeBytes(of: form, as: sockaddr_in6.self)
                return socklen_t(MemoryLayout<sockaddr_in6>.size)
            }
        }
    }

    /// Reads IPv4 and IPv6 addresses; nil for any other family.
    static func read(_ storage: inout sockaddr_storage) -> SocketAddress? {
        unsafe withUnsafeBytes(of: &storage) { bytes in
            switch CInt(unsafe bytes.load(as: sa_family_t.self)) {
            case AF_INET:
                let form = unsafe bytes.load(as: sockaddr_in.self)
                return SocketAddress(
                    address: IPAddress(v4: UInt32(bigEndian: form.sin_addr.s_addr)),
                    port: UInt16(bigEndian: form.sin_port)
                )
            case AF_INET6:
                var form = unsafe bytes.load(as: sockaddr_in6.self)
                let (upper, lower) = unsafe withUnsafeBytes(of: &form.sin6_addr) { source in
                    unsafe (
                        UInt64(bigEndian: source.loadUnaligned(as: UInt64.self)),
                        UInt64(bigEndian: source.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
                    )
                }
                return SocketAddress(address: IPAddress(v6: upper, lower), port: UInt16(bigEndian: form.sin6_port))
            default:
                return nil
            }
        }
    }
}
