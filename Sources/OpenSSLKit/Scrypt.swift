import COpenSSL

/// What one scrypt computation costs (RFC 7914 section 2).
package struct ScryptCost: Equatable, Sendable {
    /// The binary logarithm of N: 4 to 17.
    package let logN: Int
    /// The block size factor: 1 to 8.
    package let r: Int
    /// The parallelisation factor: 1 to 4.
    package let p: Int

    /// 128 MiB of memory and about 400 ms of one processor.
    package static let standard = ScryptCost(checkedLogN: 17, r: 8, p: 1)

    /// A cost within the bounds above; nil for any other.
    package init?(logN: Int, r: Int, p: Int) {
        guard (4...17).contains(logN), (1...8).contains(r), (1...4).contains(p) else { return nil }
        self.init(checkedLogN: logN, r: r, p: p)
    }

    private init(checkedLogN logN: Int, r: Int, p: Int) {
        self.logN = logN
        self.r = r
        self.p = p
    }
}

/// Derives keys from passwords with scrypt (RFC 7914).
///
/// Takes as long as its cost says: call it on a thread that nothing else waits for.
package enum Scrypt {
    /// OpenSSL refuses costs over 32 MiB unless told otherwise; ``ScryptCost`` allows 128 MiB and a little.
    private static let memoryBytesMax: UInt64 = 160 << 20

    /// `count` bytes; throws `OpenSSLError` where the memory can not be had.
    package static func derive(
        _ password: SecretBytes,
        salt: [UInt8],
        cost: ScryptCost,
        count: Int
    ) throws -> SecretBytes {
        ERR_clear_error()
        var isDone = false
        let key = unsafe SecretBytes(count: count) { key in
            isDone = unsafe password.withBytes { password in
                unsafe salt.withUnsafeBytes { salt in
                    unsafe EVP_PBE_scrypt(
                        password.assumingMemoryBound(to: CChar.self).baseAddress,
                        password.count,
                        salt.assumingMemoryBound(to: UInt8.self).baseAddress,
                        salt.count,
                        UInt64(1) << UInt64(cost.logN),
                        UInt64(cost.r),
                        UInt64(cost.p),
                        memoryBytesMax,
                        key.assumingMemoryBound(to: UInt8.self).baseAddress,
                        key.count
                    ) == 1
                }
            }
        }
        guard isDone else { throw OpenSSLError.capture("EVP_PBE_scrypt") }
        return key
    }
}
