import HTTPServer
package import InviteStore
package import OpenSSLKit
package import Platform
import Synchronization

/// What an `Idempotency-Key` stands for: where it counts, and for which request.
package struct IdempotencyTicket: Sendable {
    /// Keyed digest of workspace, environment, key, route and header value.
    package let scope: Digest256
    /// Keyed digest of method, target and body.
    package let request: Digest256

    /// The claim to commit with the effect; `result` is what is needed to answer again.
    package func claim(result: [UInt8], now: UnixTime) -> IdempotencyClaim {
        IdempotencyClaim(
            scope: scope.bytes,
            request: request.bytes,
            result: result,
            expiresAt: now.adding(seconds: ServiceLimits.idempotencySeconds)
        )
    }
}

/// Reads `Idempotency-Key` and keeps two requests under one key from running at once in this process.
///
/// Whether a key was used before is decided by the store alone, inside the effect's transaction; the table here only
/// turns a concurrent duplicate into a quick 409 instead of a wait.
package final class IdempotencyGate: Sendable {
    private let key: HMACSHA256Key
    private let inFlight = Mutex<Set<Digest256>>([])

    package init(key: HMACSHA256Key) { self.key = key }

    /// The ticket of a request; nil where it carries no `Idempotency-Key`.
    package func ticket(_ call: Call, _ principal: Principal) throws(Problem) -> IdempotencyTicket? {
        let values = call.request.fields.values("idempotency-key")
        guard let first = values.first else { return nil }
        guard values.count == 1, let value = Self.unquoted(first) else {
            throw Problem(
                .invalidRequest,
                "Idempotency-Key must be given once, with 1 to \(ServiceLimits.idempotencyKeyCharactersMax) "
                    + "visible ASCII characters.",
                param: "Idempotency-Key"
            )
        }
        var scope = principal.tenant.workspace.bytes
        Self.append(principal.tenant.environment.rawValue, to: &scope)
        Self.append(principal.actor, to: &scope)
        Self.append(call.path, to: &scope)
        Self.append(value, to: &scope)
        var request: [UInt8] = []
        Self.append(call.request.method.name, to: &request)
        Self.append(call.path, to: &request)
        Self.append(call.request.query ?? "", to: &request)
        request.append(contentsOf: call.request.body)
        return IdempotencyTicket(scope: key.authenticate(scope), request: key.authenticate(request))
    }

    /// Marks a ticket as running; 409 where it runs already, 503 where the table is full.
    package func enter(_ ticket: IdempotencyTicket) throws(Problem) {
        let entered: Bool? = inFlight.withLock { tickets in
            guard tickets.count < ServiceLimits.idempotencyInFlightMax else { return nil }
            return tickets.insert(ticket.scope).inserted
        }
        guard let entered else { throw .unavailable("idempotency table full") }
        guard entered else {
            throw Problem(.idempotencyInProgress, "A request with this Idempotency-Key is still running.")
        }
    }

    /// Unmarks a ticket.
    package func leave(_ ticket: IdempotencyTicket) {
        inFlight.withLock { _ = $0.remove(ticket.scope) }
    }

    /// The value of a quoted string (RFC 9651 section 3.3.3) or of a bare one.
    private static func unquoted(_ value: String) -> String? {
        var bytes = Array(value.utf8)
        guard bytes.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }) else { return nil }
        if bytes.first == UInt8(ascii: "\"") {
            guard bytes.count >= 2, bytes.last == UInt8(ascii: "\"") else { return nil }
            bytes = Array(bytes.dropFirst().dropLast())
        }
        guard (1...ServiceLimits.idempotencyKeyCharactersMax).contains(bytes.count) else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Length before value, so that no two scopes share their bytes.
    private static func append(_ text: String, to bytes: inout [UInt8]) {
        let count = UInt32(clamping: text.utf8.count)
        for shift in stride(from: 24, through: 0, by: -8) {
            bytes.append(UInt8(truncatingIfNeeded: count >> UInt32(shift)))
        }
        bytes.append(contentsOf: text.utf8)
    }
}
