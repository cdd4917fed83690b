import JWTLite
package import OpenSSLKit
package import Platform
package import StrictJSON
import Synchronization

/// The nonces that proofs must carry (RFC 9449 section 8): a proof is good for minutes, whatever its maker's clock says,
/// and none can be made ahead of time.
///
/// A nonce is a MAC of the number of a time slot, under a key that comes of the deployment's own: nothing is stored, and
/// a restart or another replica takes what was given before. Accepted are the slot of the moment, the one before, and
/// the one after, which a replica whose clock is a little ahead gave. All of them go by the time of the request, so that
/// nothing is left of a clock that ran ahead and was set right; only a time that is one slot behind is taken for that of
/// a request from before the turn.
package final class ProofNonces: Sendable {
    /// Seconds of a slot; a nonce is good for one to two of them.
    package static let slotSeconds: Int64 = 120

    /// What a presented nonce is worth.
    package enum Verdict: Equatable, Sendable {
        /// Good, and the newest there is.
        case newest(slot: Int64)
        /// Good for a while yet: time to hand out a newer one.
        case aging(slot: Int64)
        case refused
    }

    private struct Slots {
        var number: Int64
        var previous: [UInt8] = []
        var current: [UInt8] = []
        var next: [UInt8] = []
    }

    private static let macBytes = 16

    private let key: HMACSHA256Key
    private let slots = Mutex(Slots(number: .min))

    /// - Parameter root: a key of the deployment; the nonces' own is derived from it.
    package init(root: HMACSHA256Key) throws {
        key = try HMACSHA256Key(SecretBytes(root.authenticate(Array("tokenservice proof nonce v1".utf8)).bytes))
    }

    /// The nonce to hand out now, 22 characters of base64url.
    package func current(now: UnixTime) -> [UInt8] { slots.withLock { turn(&$0, now).current } }

    /// The number of the slot of the moment.
    package func slot(now: UnixTime) -> Int64 { slots.withLock { turn(&$0, now).number } }

    /// Judges the nonce of a proof.
    package func judge(_ nonce: JSONValue?, now: UnixTime) -> Verdict {
        guard let nonce else { return .refused }
        return slots.withLock { slots in
            let slots = turn(&slots, now)
            if nonce.stringEquals(utf8: slots.current) { return .newest(slot: slots.number) }
            if nonce.stringEquals(utf8: slots.previous) { return .aging(slot: slots.number - 1) }
            // Of two slots ahead nobody can have given one.
            let isTurned = Self.number(now) == slots.number
            if isTurned, nonce.stringEquals(utf8: slots.next) { return .newest(slot: slots.number + 1) }
            return .refused
        }
    }

    private func turn(_ slots: inout Slots, _ now: UnixTime) -> Slots {
        let number = Self.number(now)
        if number != slots.number, number + 1 != slots.number {
            slots = Slots(
                number: number,
                previous: text(number - 1),
                current: text(number),
                next: text(number + 1)
            )
        }
        return slots
    }

    private static func number(_ now: UnixTime) -> Int64 { now.seconds / slotSeconds }

    private func text(_ number: Int64) -> [UInt8] {
        let bits = UInt64(bitPattern: number)
        let message = stride(from: UInt64(56), through: 0, by: -8).map { UInt8(truncatingIfNeeded: bits >> $0) }
        return Base64URL.encode(Array(key.authenticate(message).bytes.prefix(Self.macBytes)))
    }
}
