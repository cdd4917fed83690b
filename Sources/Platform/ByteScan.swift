import Glibc

/// Searching bytes at the speed of the C library.
package enum ByteScan {
    /// The index of the first `byte` in `bytes[start...]`, or nil.
    package static func firstIndex(of byte: UInt8, in bytes: borrowing Span<UInt8>, from start: Int) -> Int? {
        guard start >= 0, start < bytes.count else { return nil }
        return unsafe bytes.withUnsafeBufferPointer { buffer -> Int? in
            guard let base = buffer.baseAddress,
                let found = unsafe memchr(base + start, CInt(byte), buffer.count - start)
            else { return nil }
            return unsafe UnsafeRawPointer(found) - UnsafeRawPointer(base)
        }
    }
}
