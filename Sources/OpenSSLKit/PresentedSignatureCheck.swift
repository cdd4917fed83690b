import COpenSSL
import Synchronization

/// Checks ES256 signatures by points that change from one to the next (FIPS 186-5 section 6.4.2).
///
/// The curve is OpenSSL's, and so is all that is slow: R = u₁·G + u₂·Q. Around it `EVP_PKEY_verify` makes a key, reads DER
/// and computes 1/s in a time that tells nothing of it, which no public number needs: a tenth of a verification.
enum PresentedSignatureCheck {
    /// More idle ones than this are freed at once; far more than there are threads.
    private static let idleMax = 64
    private static let idle = Mutex<[PresentedSignatureScratch]>([])

    /// What the point `04 ‖ x ‖ y` (SEC 1 section 2.3.3) says of a signature over a SHA-256 digest; nil where the library
    /// failed.
    static func verdict(
        of point: [UInt8],
        _ signature: ECDSASignature,
        digest: Digest256
    ) -> PresentedKey.Verdict? {
        guard let scratch = idle.withLock({ $0.popLast() }) ?? PresentedSignatureScratch() else { return nil }
        let verdict = scratch.verdict(of: point, signature, digest: digest)
        // What failed once is not used again.
        guard verdict != nil else { return nil }
        idle.withLock { idle in
            if idle.count < idleMax { idle.append(scratch) }
        }
        return verdict
    }
}

/// The numbers and points that one check works with; all of them are public.
///
/// Safe because: every object belongs to this instance alone, and ``PresentedSignatureCheck`` lends an instance to one
/// caller at a time.
@safe
private final class PresentedSignatureScratch: @unchecked Sendable {
    private static let numberCount = 5

    private let group: OpaquePointer
    private let context: OpaquePointer
    private let montgomery: OpaquePointer
    /// R.
    private let sum: OpaquePointer
    /// Q.
    private let key: OpaquePointer
    private let numbers: [OpaquePointer]

    /// Names for the places in `numbers`.
    private var order: OpaquePointer { unsafe numbers[0] }
    private var r: OpaquePointer { unsafe numbers[1] }
    private var inverse: OpaquePointer { unsafe numbers[2] }
    private var first: OpaquePointer { unsafe numbers[3] }
    private var second: OpaquePointer { unsafe numbers[4] }

    init?() {
        guard let group = unsafe EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1) else { return nil }
        let parts = unsafe (BN_CTX_new(), BN_MONT_CTX_new(), EC_POINT_new(group), EC_POINT_new(group))
        guard let context = unsafe parts.0, let montgomery = unsafe parts.1, let sum = unsafe parts.2,
            let key = unsafe parts.3
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
        unsafe self.sum = sum
        unsafe self.key = key
        var numbers: [OpaquePointer] = unsafe []
        for _ in 0..<Self.numberCount {
            guard let number = unsafe BN_new() else { break }
            unsafe numbers.append(number)
        }
        unsafe self.numbers = numbers
        guard
            unsafe numbers.count == Self.numberCount,
            unsafe EC_GROUP_get_order(group, order, context) == 1 && BN_MONT_CTX_set(montgomery, order, context) == 1
        else { return nil }
    }

    deinit {
        for index in 0..<(unsafe numbers.count) { unsafe BN_free(numbers[index]) }
        unsafe EC_POINT_free(key)
        unsafe EC_POINT_free(sum)
        unsafe BN_MONT_CTX_free(montgomery)
        unsafe BN_CTX_free(context)
        unsafe EC_GROUP_free(group)
    }

    /// See ``PresentedSignatureCheck/verdict(of:_:digest:)``.
    func verdict(
        of point: [UInt8],
        _ signature: ECDSASignature,
        digest: Digest256
    ) -> PresentedKey.Verdict? {
        // Refused are coordinates that are not below p, and points that are not on the curve (SP 800-56A section 5.6.2.3.4).
        guard unsafe EC_POINT_oct2point(group, key, point, point.count, context) == 1 else { return .invalidKey }
        guard computeScalars(signature, digest), unsafe EC_POINT_mul(group, sum, first, key, second, context) == 1
        else {
            return nil
        }
        // R at infinity belongs to no signature (step 5).
        if unsafe EC_POINT_is_at_infinity(group, sum) == 1 { return .badSignature }
        guard unsafe EC_POINT_get_affine_coordinates(group, sum, first, nil, context) == 1 else { return nil }
        // x is below p, and p is below 2n.
        if unsafe BN_cmp(first, order) >= 0 {
            guard unsafe BN_sub(first, first, order) == 1 else { return nil }
        }
        return unsafe BN_cmp(first, r) == 0 ? .valid : .badSignature
    }

    /// u₁ = z / s and u₂ = r / s, modulo n.
    private func computeScalars(_ signature: ECDSASignature, _ digest: Digest256) -> Bool {
        guard let inverseOfS = signature.inverseOfS else { return false }
        return unsafe inverseOfS.load(into: inverse) && signature.r.load(into: r)
            && digest.load(into: first, modulo: order)
            && BN_to_montgomery(inverse, inverse, montgomery, context) == 1
            && BN_mod_mul_montgomery(first, first, inverse, montgomery, context) == 1
            && BN_mod_mul_montgomery(second, r, inverse, montgomery, context) == 1
    }
}
