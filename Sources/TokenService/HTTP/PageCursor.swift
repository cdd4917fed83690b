package import InviteStore
package import OpenSSLKit

/// Opaque list positions: the last id shown and eight bytes of MAC over it, the tenant and the list's name.
///
/// A cursor that was edited, or that belongs to another list or tenant, is refused, never guessed at.
package struct PageCursor: Sendable {
    private static let macBytes = 8
    private let key: HMACSHA256Key

    package init(key: HMACSHA256Key) { self.key = key }

    package func text(_ id: RecordID, list: String, tenant: Tenant) -> String {
        Base64URLText.encode(id.bytes + mac(id, list, tenant))
    }

    /// The page that a call asks for with `limit` and `cursor`.
    package func page(_ call: Call, list: String, tenant: Tenant) throws(Problem) -> PageRequest {
        var limit = ServiceLimits.pageLimitDefault
        if let text = call.query["limit"] {
            guard text.utf8.count <= 3, let number = Int(text), String(number) == text,
                (1...ServiceLimits.pageLimitMax).contains(number)
            else { throw .invalid("limit", "limit must be from 1 to \(ServiceLimits.pageLimitMax).") }
            limit = number
        }
        guard let text = call.query["cursor"] else { return PageRequest(limit: limit) }
        guard let bytes = Base64URLText.decode(text), bytes.count == 16 + Self.macBytes,
            let id = RecordID(bytes: bytes.prefix(16)),
            constantTimeEquals(Array(bytes.suffix(Self.macBytes)), mac(id, list, tenant))
        else { throw .invalid("cursor", "cursor must be the next_cursor of an earlier page of this list.") }
        return PageRequest(before: id, limit: limit)
    }

    private func mac(_ id: RecordID, _ list: String, _ tenant: Tenant) -> [UInt8] {
        let message =
            id.bytes + tenant.workspace.bytes + Array(tenant.environment.rawValue.utf8) + [0] + Array(list.utf8)
        return Array(key.authenticate(message).bytes.prefix(Self.macBytes))
    }
}
