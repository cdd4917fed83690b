extension UInt256 {
    /// The inverse modulo an odd prime that is greater than this number; nil for zero.
    ///
    /// Division steps (Bernstein and Yang, "Fast constant-time gcd computation and modular inversion", 2019). What 62 of
    /// them do is told by the lowest bits alone, so it is worked out in one word and then done to the whole numbers at
    /// once. Those that only halve are taken together, which makes the time tell of the number: it is for public ones,
    /// half a signature that somebody sent.
    func inverse(modulo prime: UInt256) -> UInt256? {
        guard self != .zero, self < prime else { return nil }
        let modulus = Signed62(prime)
        let modulusInverse = Signed62.inverse(ofOdd: modulus.lowest)
        // Throughout, d·self ≡ f and e·self ≡ g modulo the prime, and f is odd.
        var (f, g) = (modulus, Signed62(self))
        var (d, e) = (Signed62.zero, Signed62.one)
        var eta = -1
        // 741 steps end with any numbers of 256 bits (theorem 11.2); twelve batches are 744.
        for _ in 0..<12 {
            let steps = DivisionSteps(f.lowest, g.lowest, &eta)
            steps.apply(to: &d, &e, modulo: modulus, modulusInverse)
            steps.apply(to: &f, &g)
            if g.isZero { break }
        }
        guard g.isZero, f.isUnit else { return nil }
        if d.isNegative { d.add(modulus) }
        if f.isNegative { d.negate() }
        if d.isNegative { d.add(modulus) }
        return UInt256(d)
    }
}

/// What 62 division steps do: they turn (f, g) into (u·f + v·g, q·f + r·g) / 2^62.
///
/// |u| + |v| and |q| + |r| are at most 2^62, so that products with limbs and their sums fit 128 bits.
private struct DivisionSteps {
    private var (u, v, q, r): (Int64, Int64, Int64, Int64) = (1, 0, 0, 1)

    /// - Parameters:
    ///   - f: the lowest 62 bits of f, which is odd.
    ///   - g: the lowest 62 bits of g.
    ///   - eta: minus the paper's delta; −1 at the beginning.
    init(_ f: Int64, _ g: Int64, _ eta: inout Int) {
        var (f, g) = (f, g)
        var left = 62
        while true {
            // A step halves an even g.
            let zeros = min(g.trailingZeroBitCount, left)
            g &>>= Int64(truncatingIfNeeded: zeros)
            u &<<= Int64(truncatingIfNeeded: zeros)
            v &<<= Int64(truncatingIfNeeded: zeros)
            eta &-= zeros
            left &-= zeros
            if left == 0 { return }
            if eta < 0 {
                eta = 0 &- eta
                (f, g) = (g, 0 &- f)
                (u, q) = (q, 0 &- u)
                (v, r) = (r, 0 &- v)
            }
            // For eta + 1 steps f stays, and each adds it to g where g is odd and halves: the multiple of f that clears as
            // many bits does the same at once. −1/f modulo 2^6 is f·(f² − 2).
            let bits = min(eta &+ 1, left, 6)
            let mask = (Int64(1) &<< Int64(truncatingIfNeeded: bits)) &- 1
            let multiple = (f &* g &* (f &* f &- 2)) & mask
            g = g &+ f &* multiple
            q = q &+ u &* multiple
            r = r &+ v &* multiple
        }
    }

    /// Does the steps to f and g; the sums end in 62 zeros.
    func apply(to f: inout Signed62, _ g: inout Signed62) {
        var (sumF, sumG) = (Int128(0), Int128(0))
        for place in 0..<Signed62.limbCount {
            let (limbF, limbG) = (f.limbs[place], g.limbs[place])
            sumF = sumF &+ Self.product(u, limbF) &+ Self.product(v, limbG)
            sumG = sumG &+ Self.product(q, limbF) &+ Self.product(r, limbG)
            f.take(&sumF, behind: place)
            g.take(&sumG, behind: place)
        }
        f.finish(sumF)
        g.finish(sumG)
    }

