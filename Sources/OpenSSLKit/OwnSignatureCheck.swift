import COpenSSL

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
    private let key: KeyHandle
    private let scratches = ScratchPool<OwnSignatureScratch>()

    /// Nil where the key has no private half or is not on P-256.
    init?(_ key: KeyHandle) {
        self.key = key
        // Made now to see that it can be.
        guard scratches.withScratch(make: { OwnSignatureScratch(key) }, { _ in true }) == true else { return nil }
    }

    /// Whether `signature` is one of this key over a SHA-256 digest; nil where the library failed, so
    /// that the caller can ask the public half.
    func isValid(_ signature: ECDSASignature, digest: Digest256) -> Bool? {
        scratches.withScratch(make: { OwnSignatureScratch(key) }, { $0.isValid(signature, digest: digest) })
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

    private let curve: CurveScratch
    private var blindingUses = blindingUsesMax

    /// The point b·G.
    private var blindingPoint: OpaquePointer { unsafe curve.point }
    /// Names for the places in `curve`.
    private var halfOfD: OpaquePointer { unsafe curve.number(0) }
    private var otherHalfOfD: OpaquePointer { unsafe curve.number(1) }
    private var blinding: OpaquePointer { unsafe curve.number(2) }
    private var e: OpaquePointer { unsafe curve.number(3) }
    private var product: OpaquePointer { unsafe curve.number(4) }

    init?(_ key: KeyHandle) {
        guard let curve = CurveScratch(numberCount: 5) else { return nil }
        self.curve = curve
        guard splitSecret(of: key) else { return nil }
    }

    /// Keeps d as the sum of two random numbers, both in Montgomery form.
    private func splitSecret(of key: KeyHandle) -> Bool {
        var secret: OpaquePointer?
        defer { unsafe BN_clear_free(secret) }
        return unsafe EVP_PKEY_get_bn_param(key.pointer, OSSL_PKEY_PARAM_PRIV_KEY, &secret) == 1
            && BN_priv_rand_range(halfOfD, curve.order) == 1
            && BN_mod_sub_quick(otherHalfOfD, secret, halfOfD, curve.order) == 1
            && BN_to_montgomery(halfOfD, halfOfD, curve.montgomery, curve.context) == 1
            && BN_to_montgomery(otherHalfOfD, otherHalfOfD, curve.montgomery, curve.context) == 1
    }

    /// See ``OwnSignatureCheck/isValid(_:digest:)``.
    func isValid(_ signature: ECDSASignature, digest: Digest256) -> Bool? {
        guard curve.load(signature), computeScalar(digest), renewBlinding(), multiply() else { return nil }
        return curve.sumMatches()
    }

    /// e = (z + r·d) / s mod n, with d in two halves.
    private func computeScalar(_ digest: Digest256) -> Bool {
        unsafe digest.load(into: e, modulo: curve.order)
            && BN_mod_mul_montgomery(product, curve.r, halfOfD, curve.montgomery, curve.context) == 1
            && BN_mod_add_quick(e, e, product, curve.order) == 1
            && BN_mod_mul_montgomery(product, curve.r, otherHalfOfD, curve.montgomery, curve.context) == 1
            && BN_mod_add_quick(e, e, product, curve.order) == 1
            && BN_mod_mul_montgomery(e, e, curve.inverse, curve.montgomery, curve.context) == 1
    }

    /// A new b and its point: twice the last one, or a fresh one.
    private func renewBlinding() -> Bool {
        if blindingUses >= Self.blindingUsesMax {
            blindingUses = 0
            return unsafe BN_priv_rand_range(blinding, curve.order) == 1
                && EC_POINT_mul(curve.group, blindingPoint, blinding, nil, nil, curve.context) == 1
        }
        blindingUses += 1
        return unsafe BN_mod_lshift1_quick(blinding, blinding, curve.order) == 1
            && EC_POINT_dbl(curve.group, blindingPoint, blindingPoint, curve.context) == 1
    }

    /// e·G, as (e − b)·G + b·G.
    private func multiply() -> Bool {
        unsafe BN_mod_sub_quick(e, e, blinding, curve.order) == 1
            && EC_POINT_mul(curve.group, curve.sum, e, nil, nil, curve.context) == 1
            && EC_POINT_add(curve.group, curve.sum, curve.sum, blindingPoint, curve.context) == 1
    }
}
