import COpenSSL

/// Makes ES256 signatures with a private key over OpenSSL's curve (FIPS 186-5 section 6.4.1).
///
/// The nonce k and R = k·G are the library's, as in its own signatures: k is a digest of the key, the message's digest and
/// fresh random bytes, so that neither a weak random source nor a copied machine makes two signatures with one k. What
/// `EVP_PKEY_sign` spends on the rest is two divisions, 1/Z for the x coordinate and 1/k, each in constant time by hundreds of
/// multiplications. Here each number is multiplied by a secret random one first: what is divided then is random itself,
/// and the quick ``UInt256/inverse(modulo:)``, whose time tells of its number, tells nothing.
final class SignatureMaker: Sendable {
    private let key: KeyHandle
    private let scratches = ScratchPool<SigningScratch>()

    /// Nil where the key has no private half or is not on P-256.
    init?(_ key: KeyHandle) {
        self.key = key
        // Made now to see that it can be.
        guard scratches.withScratch(make: { SigningScratch(key) }, { _ in true }) == true else { return nil }
    }

    /// A signature over a SHA-256 digest; nil where the library failed.
    ///
    /// - Parameter nonce: k, for published examples alone.
    func signature(of digest: Digest256, nonce: UInt256? = nil) -> ECDSASignature? {
        scratches.withScratch(make: { SigningScratch(key) }, { $0.sign(digest, nonce: nonce) })
    }
}

/// The numbers and points that one signature is made with, and the key.
///
/// Safe because: every object belongs to this instance alone, and ``SignatureMaker`` lends an instance to one caller at a
/// time.
@safe
final class SigningScratch: @unchecked Sendable {
    private let curve: CurveScratch

    /// Names for the places in `curve`: the key d, and d in Montgomery form.
    private var secret: OpaquePointer { unsafe curve.number(0) }
    private var montgomerySecret: OpaquePointer { unsafe curve.number(1) }
    /// k, then 1/k as it is blinded.
    private var nonce: OpaquePointer { unsafe curve.number(2) }
    /// What hides k, d and z + r·d.
    private var blinding: OpaquePointer { unsafe curve.number(3) }
    /// What hides Z.
    private var fieldBlinding: OpaquePointer { unsafe curve.number(4) }
    private var product: OpaquePointer { unsafe curve.number(5) }
    private var s: OpaquePointer { unsafe curve.number(6) }

    init?(_ key: KeyHandle) {
        guard let curve = CurveScratch(numberCount: 7) else { return nil }
        self.curve = curve
        var secret: OpaquePointer?
        defer { unsafe BN_clear_free(secret) }
        guard
            unsafe EVP_PKEY_get_bn_param(key.pointer, OSSL_PKEY_PARAM_PRIV_KEY, &secret) == 1
                && BN_copy(self.secret, secret) != nil
                && BN_to_montgomery(montgomerySecret, secret, curve.montgomery, curve.context) == 1
        else { return nil }
    }

    /// See ``SignatureMaker/signature(of:nonce:)``.
    func sign(_ digest: Digest256, nonce given: UInt256?) -> ECDSASignature? {
        defer { forget() }
        guard given.map({ unsafe $0.load(into: nonce) }) ?? drawNonce(digest),
            drawBlindings(),
            unsafe EC_POINT_mul(curve.group, curve.sum, nonce, nil, nil, curve.context) == 1,
            computeR(), computeS(digest),
            let r = unsafe UInt256(curve.r), let s = unsafe UInt256(s)
        else { return nil }
        return ECDSASignature(r: r, anyS: s)
    }

    /// k, from 1 to n − 1.
    private func drawNonce(_ digest: Digest256) -> Bool {
        unsafe digest.withUnsafeBytes { digest in
            unsafe BN_generate_dsa_nonce(
                nonce,
                curve.order,
                secret,
                digest.baseAddress?.assumingMemoryBound(to: UInt8.self),
                digest.count,
                curve.context
            ) == 1
        }
    }

