import Platform
import StrictJSON

/// The `nbf` claim (RFC 7519 section 4.1.5): the second before which the token is not good yet.
struct NotBeforeClaim {
    let seconds: Int64

    init(_ value: JSONValue?) throws(TokenError) { seconds = try RegisteredClaims.seconds("nbf", value) }

    /// Demands that the second has come, give or take what clocks differ by.
    func require(reachedAt now: UnixTime, leewaySeconds: Int64) throws(TokenError) {
        guard UnixTime(seconds: seconds) <= now.adding(seconds: leewaySeconds) else { throw .notYetValid }
    }
}
