import Testing

@testable import OpenSSLKit

/// Inverses modulo a prime, each multiplied with its number by doubling and adding.
@Suite("Inverses of numbers of 256 bits")
struct InverseTests {
    /// n and p of P-256 (SP 800-186 section 3.2.1.3), the largest prime below 2^256, and small ones.
    static let primes = [
        UInt256(0xFFFF_FFFF_0000_0000, 0xFFFF_FFFF_FFFF_FFFF, 0xBCE6_FAAD_A717_9E84, 0xF3B9_CAC2_FC63_2551),
        UInt256(0xFFFF_FFFF_0000_0001, 0, 0x0000_0000_FFFF_FFFF, 0xFFFF_FFFF_FFFF_FFFF),
        UInt256(.max, .max, .max, .max - 188),
        UInt256(0, 0, 0, 65_537),
        UInt256(0, 0, 0, 3),
    ]

    private static let one = UInt256(0, 0, 0, 1)

    /// The sum of two numbers below a prime, modulo it.
    private static func sum(_ left: UInt256, _ right: UInt256, modulo prime: UInt256) -> UInt256 {
        let room = prime &- right
        return left < room ? left &- (.zero &- right) : left &- room
    }

    private static func product(_ left: UInt256, _ right: UInt256, modulo prime: UInt256) -> UInt256 {
        let words = [left.words.0, left.words.1, left.words.2, left.words.3]
        var result = UInt256.zero
        for bit in 0..<256 {
            result = sum(result, result, modulo: prime)
            if words[bit / 64] >> UInt64(63 - bit % 64) & 1 == 1 { result = sum(result, right, modulo: prime) }
        }
        return result
    }

    private func check(_ number: UInt256, modulo prime: UInt256) throws {
        let inverse = try #require(number.inverse(modulo: prime))
        try #require(inverse < prime && Self.product(number, inverse, modulo: prime) == Self.one, "\(number)")
    }

    @Test("The first and the last numbers below a prime, and the powers of two", arguments: primes)
    func edges(prime: UInt256) throws {
        for small in UInt64(1)...300 {
            let number = UInt256(0, 0, 0, small)
            guard number < prime else { break }
            try check(number, modulo: prime)
            try check(prime &- number, modulo: prime)
        }
        for bit in 0..<256 {
            let place = 3 - bit / 64
            let word = UInt64(1) << UInt64(bit % 64)
            let power = UInt256(
                place == 0 ? word : 0,
                place == 1 ? word : 0,
                place == 2 ? word : 0,
                place == 3 ? word : 0
            )
            for number in [power, power &- Self.one, prime &- power]
            where number != .zero && number < prime { try check(number, modulo: prime) }
        }
    }

    @Test("Numbers from all over the range", arguments: primes.prefix(3))
    func spread(prime: UInt256) throws {
        var state: UInt64 = 1
        func next() -> UInt64 {
            // SplitMix64: any numbers will do, and the same ones each time.
            state &+= 0x9E37_79B9_7F4A_7C15
            var word = (state ^ state >> 30) &* 0xBF58_476D_1CE4_E5B9
            word = (word ^ word >> 27) &* 0x94D0_49BB_1331_11EB
            return word ^ word >> 31
        }
        for round in 0..<2000 {
            // Every length: half of the numbers have leading zeros.
            let shift = round % 2 == 0 ? 0 : UInt64(round / 2 % 63)
            let number = UInt256(next() >> (shift + 1), round % 3 == 0 ? 0 : next(), next(), next())
            if number < prime { try check(number, modulo: prime) }
        }
    }

    @Test("Zero, the modulus and what is above it have none", arguments: primes)
    func none(prime: UInt256) {
        #expect(UInt256.zero.inverse(modulo: prime) == nil)
        #expect(prime.inverse(modulo: prime) == nil)
        #expect(UInt256(.max, .max, .max, .max).inverse(modulo: prime) == nil)
    }

    @Test("A number that shares a divisor with the modulus has none")
    func divisors() {
        #expect(UInt256(0, 0, 0, 21).inverse(modulo: UInt256(0, 0, 0, 35)) == nil)
        #expect(UInt256(0, 0, 0, 15).inverse(modulo: UInt256(0, 0, 1, 29)) == nil)
    }
}
