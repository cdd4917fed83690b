import Platform
import StrictJSON

/// The `iat` claim (RFC 7519 section 4.1.6): when the token was made; not in the future.
struct IssuedAtClaim {
    let seconds: Int64

    init(_ value: JSONValue?) throws(TokenError) { seconds = try RegisteredClaims.seconds("iat", value) }

    /// Demands that the second has come, give or take what clocks differ by.
    func require(reachedAt now: UnixTime, leewaySeconds: Int64) throws(TokenError) {
        guard UnixTime(seconds: seconds) <= now.adding(seconds: leewaySeconds) else { throw .notYetValid }
    }
}
