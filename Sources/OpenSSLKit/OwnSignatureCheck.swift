import COpenSSL
import Synchronization

/// Checks ES256 signatures of a key whose private half is at hand, for the price of a signature.
///
/// ECDSA verification (FIPS 186-5 section 6.4.2) computes R = u₁·G + u₂·Q, a multiplication with a point that differs
/// from key to key. With Q = d·G that is R = e·G where e = (z + r·d) / s: one multiplication with the base point, for
/// which OpenSSL keeps a table and which it does in constant time, since signing needs the same. It accepts exactly what
/// verification with the public half accepts; a third of the time is enough.
///
/// Whoever sends a signature chooses r, s and z, so what touches d must not tell by its timing: d is kept as the sum of
/// two random numbers, and e·G is computed as (e − b)·G + b·G with a secret b that changes with every check. So no
/// operation sees d or e itself, and sending one signature many times averages nothing out.
final class OwnSignatureCheck: Sendable {
    private static let idleMax = 64

    private let key: KeyHandle
    private let idle = Mutex<[OwnSignatureScratch]>([])

    /// Nil where the key has no private half or is not on P-256.
    init?(_ key: KeyHandle) {
        self.key = key
        guard let first = OwnSignatureScratch(key) else { return nil }
        idle.withLock { $0.append(first) }
    }

    /// Whether `signature` is one of this key over a SHA-256 digest; nil where the library failed, so
    /// that the caller can ask the public half.
    func isValid(_ signature: ECDSASignature, digest: Digest256) -> Bool? {
        guard let scratch = idle.withLock({ $0.popLast() }) ?? OwnSignatureScratch(key) else { return nil }
        let isValid = scratch.isValid(signature, digest: digest)
        // What failed once is not used again.
        guard isValid != nil else { return nil }
        idle.withLock { idle in
            if idle.count < Self.idleMax { idle.append(scratch) }
        }
        return isValid
    }
}

/// The numbers and points that one check works with, and the secrets it hides d behind.
///
/// Safe because: every object belongs to this instance alone, and ``OwnSignatureCheck`` lends an instance to one caller
/// at a time.
@safe
final class OwnSignatureScratch: @unchecked Sendable {
    /// Checks after which the blinding number is drawn anew; in between it is doubled.
    private static let blindingUsesMax = 4096
    private static let numberCount = 9

    private let group: OpaquePointer
    private let context: OpaquePointer
    private let montgomery: OpaquePointer
    private let point: OpaquePointer
    /// The point b·G.
    private let blindingPoint: OpaquePointer
    private let numbers: [OpaquePointer]
    private var blindingUses = blindingUsesMax

    /// Names for the places in `numbers`.
    private var order: OpaquePointer { unsafe numbers[0] }
    private var halfOfD: OpaquePointer { unsafe numbers[1] }
    private var otherHalfOfD: OpaquePointer { unsafe numbers[2] }
    private var blinding: OpaquePointer { unsafe numbers[3] }
    private var r: OpaquePointer { unsafe numbers[4] }
    private var inverse: OpaquePointer { unsafe numbers[5] }
    private var e: OpaquePointer { unsafe numbers[6] }
    private var product: OpaquePointer { unsafe numbers[7] }
    private var x: OpaquePointer { unsafe numbers[8] }

