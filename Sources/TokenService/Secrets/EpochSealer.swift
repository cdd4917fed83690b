package import InviteStore
package import OpenSSLKit
package import Platform
import Synchronization

/// AES-256-GCM under a key of each hour's own, derived from one root: HMAC-SHA-256(root, label, hour).
///
/// Random 96-bit nonces are safe for 2^32 messages under one key (NIST SP 800-38D section 8.3); at 30,000 tokens a
/// second one key would pass that in 40 hours. An hour's key sees at most 2^27. The hour is read from the id (UUIDv7)
/// of the record or token that is sealed, so that opening needs nothing else.
package final class EpochSealer: Sendable {
    private static let millisecondsPerEpoch: UInt64 = 3_600_000
    /// Derived keys kept ready; each costs about a kilobyte.
    ///
    /// All are dropped when the bound is met.
    private static let keysMax = 256

    private let root: HMACSHA256Key
    private let label: [UInt8]
    private let random: any RandomSource
    private let keys = Mutex<[UInt64: AEADKey]>([:])

    /// `label` tells apart sealers of different use; it is part of every derivation.
    package init(root: HMACSHA256Key, label: StaticString, random: any RandomSource) {
        self.root = root
        self.label = Array("\(label)".utf8) + [0]
        self.random = random
    }

    /// Encrypts for one record; `context` and the id are authenticated.
    package func seal(_ plaintext: [UInt8], for id: RecordID, context: consuming [UInt8]) throws -> [UInt8] {
        id.append(to: &context)
        return try key(for: id).seal(plaintext, authenticating: context, random: random)
    }

    /// Decrypts; nil where the ciphertext was damaged or made for another record or context.
    package func open(_ sealed: [UInt8], for id: RecordID, context: consuming [UInt8]) -> [UInt8]? {
        guard let key = try? key(for: id) else { return nil }
        id.append(to: &context)
        return key.open(sealed, authenticating: context)
    }

    private func key(for id: RecordID) throws -> AEADKey {
        let epoch = (id.high >> 16) / Self.millisecondsPerEpoch
        if let key = keys.withLock({ $0[epoch] }) { return key }
        let message = label + RecordID(high: epoch, low: 0).bytes
        let key = try AEADKey(SecretBytes(root.authenticate(message).bytes))
        keys.withLock { keys in
            if keys.count >= Self.keysMax { keys.removeAll(keepingCapacity: true) }
            keys[epoch] = key
        }
        return key
    }
}
