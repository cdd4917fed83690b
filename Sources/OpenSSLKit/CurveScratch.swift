import COpenSSL
import Synchronization

/// What making or checking an ES256 signature works with: P-256, two points, and numbers modulo its order n and modulo the
/// prime p of its field.
///
/// Safe because: every object belongs to this instance alone, and whoever holds the instance lends it to one caller at a
/// time; see ``ScratchPool``.
@safe
final class CurveScratch: @unchecked Sendable {
    let group: OpaquePointer
    let context: OpaquePointer
    /// For products modulo n.
    let montgomery: OpaquePointer
    /// For products modulo p.
    let fieldMontgomery: OpaquePointer
    /// R.
    let sum: OpaquePointer
    /// For the caller.
    let point: OpaquePointer
    private let numbers: [OpaquePointer]

    /// The caller's numbers, from 0 on; the named ones below are there besides.
    func number(_ index: Int) -> OpaquePointer { unsafe numbers[Self.ownCount + index] }

    var order: OpaquePointer { unsafe numbers[0] }
    /// The half r of the signature.
    var r: OpaquePointer { unsafe numbers[1] }
    /// 1/s modulo n, in Montgomery form.
    var inverse: OpaquePointer { unsafe numbers[2] }
    private var prime: OpaquePointer { unsafe numbers[3] }
    /// X and Z of ``sum``, whose x coordinate is X/Z²: see ``readSum()``.
    var x: OpaquePointer { unsafe numbers[4] }
    var z: OpaquePointer { unsafe numbers[5] }
    private var product: OpaquePointer { unsafe numbers[6] }

    private static let ownCount = 7

    /// Nil where there is no memory; all is overwritten when it is freed.
    ///
    /// - Parameter numberCount: the caller's numbers, at first zero.
    init?(numberCount: Int) {
        guard let group = unsafe EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1) else { return nil }
        let parts = unsafe (
            BN_CTX_secure_new(), BN_MONT_CTX_new(), BN_MONT_CTX_new(), EC_POINT_new(group), EC_POINT_new(group)
        )
        guard let context = unsafe parts.0, let montgomery = unsafe parts.1, let fieldMontgomery = unsafe parts.2,
            let sum = unsafe parts.3, let point = unsafe parts.4
        else {
            // Without memory for all of them, those that were made must go; freeing none does nothing.
            unsafe EC_POINT_free(parts.4)
            unsafe EC_POINT_free(parts.3)
            unsafe BN_MONT_CTX_free(parts.2)
            unsafe BN_MONT_CTX_free(parts.1)
            unsafe BN_CTX_free(parts.0)
            unsafe EC_GROUP_free(group)
            return nil
        }
        unsafe self.group = group
        unsafe self.context = context
        unsafe self.montgomery = montgomery
        unsafe self.fieldMontgomery = fieldMontgomery
        unsafe self.sum = sum
        unsafe self.point = point
        var numbers: [OpaquePointer] = unsafe []
        for _ in 0..<(Self.ownCount + numberCount) {
            guard let number = unsafe BN_new() else { break }
            unsafe numbers.append(number)
        }
        unsafe self.numbers = numbers
        guard
            unsafe numbers.count == Self.ownCount + numberCount,
            unsafe EC_GROUP_get_order(group, order, context) == 1
                && EC_GROUP_get_curve(group, prime, nil, nil, context) == 1
                && BN_MONT_CTX_set(montgomery, order, context) == 1
                && BN_MONT_CTX_set(fieldMontgomery, prime, context) == 1
        else { return nil }
    }

    deinit {
        for index in 0..<(unsafe numbers.count) { unsafe BN_clear_free(numbers[index]) }
        unsafe EC_POINT_clear_free(point)
        unsafe EC_POINT_clear_free(sum)
        unsafe BN_MONT_CTX_free(fieldMontgomery)
        unsafe BN_MONT_CTX_free(montgomery)
        unsafe BN_CTX_free(context)
        unsafe EC_GROUP_free(group)
    }

    /// Sets ``x`` and ``z``; false where the library fails.
    func readSum() -> Bool { unsafe copenssl_jacobian_coordinates(group, sum, x, z, context) == 1 }

    /// Sets ``r`` and ``inverse``; false where the library fails.
    func load(_ signature: ECDSASignature) -> Bool {
        guard let inverseOfS = signature.inverseOfS else { return false }
        return unsafe signature.r.load(into: r) && inverseOfS.load(into: inverse)
            && BN_to_montgomery(inverse, inverse, montgomery, context) == 1
    }

    /// Whether the x coordinate of ``sum`` is ``r`` modulo n (FIPS 186-5 section 6.4.2, steps 5 to 8); nil where the library
    /// fails.
    func sumMatches() -> Bool? {
        // R at infinity belongs to no signature (step 5).
        if unsafe EC_POINT_is_at_infinity(group, sum) == 1 { return false }
        // x = X/Z² is compared as X = x·Z², which saves the division.
        guard readSum(),
            unsafe BN_to_montgomery(z, z, fieldMontgomery, context) == 1
                && BN_mod_mul_montgomery(z, z, z, fieldMontgomery, context) == 1,
            let isFirst = unsafe xIs(r)
        else { return nil }
        if isFirst { return true }
        // x is below p, and p is between n and 2n: what is r modulo n may be r + n, too.
        guard unsafe BN_add(r, r, order) == 1 else { return nil }
        return unsafe BN_cmp(r, prime) < 0 ? unsafe xIs(r) : false
    }

    /// Whether X is a number below p times Z², which stands in ``z`` in Montgomery form.
    private func xIs(_ number: OpaquePointer) -> Bool? {
        guard unsafe BN_mod_mul_montgomery(product, number, z, fieldMontgomery, context) == 1 else { return nil }
        return unsafe BN_cmp(product, x) == 0
    }
}

/// Idle objects of one kind, each lent to one caller at a time and used again.
///
/// There are at most as many as callers at the same instant.
final class ScratchPool<Scratch: AnyObject & Sendable>: Sendable {
    /// More idle ones than this are let go of at once; far more than there are threads.
    private let idleMax = 64
    private let idle = Mutex<[Scratch]>([])

    /// Lends one for the length of `body`; nil where none could be made, or `body` gives nil: what failed once is not used
    /// again.
    func withScratch<R>(make: () -> Scratch?, _ body: (Scratch) -> R?) -> R? {
        guard let scratch = idle.withLock({ $0.popLast() }) ?? make(), let result = body(scratch) else { return nil }
        idle.withLock { idle in
            if idle.count < idleMax { idle.append(scratch) }
        }
        return result
    }
}
