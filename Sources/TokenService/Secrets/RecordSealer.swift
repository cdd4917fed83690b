package import InviteStore

/// What an invite or a session keeps under encryption.
package struct SealedDetails: Equatable, Sendable {
    package var email: String
    /// The caller's metadata as a canonical JSON object; empty where there is none.
    package var metadata: [UInt8]

    package init(email: String, metadata: [UInt8] = []) {
        self.email = email
        self.metadata = metadata
    }
}

/// Encrypts addresses and metadata before the store sees them (AES-256-GCM).
///
/// The tenant and the id of the row that they were made for are authenticated, so that ciphertexts can not be moved
/// between rows. A session that came of an invite keeps the invite's ciphertext and opens it under the invite's id.
package struct RecordSealer: Sendable {
    private let sealer: EpochSealer

    package init(_ sealer: EpochSealer) { self.sealer = sealer }

    package func seal(_ details: SealedDetails, of tenant: Tenant, record: RecordID) throws -> [UInt8] {
        var plaintext: [UInt8] = []
        let email = details.email.utf8
        plaintext.reserveCapacity(2 + email.count + details.metadata.count)
        plaintext.append(1)
        plaintext.append(UInt8(truncatingIfNeeded: email.count))
        plaintext.append(contentsOf: email)
        plaintext.append(contentsOf: details.metadata)
        return try sealer.seal(plaintext, for: record, context: Self.context(tenant))
    }

    /// Decrypts; nil where the ciphertext was damaged or belongs to another row.
    package func open(_ sealed: [UInt8], of tenant: Tenant, record: RecordID) -> SealedDetails? {
        guard let plaintext = sealer.open(sealed, for: record, context: Self.context(tenant)), plaintext.count >= 2,
            plaintext[0] == 1
        else { return nil }
        let end = 2 + Int(plaintext[1])
        guard plaintext.count >= end else { return nil }
        return SealedDetails(
            email: String(decoding: plaintext[2..<end], as: UTF8.self),
            metadata: Array(plaintext[end...])
        )
    }

    private static func context(_ tenant: Tenant) -> [UInt8] {
        var context: [UInt8] = []
        // With room for the id that is authenticated beside it.
        context.reserveCapacity(33)
        tenant.workspace.append(to: &context)
        context.append(tenant.environment == .live ? 1 : 2)
        return context
    }
}

extension InviteRecord {
    /// The address and metadata of the invite; nil where the row was damaged.
    package func details(_ sealer: RecordSealer) -> SealedDetails? { sealer.open(sealed, of: tenant, record: id) }
}

extension SessionRecord {
    /// The address of the session; nil where the row was damaged.
    package func details(_ sealer: RecordSealer) -> SealedDetails? {
        sealer.open(sealed, of: tenant, record: invite ?? id)
    }
}