    /// Both blindings, by one draw: its price is by the call.
    private func drawBlindings() -> Bool {
        unsafe withUnsafeTemporaryAllocation(byteCount: 64, alignment: 8) { bytes in
            defer { unsafe OPENSSL_cleanse(bytes.baseAddress, 64) }
            guard let start = unsafe bytes.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return false }
            return unsafe RAND_priv_bytes(start, 64) == 1 && loadBlinding(start, into: blinding)
                && loadBlinding(start + 32, into: fieldBlinding)
        }
    }

    /// 32 random bytes as a number below n, which is below p too: those above n, one of 2^32, become the least ones.
    private func loadBlinding(_ bytes: UnsafePointer<UInt8>, into number: OpaquePointer) -> Bool {
        unsafe BN_bin2bn(bytes, 32, number) != nil
            && (BN_cmp(number, curve.order) < 0 || BN_sub(number, number, curve.order) == 1)
    }

    /// r = X/Z² mod p mod n.
    private func computeR() -> Bool {
        let (x, z, field, context) = unsafe (curve.x, curve.z, curve.fieldMontgomery, curve.context)
        // With F for the factor of the Montgomery form: of Z·b/F the inverse is F/(Z·b), and a product with b makes it 1/Z.
        guard curve.readSum(),
            unsafe BN_mod_mul_montgomery(z, z, fieldBlinding, field, context) == 1,
            unsafe Self.invert(z, modulo: .fieldPrime)
        else { return false }
        return unsafe BN_mod_mul_montgomery(z, z, fieldBlinding, field, context) == 1
            && BN_to_montgomery(z, z, field, context) == 1
            && BN_mod_mul_montgomery(z, z, z, field, context) == 1
            && BN_mod_mul_montgomery(curve.r, x, z, field, context) == 1
            && (BN_cmp(curve.r, curve.order) < 0 || BN_sub(curve.r, curve.r, curve.order) == 1)
    }

    /// s = (z + r·d)/k mod n, as (b·z + (b·r)·d) / (b·k): no operation sees d beside a number that somebody knows.
    private func computeS(_ digest: Digest256) -> Bool {
        let (montgomery, context) = unsafe (curve.montgomery, curve.context)
        // Each product of two numbers that are not in Montgomery form lacks F, which 1/(b·k/F) gives back once and
        // the last line the second time.
        guard unsafe BN_mod_mul_montgomery(nonce, nonce, blinding, montgomery, context) == 1,
            unsafe Self.invert(nonce, modulo: .groupOrder)
        else { return false }
        return unsafe digest.load(into: s, modulo: curve.order)
            && BN_mod_mul_montgomery(s, s, blinding, montgomery, context) == 1
            && BN_mod_mul_montgomery(product, curve.r, blinding, montgomery, context) == 1
            && BN_mod_mul_montgomery(product, product, montgomerySecret, montgomery, context) == 1
            && BN_mod_add_quick(s, s, product, curve.order) == 1
            && BN_mod_mul_montgomery(s, s, nonce, montgomery, context) == 1
            && BN_to_montgomery(s, s, montgomery, context) == 1
    }

    /// Replaces a blinded number by its inverse; false where it is zero or the library fails.
    private static func invert(_ number: OpaquePointer, modulo prime: UInt256) -> Bool {
        guard let inverse = unsafe UInt256(number)?.inverse(modulo: prime) else { return false }
        return unsafe inverse.load(into: number)
    }

    /// Overwrites what would tell the key: k, what hides it, and everything computed from it but the signature.
    private func forget() {
        // A point can not be cleared and kept; the base point stands for nothing.
        unsafe EC_POINT_copy(curve.sum, EC_GROUP_get0_generator(curve.group))
        unsafe BN_clear(curve.x)
        unsafe BN_clear(nonce)
        unsafe BN_clear(blinding)
        unsafe BN_clear(fieldBlinding)
        unsafe BN_clear(product)
        unsafe BN_clear(curve.z)
    }
}