    init?(_ key: KeyHandle) {
        guard let group = unsafe EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1) else { return nil }
        let parts = unsafe (BN_CTX_secure_new(), BN_MONT_CTX_new(), EC_POINT_new(group), EC_POINT_new(group))
        guard let context = unsafe parts.0, let montgomery = unsafe parts.1, let point = unsafe parts.2,
            let blindingPoint = unsafe parts.3
        else {
            // Without memory for all of them, those that were made must go; freeing none does nothing.
            unsafe EC_POINT_free(parts.3)
            unsafe EC_POINT_free(parts.2)
            unsafe BN_MONT_CTX_free(parts.1)
            unsafe BN_CTX_free(parts.0)
            unsafe EC_GROUP_free(group)
            return nil
        }
        unsafe self.group = group
        unsafe self.context = context
        unsafe self.montgomery = montgomery
        unsafe self.point = point
        unsafe self.blindingPoint = blindingPoint
        var numbers: [OpaquePointer] = unsafe []
        for _ in 0..<Self.numberCount {
            guard let number = unsafe BN_new() else { break }
            unsafe numbers.append(number)
        }
        unsafe self.numbers = numbers
        guard unsafe numbers.count == Self.numberCount, splitSecret(of: key) else { return nil }
    }

    deinit {
        for index in 0..<(unsafe numbers.count) { unsafe BN_clear_free(numbers[index]) }
        unsafe EC_POINT_clear_free(blindingPoint)
        unsafe EC_POINT_clear_free(point)
        unsafe BN_MONT_CTX_free(montgomery)
        unsafe BN_CTX_free(context)
        unsafe EC_GROUP_free(group)
    }

    /// Keeps d as the sum of two random numbers, both in Montgomery form.
    private func splitSecret(of key: KeyHandle) -> Bool {
        var secret: OpaquePointer?
        defer { unsafe BN_clear_free(secret) }
        return unsafe EC_GROUP_get_order(group, order, context) == 1
            && BN_MONT_CTX_set(montgomery, order, context) == 1
            && EVP_PKEY_get_bn_param(key.pointer, OSSL_PKEY_PARAM_PRIV_KEY, &secret) == 1
            && BN_priv_rand_range(halfOfD, order) == 1
            && BN_mod_sub_quick(otherHalfOfD, secret, halfOfD, order) == 1
            && BN_to_montgomery(halfOfD, halfOfD, montgomery, context) == 1
            && BN_to_montgomery(otherHalfOfD, otherHalfOfD, montgomery, context) == 1
    }

    /// See ``OwnSignatureCheck/isValid(_:digest:)``.
    func isValid(_ signature: ECDSASignature, digest: Digest256) -> Bool? {
        guard unsafe signature.r.load(into: r), let inverseOfS = signature.inverseOfS,
            unsafe inverseOfS.load(into: inverse), computeScalar(digest), renewBlinding(), multiply()
        else { return nil }
        // R at infinity belongs to no signature (step 5).
        if unsafe EC_POINT_is_at_infinity(group, point) == 1 { return false }
        guard unsafe EC_POINT_get_affine_coordinates(group, point, x, nil, context) == 1 else { return nil }
        // x is below p, and p is below 2n.
        if unsafe BN_cmp(x, order) >= 0 {
            guard unsafe BN_sub(x, x, order) == 1 else { return nil }
        }
        return unsafe BN_cmp(x, r) == 0
    }

    /// e = (z + r·d) / s mod n, with d in two halves.
    private func computeScalar(_ digest: Digest256) -> Bool {
        unsafe digest.load(into: e, modulo: order)
            && BN_mod_mul_montgomery(product, r, halfOfD, montgomery, context) == 1
            && BN_mod_add_quick(e, e, product, order) == 1
            && BN_mod_mul_montgomery(product, r, otherHalfOfD, montgomery, context) == 1
            && BN_mod_add_quick(e, e, product, order) == 1
            && BN_to_montgomery(inverse, inverse, montgomery, context) == 1
            && BN_mod_mul_montgomery(e, e, inverse, montgomery, context) == 1
    }

    /// A new b and its point: twice the last one, or a fresh one.
    private func renewBlinding() -> Bool {
        if blindingUses >= Self.blindingUsesMax {
            blindingUses = 0
            return unsafe BN_priv_rand_range(blinding, order) == 1
                && EC_POINT_mul(group, blindingPoint, blinding, nil, nil, context) == 1
        }
        blindingUses += 1
        return unsafe BN_mod_lshift1_quick(blinding, blinding, order) == 1
            && EC_POINT_dbl(group, blindingPoint, blindingPoint, context) == 1
    }

    /// e·G, as (e − b)·G + b·G.
    private func multiply() -> Bool {
        unsafe BN_mod_sub_quick(e, e, blinding, order) == 1
            && EC_POINT_mul(group, point, e, nil, nil, context) == 1
            && EC_POINT_add(group, point, point, blindingPoint, context) == 1
    }
}
