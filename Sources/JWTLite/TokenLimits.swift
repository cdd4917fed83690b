import StrictJSON

/// The bounds that a token must keep, whoever signed it.
package struct TokenLimits: Sendable {
    /// Longest token, in characters.
    package var charactersMax: Int
    /// Longest time from `iat` to `exp`, in seconds; a signer gone wrong cannot make tokens for ever.
    package var lifetimeSecondsMax: Int64
    /// How far ahead of the clock `iat` and `nbf` may lie, in seconds; there is none on `exp`.
    package var leewaySeconds: Int64

    package init(
        charactersMax: Int = 2048,
        lifetimeSecondsMax: Int64 = 31 * 86_400,
        leewaySeconds: Int64 = 30
    ) {
        self.charactersMax = charactersMax
        self.lifetimeSecondsMax = lifetimeSecondsMax
        self.leewaySeconds = leewaySeconds
    }

    /// What a payload may be: `cnf` is the deepest claim that is issued.
    static let payload = JSONLimits(bytesMax: 1 << 16, depthMax: 4, valuesMax: 64, numberDigitsMax: 20)
}