    /// Does the steps to d and e, each between −2·modulus and modulus, before and after.
    func apply(to d: inout Signed62, _ e: inout Signed62, modulo modulus: Signed62, _ modulusInverse: Int64) {
        // Multiples of the modulus: first so many that nothing negative goes in, then what makes the sums end in 62 zeros.
        let (signD, signE) = (d.isNegative ? Int64(-1) : 0, e.isNegative ? Int64(-1) : 0)
        var (timesD, timesE) = ((u & signD) &+ (v & signE), (q & signD) &+ (r & signE))
        let (lowD, lowE) = (u &* d.lowest &+ v &* e.lowest, q &* d.lowest &+ r &* e.lowest)
        timesD = timesD &- ((modulusInverse &* lowD &+ timesD) & Signed62.mask)
        timesE = timesE &- ((modulusInverse &* lowE &+ timesE) & Signed62.mask)
        var (sumD, sumE) = (Int128(0), Int128(0))
        for place in 0..<Signed62.limbCount {
            let (limbD, limbE, limb) = (d.limbs[place], e.limbs[place], modulus.limbs[place])
            sumD = sumD &+ Self.product(u, limbD) &+ Self.product(v, limbE) &+ Self.product(timesD, limb)
            sumE = sumE &+ Self.product(q, limbD) &+ Self.product(r, limbE) &+ Self.product(timesE, limb)
            d.take(&sumD, behind: place)
            e.take(&sumE, behind: place)
        }
        d.finish(sumD)
        e.finish(sumE)
    }

    @inline(__always)
    private static func product(_ left: Int64, _ right: Int64) -> Int128 { Int128(left) &* Int128(right) }
}

/// A signed number of up to 310 bits: limbs of 62, the least significant first, of which the last carries the sign.
private struct Signed62 {
    static let limbCount = 5
    static let mask = (Int64(1) << 62) - 1
    static let zero = Signed62(limbs: [0, 0, 0, 0, 0])
    static let one = Signed62(limbs: [1, 0, 0, 0, 0])

    private(set) var limbs: [5 of Int64]

    private init(limbs: [5 of Int64]) { self.limbs = limbs }

    init(_ number: UInt256) {
        let words = number.words
        func limb(_ value: UInt64) -> Int64 { Int64(bitPattern: value) & Self.mask }
        limbs = [
            limb(words.3),
            limb(words.3 >> 62 | words.2 << 2),
            limb(words.2 >> 60 | words.1 << 4),
            limb(words.1 >> 58 | words.0 << 6),
            limb(words.0 >> 56),
        ]
    }

    /// The inverse of an odd number modulo 2^62, by Newton's steps: each doubles the bits that are right, from three on.
    static func inverse(ofOdd number: Int64) -> Int64 {
        var inverse = number
        for _ in 0..<5 { inverse = inverse &* (2 &- number &* inverse) }
        return inverse & mask
    }

    var lowest: Int64 { limbs[0] }
    var isNegative: Bool { limbs[4] < 0 }
    var isZero: Bool { limbs[0] | limbs[1] | limbs[2] | limbs[3] | limbs[4] == 0 }

    /// Whether this is 1 or −1.
    var isUnit: Bool {
        var number = self
        if isNegative { number.negate() }
        return number.limbs[0] == 1 && number.limbs[1] | number.limbs[2] | number.limbs[3] | number.limbs[4] == 0
    }

    mutating func add(_ other: Signed62) {
        for place in 0..<Self.limbCount { limbs[place] = limbs[place] &+ other.limbs[place] }
        carry()
    }

    mutating func negate() {
        for place in 0..<Self.limbCount { limbs[place] = 0 &- limbs[place] }
        carry()
    }

    private mutating func carry() {
        for place in 1..<Self.limbCount {
            limbs[place] = limbs[place] &+ (limbs[place - 1] &>> 62)
            limbs[place - 1] &= Self.mask
        }
    }

    /// Moves the lowest 62 bits of a running sum to the place before `place`, which drops those of the first.
    @inline(__always)
    fileprivate mutating func take(_ sum: inout Int128, behind place: Int) {
        if place > 0 { limbs[place - 1] = Int64(truncatingIfNeeded: sum) & Self.mask }
        sum = sum &>> 62
    }

    /// Moves what is left of a running sum to the last place.
    @inline(__always)
    fileprivate mutating func finish(_ sum: Int128) { limbs[Self.limbCount - 1] = Int64(truncatingIfNeeded: sum) }
}

extension UInt256 {
    /// A number from 0 up to 2^256.
    fileprivate init(_ number: Signed62) {
        let limbs = number.limbs
        func word(_ place: Int, _ shift: Int) -> UInt64 {
            UInt64(bitPattern: limbs[place]) >> shift | UInt64(bitPattern: limbs[place + 1]) << (62 - shift)
        }
        self.init(word(3, 6), word(2, 4), word(1, 2), word(0, 0))
    }
}
