extension UInt256 {
    /// The inverse modulo an odd prime that is greater than this number; nil for zero.
    ///
    /// The binary extended Euclidean algorithm (Handbook of Applied Cryptography, 14.61). Its time tells of the number,
    /// so it is for public ones: half a signature that somebody sent.
    func inverse(modulo prime: UInt256) -> UInt256? {
        guard self != .zero, self < prime else { return nil }
        let one = UInt256(0, 0, 0, 1)
        // Throughout, a·self ≡ u and c·self ≡ v modulo the prime.
        var (u, v) = (self, prime)
        var (a, c) = (one, UInt256.zero)
        while u != one, v != one {
            while u.isEven {
                u.halve()
                a.halve(modulo: prime)
            }
            while v.isEven {
                v.halve()
                c.halve(modulo: prime)
            }
            if v < u || u == v {
                // Only a common divisor makes them equal, and a prime has none with a smaller number.
                guard u != v else { return nil }
                u = u &- v
                a.subtract(c, modulo: prime)
            } else {
                v = v &- u
                c.subtract(a, modulo: prime)
            }
        }
        return u == one ? a : c
    }

    /// Half of this number modulo an odd prime; both are below the prime.
    private mutating func halve(modulo prime: UInt256) {
        if isEven { return halve() }
        let hasCarry = add(prime)
        halve()
        if hasCarry { setHighestBit() }
    }

    private mutating func subtract(_ other: UInt256, modulo prime: UInt256) {
        let isNegative = self < other
        self = self &- other
        if isNegative { _ = add(prime) }
    }
}
