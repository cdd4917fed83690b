package import Platform

/// The wish to do something at most once, recorded in the effect's own transaction.
package struct IdempotencyClaim: Equatable, Sendable {
    /// Keyed digest of workspace, key, route and `Idempotency-Key`; 32 bytes.
    package var scope: [UInt8]
    /// Keyed digest of method, path, query and body; 32 bytes.
    package var request: [UInt8]
    /// What is needed to answer again: ids and times, never a secret or an address.
    package var result: [UInt8]
    package var expiresAt: UnixTime

    package init(scope: [UInt8], request: [UInt8], result: [UInt8], expiresAt: UnixTime) {
        self.scope = scope
        self.request = request
        self.result = result
        self.expiresAt = expiresAt
    }
}

/// What an effect under an idempotency key came to.
package enum Idempotent<Value: Sendable>: Sendable {
    /// Done now, for the first time (or without a claim).
    case done(Value)
    /// Done before by the same request; `result` is what was recorded then. Nothing was done now.
    case replay(result: [UInt8])
    /// The key stands for another request. Nothing was done.
    case mismatch
}

extension Idempotent {
    /// The same with another value where it was done now.
    package func map<Other>(_ transform: (Value) throws -> Other) rethrows -> Idempotent<Other> {
        switch self {
        case .done(let value): .done(try transform(value))
        case .replay(let result): .replay(result: result)
        case .mismatch: .mismatch
        }
    }
}

extension Idempotent: Equatable where Value: Equatable {}
