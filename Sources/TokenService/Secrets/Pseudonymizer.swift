package import InviteStore
import JWTLite
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
        var message = tenant.workspace.bytes
        Self.append(address, tenant, to: &message)
        return truncated(index.authenticate(message))
    }

    /// The text form of a pseudonym, as in the `sub` claim.
    package static func text(_ pseudonym: KeyedDigest16) -> String {
        unsafe String(unsafeUninitializedCapacity: count) { buffer in
            unsafe buffer.initialize(repeating: 0)
            var span = unsafe MutableSpan(_unsafeElements: UnsafeMutableBufferPointer(rebasing: buffer[..<count]))
            write(pseudonym, to: &span)
            return count
        }
    }

    /// The number of characters of the text form: `sub_` and 22 of base64url.
    package static let count = 26

    /// Writes the text form to a place of ``count`` characters.
    package static func write(_ pseudonym: KeyedDigest16, to text: inout MutableSpan<UInt8>) {
        text[0] = UInt8(ascii: "s")
        text[1] = UInt8(ascii: "u")
        text[2] = UInt8(ascii: "b")
        text[3] = UInt8(ascii: "_")
        Base64URL.write(high: pseudonym.high, low: pseudonym.low, to: &text, at: 4)
    }

    /// Reads the text form; nil for anything but its one spelling.
    package static func parse(_ text: String) -> KeyedDigest16? {
        guard text.hasPrefix("sub_"), let bytes = Base64URLText.decode(String(text.dropFirst(4))) else { return nil }
        return KeyedDigest16(bytes: bytes)
    }

    private static func message(_ address: EmailAddress, _ tenant: Tenant) -> [UInt8] {
        var message: [UInt8] = []
        append(address, tenant, to: &message)
        return message
    }

    private static func append(_ address: EmailAddress, _ tenant: Tenant, to message: inout [UInt8]) {
        let environment = tenant.environment.rawValue.utf8
        message.reserveCapacity(message.count + label.count + environment.count + 1 + address.text.utf8.count)
        message.append(contentsOf: label)
        message.append(contentsOf: environment)
        message.append(0)
        message.append(contentsOf: address.text.utf8)
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
