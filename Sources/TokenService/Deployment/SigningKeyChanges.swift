package import InviteStore
package import OpenSSLKit
package import Platform
import StrictJSON
import Telemetry

extension Services {
    /// The rules for signing keys that were read.
    package func rotation(of keys: [SigningKeyRecord]) -> SigningKeyRotation {
        SigningKeyRotation(keys, longestSeconds: policies.longestDescentSeconds)
    }

    /// Makes a signing key that waits for its turn.
    package func makeSigningKey(_ algorithm: SignatureAlgorithm, now: UnixTime) throws -> SigningKeyRecord {
        var key = try SigningKeyring.generate(
            algorithm,
            wrapping: keys.signingKeys,
            id: identifiers.next(at: now),
            now: now,
            random: random
        )
        key.state = .standby
        return key
    }

    /// Changes the signing keys as `decide` says of those that are stored; in force on this process when it returns, and
    /// on others as soon as they hear of it.
    ///
    /// A change that another one overtook is decided anew on what the other left.
    ///
    /// - Returns: all keys as they are then.
    /// - Throws: what `decide` throws, ``StoreError``, or a ``Problem`` (409) where others were quicker each time.
    package func changeSigningKeys(
        by actor: String,
        now: UnixTime,
        _ decide: (SigningKeyRotation) throws -> SigningKeyChange
    ) async throws -> [SigningKeyRecord] {
        for _ in 0..<ServiceLimits.signingKeyChangeTriesMax {
            guard let stored = try await store.deployment()?.signingKeys else { throw StoreError.notInitialised }
            let change = try decide(rotation(of: stored))
            if try await replaceSigningKeys(stored, change, actor, now) { return change.keys }
        }
        throw Problem(.conflict, "The signing keys are being changed by others at the same time. Try again.")
    }

    /// Does what is due: puts a key into use that was published for long enough, removes one whose last token is over,
    /// and makes a successor for one that has been in use for so many days, where a number is given.
    ///
    /// Of several replicas one does it. Where it fails the next round tries again: until then all stays as it was.
    package func rotateSigningKeys(now: UnixTime, afterDays days: Int64? = nil) async {
        let known = issuance.keyrings.records
        do {
            guard let change = try due(rotation(of: known), now, days) else { return }
            // Where others were quicker there is nothing to do but to learn it.
            _ = try await replaceSigningKeys(known, change, "service", now)
        } catch {
            log.error("signing keys not changed", ["error": .string("\(error)")])
        }
    }

    private func due(_ rotation: SigningKeyRotation, _ now: UnixTime, _ days: Int64?) throws -> SigningKeyChange? {
        if let change = rotation.due(at: now) { return change }
        guard let days, let worn = rotation.worn(at: now, days: days),
            let algorithm = SignatureAlgorithm(rawValue: worn.algorithm)
        else { return nil }
        return try rotation.adding(makeSigningKey(algorithm, now: now))
    }

    /// Stores a change, and reads what is stored, whatever came of it; false where the keys were not as expected.
    private func replaceSigningKeys(
        _ expected: [SigningKeyRecord],
        _ change: SigningKeyChange,
        _ actor: String,
        _ now: UnixTime
    ) async throws -> Bool {
        let request = TypeID.text(.request, identifiers.next(at: now))
        let audit = change.events.map { event in
            var detail = JSONWriter(capacity: 128)
            detail.beginObject()
            detail.member("kid", event.key.keyID)
            detail.member("algorithm", event.key.algorithm)
            detail.endObject()
            return AuditDraft(
                id: identifiers.next(at: now),
                type: event.type,
                at: now,
                tenant: nil,
                actor: actor,
                target: TypeID.text(.signingKey, event.key.id),
                requestID: request,
                detail: detail.bytes
            )
        }
        let command = ReplaceSigningKeys(expected: expected, keys: change.keys, now: now, audit: audit)
        do {
            let isDone = try await store.replaceSigningKeys(command)
            await reloadKeyring()
            return isDone
        } catch {
            // The commit may have gone through all the same.
            await reloadKeyring()
            throw error
        }
    }
}
