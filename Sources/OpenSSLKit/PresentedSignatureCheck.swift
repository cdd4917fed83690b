import COpenSSL

/// Checks ES256 signatures by points that change from one to the next (FIPS 186-5 section 6.4.2).
///
/// The curve is OpenSSL's, and so is all that is slow: R = u₁·G + u₂·Q. Around it `EVP_PKEY_verify` makes a key, reads DER
/// and computes 1/s in a time that tells nothing of it, which no public number needs: a tenth of a verification.
enum PresentedSignatureCheck {
    private static let scratches = ScratchPool<CurveScratch>()

    /// What the point `04 ‖ x ‖ y` (SEC 1 section 2.3.3) says of a signature over a SHA-256 digest; nil where the library
    /// failed.
    static func verdict(
        of point: [UInt8],
        _ signature: ECDSASignature,
        digest: Digest256
    ) -> PresentedKey.Verdict? {
        scratches.withScratch(make: { CurveScratch(numberCount: 2) }) { curve in
            // Refused are coordinates that are not below p, and points that are not on the curve (SP 800-56A section
            // 5.6.2.3.4).
            guard unsafe EC_POINT_oct2point(curve.group, curve.point, point, point.count, curve.context) == 1 else {
                return .invalidKey
            }
            guard compute(curve, signature, digest), let matches = curve.sumMatches() else { return nil }
            return matches ? .valid : .badSignature
        }
    }

    /// R = u₁·G + u₂·Q, with u₁ = z / s and u₂ = r / s modulo n.
    private static func compute(_ curve: CurveScratch, _ signature: ECDSASignature, _ digest: Digest256) -> Bool {
        let (first, second) = unsafe (curve.number(0), curve.number(1))
        return unsafe curve.load(signature) && digest.load(into: first, modulo: curve.order)
            && BN_mod_mul_montgomery(first, first, curve.inverse, curve.montgomery, curve.context) == 1
            && BN_mod_mul_montgomery(second, curve.r, curve.inverse, curve.montgomery, curve.context) == 1
            && EC_POINT_mul(curve.group, curve.sum, first, curve.point, second, curve.context) == 1
    }
}
