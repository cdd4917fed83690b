import HTTPServer
import InviteStore
import OpenSSLKit
import Platform

extension Services {
    /// `POST /v1/api-keys/{id}/rotate`: a key with the same settings and a new secret, and an end for the old one.
    func rotateAPIKey(_ call: Call, _ principal: Principal) async throws -> HTTPResponse {
        try await idempotently(call, principal) { result in
            guard let id = RecordID(bytes: result), let key = try await store.apiKey(id, of: principal.tenant) else {
                throw Problem.notFound("the recorded key is gone")
            }
            return Self.answer(key, secret: nil, call)
        } effect: { ticket in
            let wanted = try Self.overlapEnd(call)
            let id = try Self.keyID(call)
            let settings = try await workspaces.settings(of: principal.tenant)
            for _ in 0..<ServiceLimits.keyChangeTriesMax {
                let before = try await rotatableKey(id, call, principal, settings)
                let end = try Self.end(of: before, wanted: wanted, call)
                let prefix = settings.keyPrefix(before.tenant.environment)
                let secret = APIKeySecret(prefix: prefix, random: random)
                let successor = successor(of: before, secret, principal, call)
                let command = RotateAPIKey(
                    before: before,
                    successor: successor,
                    endsAt: end,
                    replacedKeysMax: settings.activeKeysMax,
                    claim: ticket?.claim(result: successor.id.bytes, now: call.now),
                    now: call.now,
                    audit: rotationAudit(before, successor, end, call, principal)
                )
                // The successor's policy came with it, and must not be missed in what is remembered.
                defer { policies.invalidate(before.tenant) }
                switch try await invalidating(id, { try await store.rotateAPIKey(command) }) {
                case .done(.rotated): return .done(Self.answer(successor, secret: secret.text, call))
                case .done(.tooManyKeys): throw Self.tooManyReplaced(settings)
                case .done(.keyNotActive): throw Problem.unauthorized("the key was ended while the request ran")
                case .done(.stale): continue
                case .replay(let result): return .replay(result: result)
                case .mismatch: return .mismatch
                }
            }
            throw Self.busyKey
        }
    }

    /// The old key, where it may be rotated by the caller: its successor's secret goes to the caller, so that it must
    /// not reach further than the caller does.
    private func rotatableKey(
        _ id: RecordID,
        _ call: Call,
        _ principal: Principal,
        _ settings: WorkspaceSettings
    ) async throws -> APIKeyRecord {
        let key = try await runningKey(id, call, principal)
        guard key.suspendedAt == nil else { throw Problem(.conflict, "The key is suspended: resume it first.") }
        guard key.replacedBy == nil else {
            throw Problem(.conflict, "The key was rotated before: rotate its successor.")
        }
        if principal.maker?.record.id != key.id {
            try Self.requireReach(principal, over: key, settings, to: "rotate")
        }
        return key
    }

    /// The `overlap_until` of a rotation; nil where it is left out.
    static func overlapEnd(_ call: Call) throws(Problem) -> UnixTime? {
        guard var body = try BodyReader(optional: call.request) else { return nil }
        let end = try body.time("overlap_until")
        try body.finish()
        guard let end else { return nil }
        guard end.seconds >= call.now.seconds else {
            throw .invalid("overlap_until", "overlap_until must not be in the past.")
        }
        guard end <= call.now.adding(seconds: ServiceLimits.rotationOverlapSecondsMax) else {
            let days = ServiceLimits.rotationOverlapSecondsMax / 86_400
            throw .invalid("overlap_until", "overlap_until must be at most \(days) days from now.")
        }
        return end
    }

    /// When the old key ends: as asked, else in 24 hours; never after its own expiry.
    private static func end(of key: APIKeyRecord, wanted: UnixTime?, _ call: Call) throws(Problem) -> UnixTime {
        if let wanted {
            if let own = key.expiresAt, wanted > own {
                throw .invalid("overlap_until", "overlap_until must not be after the key's own expires_at.")
            }
            return wanted
        }
        let usual = UnixTime(seconds: call.now.seconds).adding(seconds: ServiceLimits.rotationOverlapSecondsDefault)
        return key.expiresAt.map { min($0, usual) } ?? usual
    }

    /// The new key: everything that was set on the old one, and a secret, an id and a time of its own.
    private func successor(
        of key: APIKeyRecord,
        _ secret: APIKeySecret,
        _ principal: Principal,
        _ call: Call
    ) -> APIKeyRecord {
        var successor = key
        successor.id = identifiers.next(at: call.now)
        successor.digest = directory.digest(of: secret).bytes
        successor.prefix = secret.prefix
        successor.last4 = secret.last4
        successor.createdAt = UnixTime(seconds: call.now.seconds)
        successor.createdBy = principal.key?.record.id
        successor.lastUsedAt = nil
        return successor
    }

    private func rotationAudit(
        _ before: APIKeyRecord,
        _ successor: APIKeyRecord,
        _ end: UnixTime,
        _ call: Call,
        _ principal: Principal
    ) -> [AuditDraft] {
        let detail: [(StaticString, String)] = [
            ("old_key", TypeID.text(.apiKey, before.id)), ("new_key", TypeID.text(.apiKey, successor.id)),
            ("old_key_ends_at", RFC3339.text(end)),
        ]
        return [
            audit.draft("key.rotated", .apiKey, before.id, call, principal, detail),
            audit.draft("key.created", .apiKey, successor.id, call, principal, [("kind", successor.kind.rawValue)]),
        ]
    }

    private static func tooManyReplaced(_ settings: WorkspaceSettings) -> Problem {
        let limit = settings.activeKeysMax ?? 0
        let text =
            "\(limit) rotated keys still work beside their successors, as many as the plan allows. Revoke one first."
        return Problem(.conflict, text, privateReason: "rotated key limit")
    }
}
