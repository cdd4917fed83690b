import CLinux
import Glibc
import Synchronization

/// The seam behind which randomness stands.
///
/// Implementations hand out bytes fit for secrets unless they say otherwise.
package protocol RandomSource: Sendable {
    /// Fills the whole buffer.
    func fill(_ buffer: UnsafeMutableRawBufferPointer)
}

extension RandomSource {
    /// `count` random bytes.
    package func bytes(_ count: Int) -> [UInt8] {
        unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            unsafe buffer.initialize(repeating: 0)
            unsafe fill(UnsafeMutableRawBufferPointer(buffer))
            initialized = count
        }
    }

    /// Sixteen random bytes as two words, without an allocation.
    package func words() -> (UInt64, UInt64) {
        var pair: (UInt64, UInt64) = (0, 0)
        unsafe withUnsafeMutableBytes(of: &pair) { unsafe fill($0) }
        return pair
    }
}

/// The kernel's generator (getrandom(2)), read 4 KiB at a time because a system call costs more than the bytes.
///
/// Bytes are wiped from the pool as they are handed out. A failing getrandom ends the process: nothing that this
/// service does is safe without randomness.
package final class SystemRandomSource: RandomSource {
    private struct Pool {
        var bytes = [UInt8](repeating: 0, count: poolBytes)
        var used = poolBytes
    }

    private static let poolBytes = 4096
    private let pool = Mutex(Pool())

    package init() {}

    package func fill(_ buffer: UnsafeMutableRawBufferPointer) {
        guard buffer.count <= 256 else { return unsafe Self.readKernel(into: buffer) }
        pool.withLock { pool in
            if Self.poolBytes - pool.used < buffer.count {
                unsafe pool.bytes.withUnsafeMutableBytes { unsafe Self.readKernel(into: $0) }
                pool.used = 0
            }
            let taken = pool.used..<pool.used + buffer.count
            unsafe pool.bytes.withUnsafeMutableBytes { bytes in
                let taken = unsafe UnsafeMutableRawBufferPointer(rebasing: bytes[taken])
                unsafe buffer.copyMemory(from: UnsafeRawBufferPointer(taken))
                unsafe taken.initializeMemory(as: UInt8.self, repeating: 0)
            }
            pool.used = taken.upperBound
        }
    }

    private static func readKernel(into buffer: UnsafeMutableRawBufferPointer) {
        var filled = 0
        while filled < buffer.count {
            let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[filled...])
            let count = unsafe getrandom(rest.baseAddress, rest.count, 0)
            if count > 0 {
                filled += count
            } else {
                precondition(errno == EINTR, "getrandom(2) failed: no secret can be made")
            }
        }
    }
}
