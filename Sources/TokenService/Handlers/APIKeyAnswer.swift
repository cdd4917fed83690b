import HTTPServer
import InviteStore
import Platform
import StrictJSON

extension APIKeyRecord {
    /// Where the key stands at `now`: `revoked` outranks `expired`, which outranks `suspended`, then `active`.
    func status(at now: UnixTime) -> String {
        if revokedAt != nil { return "revoked" }
        if let expiresAt, now >= expiresAt { return "expired" }
        return suspendedAt == nil ? "active" : "suspended"
    }

    /// Writes the key's members into an open object; the secret is written only where it is given.
    func write(secret: String?, now: UnixTime, to writer: inout JSONWriter) {
        writer.member("id", TypeID.text(.apiKey, id))
        if let secret { writer.member("secret", secret) }
        writer.member("name", name)
        writer.member("kind", kind.rawValue)
        writer.member("prefix", prefix + "..." + last4)
        writer.member("last4", last4)
        writer.member("scopes", scopes)
        writer.member("environment", tenant.environment.rawValue)
        writer.member("status", status(at: now))
        writer.member("expires_at", time: expiresAt)
        writer.member("ip_allowlist", ipAllowlist)
        writer.member("allowed_origins", allowedOrigins)
        writer.member("created_at", time: createdAt)
        writer.member("last_used_at", time: lastUsedAt)
        writer.member("replaced_by", replacedBy.map { TypeID.text(.apiKey, $0) })
    }
}
