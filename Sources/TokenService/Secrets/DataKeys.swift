import InviteStore
package import OpenSSLKit
package import Platform

/// The random data keys of a deployment, one for each purpose, unwrapped.
package struct DataKeys: Sendable {
    package enum Purpose: String, CaseIterable, Sendable {
        case apiKeyDigest = "api-key-digest"
        case pseudonym
        case addressIndex = "address-index"
        case recordSeal = "record-seal"
        case tokenSeal = "token-seal"
        case signingKeys = "signing-keys"
        case audit
        case idempotency
        case cursor
        case holder
    }

    package let apiKeyDigest: HMACSHA256Key
    package let pseudonym: HMACSHA256Key
    package let addressIndex: HMACSHA256Key
    package let recordSeal: HMACSHA256Key
    package let tokenSeal: HMACSHA256Key
    package let signingKeys: AEADKey
    package let audit: HMACSHA256Key
    package let idempotency: HMACSHA256Key
    package let cursor: HMACSHA256Key
    package let holder: HMACSHA256Key

    /// Makes fresh keys for every purpose and returns them wrapped.
    package static func generate(under master: MasterKey, random: any RandomSource) -> [String: [UInt8]] {
        var wrapped: [String: [UInt8]] = [:]
        for purpose in Purpose.allCases {
            let key = SecretBytes(random: 32, from: random)
            wrapped[purpose.rawValue] = master.wrap(key, purpose: purpose.rawValue, random: random)
        }
        return wrapped
    }

    /// Unwraps the keys of a deployment.
    ///
    /// - Throws: ``DeploymentError/wrongMasterKey`` where a key does not open, ``DeploymentError/missingDataKey(_:)``
    ///   where one is not there.
    package init(_ wrapped: [String: [UInt8]], under master: MasterKey) throws {
        func open(_ purpose: Purpose) throws -> SecretBytes {
            guard let bytes = wrapped[purpose.rawValue] else {
                throw DeploymentError.missingDataKey(purpose.rawValue)
            }
            guard let key = master.unwrap(bytes, purpose: purpose.rawValue) else {
                throw DeploymentError.wrongMasterKey
            }
            return key
        }
        apiKeyDigest = try HMACSHA256Key(open(.apiKeyDigest))
        pseudonym = try HMACSHA256Key(open(.pseudonym))
        addressIndex = try HMACSHA256Key(open(.addressIndex))
        recordSeal = try HMACSHA256Key(open(.recordSeal))
        tokenSeal = try HMACSHA256Key(open(.tokenSeal))
        signingKeys = try AEADKey(open(.signingKeys))
        audit = try HMACSHA256Key(open(.audit))
        idempotency = try HMACSHA256Key(open(.idempotency))
        cursor = try HMACSHA256Key(open(.cursor))
        holder = try HMACSHA256Key(open(.holder))
    }
}

/// The audit chain's MAC: HMAC-SHA-256 under the deployment's audit key.
package struct HMACAuditSealer: AuditSealer {
    private let key: HMACSHA256Key

    package init(key: HMACSHA256Key) { self.key = key }

    package func seal(_ canonical: [UInt8]) -> [UInt8] { key.authenticate(canonical).bytes }
}
