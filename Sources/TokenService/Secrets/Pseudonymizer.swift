package import InviteStore
package import OpenSSLKit
import Synchronization

/// Turns addresses into what tokens, logs and the store may show: pseudonyms and blind indexes.
///
/// The pseudonym is 16 bytes of HMAC-SHA-256 under a key of the workspace's own, over a label, the environment and the
/// address; its text is `sub_` and 22 characters of base64url. The blind index uses another key, so that a leaked
/// table of tokens does not join with a leaked table of rows.
package final class Pseudonymizer: Sendable {
    private static let label = Array("tokenservice participant v1\0".utf8)
    private static let workspaceLabel = Array("tokenservice pseudonym key v1\0".utf8)
    /// Workspace keys kept ready; one costs about 500 bytes.
    ///
    /// All are dropped when the bound is met.
    private static let workspaceKeysMax = 4096

    private let root: HMACSHA256Key
    private let index: HMACSHA256Key
    private let workspaceKeys = Mutex<[RecordID: HMACSHA256Key]>([:])

    package init(root: HMACSHA256Key, index: HMACSHA256Key) {
        self.root = root
        self.index = index
    }

    /// The participant's public name in one workspace and environment.
    package func pseudonym(of address: EmailAddress, in tenant: Tenant) throws -> KeyedDigest16 {
        let key = try workspaceKey(tenant.workspace)
        return truncated(key.authenticate(Self.message(address, tenant)))
    }

    /// What the store finds the address's invites by.
    package func addressIndex(of address: EmailAddress, in tenant: Tenant) -> KeyedDigest16 {
        truncated(index.authenticate(tenant.workspace.bytes + Self.message(address, tenant)))
    }

    /// The text form of a pseudonym, as in the `sub` claim.
    package static func text(_ pseudonym: KeyedDigest16) -> String {
        "sub_" + Base64URLText.encode(pseudonym.bytes)
    }

    /// Reads the text form; nil for anything but its one spelling.
    package static func parse(_ text: String) -> KeyedDigest16? {
        guard text.hasPrefix("sub_"), let bytes = Base64URLText.decode(String(text.dropFirst(4))) else { return nil }
        return KeyedDigest16(bytes: bytes)
    }

    private static func message(_ address: EmailAddress, _ tenant: Tenant) -> [UInt8] {
        var message = label
        message.append(contentsOf: tenant.environment.rawValue.utf8)
        message.append(0)
        message.append(contentsOf: address.text.utf8)
        return message
    }

    private func workspaceKey(_ workspace: RecordID) throws -> HMACSHA256Key {
        if let key = workspaceKeys.withLock({ $0[workspace] }) { return key }
        let secret = SecretBytes(root.authenticate(Self.workspaceLabel + workspace.bytes).bytes)
        let key = try HMACSHA256Key(secret)
        workspaceKeys.withLock { keys in
            if keys.count >= Self.workspaceKeysMax { keys.removeAll(keepingCapacity: true) }
            keys[workspace] = key
        }
        return key
    }

    private func truncated(_ digest: Digest256) -> KeyedDigest16 {
        let words = digest.leadingWords
        return KeyedDigest16(high: words.0, low: words.1)
    }
}
