package import InviteStore
import JWTLite
package import OpenSSLKit
package import Platform

/// The signing keys of a deployment, opened: one signs, all that are not revoked verify.
package struct SigningKeyring: Sendable {
    package let issuer: TokenIssuer
    package let reader: TokenReader
    /// The public keys as `/.well-known/jwks.json` serves them.
    package let jwks: [UInt8]
    /// Tells keyrings of this process apart; a later one has a higher number.
    package let number: UInt64

    private static let label = Array("tokenservice signing key v1".utf8)

    /// Makes a key and its record; the private part is wrapped under `wrapping`.
    ///
    /// An Ed25519 key comes of `random`, as every other secret does; a P-256 key of OpenSSL's own generator.
    package static func generate(
        _ algorithm: SignatureAlgorithm,
        wrapping: AEADKey,
        id: RecordID,
        now: UnixTime,
        random: any RandomSource
    ) throws -> SigningKeyRecord {
        let key =
            switch algorithm {
            case .es256: try SigningKey.generate(algorithm)
            case .edDSA: try SigningKey(ed25519Seed: SecretBytes(random: SigningKey.seedBytes, from: random))
            }
        return try record(of: key, wrapping: wrapping, id: id, now: now, random: random)
    }

    /// The record of a key; the private part is wrapped under `wrapping`.
    package static func record(
        of key: SigningKey,
        wrapping: AEADKey,
        id: RecordID,
        now: UnixTime,
        random: any RandomSource
    ) throws -> SigningKeyRecord {
        SigningKeyRecord(
            id: id,
            keyID: TokenSigner(key: key).keyID,
            algorithm: key.algorithm.rawValue,
            wrappedPrivateKey: wrapping.seal(try key.pkcs8DER().copy, authenticating: label, random: random),
            state: .inUse,
            createdAt: now
        )
    }

    /// Opens the keys of a deployment.
    package init(
        _ records: [SigningKeyRecord],
        issuerURL: String,
        wrapping: AEADKey,
        seal: TokenSeal,
        number: UInt64 = 0
    ) throws {
        var current: SigningKey?
        var published: [VerifyingKey] = []
        for record in records where record.state != .revoked {
            guard let der = wrapping.open(record.wrappedPrivateKey, authenticating: Self.label),
                let key = try? SigningKey(pkcs8DER: SecretBytes(der)),
                TokenSigner(key: key).keyID == record.keyID, key.algorithm.rawValue == record.algorithm
            else { throw DeploymentError.damagedSigningKey(record.keyID) }
            published.append(key.verifyingKey)
            if record.state == .inUse { current = key }
        }
        guard let current else { throw DeploymentError.noSigningKey }
        issuer = TokenIssuer(key: current, issuer: issuerURL, seal: seal)
        reader = TokenReader(verifier: TokenVerifier(keys: published, issuer: issuerURL), seal: seal)
        self.number = number
        jwks = JWKSet(keys: published.map { JWK(key: $0, keyID: $0.thumbprint) }).serialized()
    }
}
