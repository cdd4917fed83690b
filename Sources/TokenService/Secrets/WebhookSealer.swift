package import InviteStore

/// What an endpoint keeps under encryption.
package struct WebhookSecrets: Sendable {
    package var url: String
    package var current: WebhookSecret
    /// The secret before the current one; it may have had its time.
    package var previous: WebhookSecret?

    package init(url: String, current: WebhookSecret, previous: WebhookSecret? = nil) {
        self.url = url
        self.current = current
        self.previous = previous
    }
}

/// Encrypts URLs and secrets of endpoints before the store sees them (AES-256-GCM).
///
/// The tenant and the id of the endpoint are authenticated, so that ciphertexts can not be moved between endpoints.
package struct WebhookSealer: Sendable {
    private static let version: UInt8 = 1

    private let sealer: EpochSealer

    package init(_ sealer: EpochSealer) { self.sealer = sealer }

    /// A URL has at most 65,535 bytes.
    package func seal(_ secrets: WebhookSecrets, of tenant: Tenant, webhook: RecordID) throws -> [UInt8] {
        let url = Array(secrets.url.utf8)
        var plaintext: [UInt8] = [Self.version, UInt8(truncatingIfNeeded: url.count >> 8)]
        plaintext.append(UInt8(truncatingIfNeeded: url.count))
        plaintext += url + secrets.current.copy + (secrets.previous?.copy ?? [])
        return try sealer.seal(plaintext, for: webhook, context: Self.context(tenant))
    }

    /// Decrypts; nil where the ciphertext was damaged or belongs to another endpoint.
    package func open(_ webhook: WebhookRecord) -> WebhookSecrets? {
        let context = Self.context(webhook.tenant)
        guard let plaintext = sealer.open(webhook.sealed, for: webhook.id, context: context), plaintext.count >= 3,
            plaintext[0] == Self.version
        else { return nil }
        let end = 3 + Int(plaintext[1]) << 8 + Int(plaintext[2])
        guard plaintext.count >= end, let current = WebhookSecret(bytes: plaintext[end...].prefix(32)) else {
            return nil
        }
        return WebhookSecrets(
            url: String(decoding: plaintext[3..<end], as: UTF8.self),
            current: current,
            previous: WebhookSecret(bytes: plaintext[end...].dropFirst(32))
        )
    }

    private static func context(_ tenant: Tenant) -> [UInt8] {
        var context: [UInt8] = []
        tenant.workspace.append(to: &context)
        context.append(tenant.environment == .live ? 1 : 2)
        return context
    }
}
