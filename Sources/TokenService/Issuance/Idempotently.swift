package import HTTPServer
package import InviteStore
import OpenSSLKit

extension Idempotent<HTTPResponse> {
    /// The answer to a request without an `Idempotency-Key`, for which nothing can have been recorded.
    func withoutKey() throws -> HTTPResponse {
        guard case .done(let response) = self else {
            throw Problem.internalError("a replay without an idempotency key")
        }
        return response
    }
}

extension Services {
    /// Runs an effect at most once for each `Idempotency-Key`.
    ///
    /// `effect` gets the ticket and makes the claim part of its transaction; `replay` answers again from what was
    /// recorded. Without the header, `effect` runs with nil. Failures are not recorded: a retry tries again.
    package func idempotently(
        _ call: Call,
        _ principal: Principal,
        replay: (_ result: [UInt8]) async throws -> HTTPResponse,
        effect: (_ ticket: IdempotencyTicket?) async throws -> Idempotent<HTTPResponse>
    ) async throws -> HTTPResponse {
        guard let ticket = try idempotency.ticket(call, principal) else {
            return try (try await effect(nil)).withoutKey()
        }
        try idempotency.enter(ticket)
        defer { idempotency.leave(ticket) }
        if let recorded = try await store.recorded(scope: ticket.scope.bytes, now: call.now) {
            guard recorded.request == ticket.request.bytes else { throw Self.idempotencyMismatch }
            return Self.marked(try await replay(recorded.result))
        }
        switch try await effect(ticket) {
        case .done(let response): return response
        case .replay(let result): return Self.marked(try await replay(result))
        case .mismatch: throw Self.idempotencyMismatch
        }
    }

    private static let idempotencyMismatch = Problem(
        .idempotencyMismatch,
        "This Idempotency-Key was used with another request. Use a new key for a new request.",
        param: "Idempotency-Key"
    )

    private static func marked(_ response: HTTPResponse) -> HTTPResponse {
        var response = response
        response.set("Idempotent-Replayed", "true")
        return response
    }
}
