package import StrictJSON

/// The bounds of everything that clients send or that waits, beside those of the HTTP layer (`HTTPLimits`).
package enum ServiceLimits {
    /// Bytes of a request body, unless the route says otherwise.
    package static let bodyBytesMax = 16 * 1024
    /// Bytes of a batch: about 1,000 invites of 1 kB.
    package static let batchBytesMax = 1024 * 1024
    /// Invites in one batch.
    package static let batchItemsMax = 1000
    /// Characters of a presented token (they fit one header field and one log-free cookie-sized buffer).
    package static let tokenCharactersMax = 2048
    /// Uses that one invite may have.
    package static let maxUsesMax: Int64 = 1000
    /// Origins in one list: they must fit a token as marks.
    package static let allowedOriginsMax = 20
    /// Pairs of metadata of one invite.
    package static let metadataPairsMax = 16
    /// Bytes of one metadata key.
    package static let metadataKeyCharactersMax = 64
    /// Bytes of one metadata value.
    package static let metadataValueCharactersMax = 2048
    /// Bytes of all metadata keys and values of one invite.
    package static let metadataBytesMax = 2048
    /// Bytes of a key's name.
    package static let keyNameCharactersMax = 100
    /// Scopes that one key may hold.
    package static let keyScopesMax = 40
    /// Address blocks on the list of one key.
    package static let ipAllowlistMax = 50
    /// Characters of an `Idempotency-Key`.
    package static let idempotencyKeyCharactersMax = 255
    /// How long an idempotency record is kept: 24 h.
    package static let idempotencySeconds: Int64 = 86_400
    /// The same holder of a used invite may ask again for so long.
    package static let redeemRepeatSeconds = 60
    /// Records of a page, unless the client says otherwise.
    package static let pageLimitDefault = 20
    /// Records of the largest page.
    package static let pageLimitMax = 100
    /// API keys kept ready in memory; each costs about one kilobyte.
    package static let keyCacheEntriesMax = 8192
    /// Idempotency keys in flight at once.
    package static let idempotencyInFlightMax = 16_384
    /// Keys and minutes whose use is counted in memory until it is stored; each costs about 150 bytes.
    package static let usageEntriesMax = 16_384
    /// Keys and minutes whose use is stored in one transaction: a few milliseconds of the writer's time.
    package static let usageDeltasPerCommit = 256
    /// Refused credentials of one address, key or prefix in one minute that make an alert.
    package static let failureBurst = 20
    /// Addresses, keys and prefixes whose refusals are counted in one minute.
    package static let failureSubjectsMax = 16_384
    /// Alerts on bursts in one minute, so that an attacker with many addresses does not fill the trail.
    package static let failureAlertsPerMinute = 64
    /// Days for which audit events are kept, unless the operator says otherwise.
    package static let auditDaysDefault: Int64 = 400
    /// Rows that a revocation preview examines before it answers with lower bounds.
    package static let previewRowsMax = 1_000_000

    /// Bounds of an ordinary JSON body.
    package static let bodyJSON = JSONLimits(bytesMax: bodyBytesMax, depthMax: 8, valuesMax: 2000, numberDigitsMax: 400)
    /// Bounds of a batch.
    package static let batchJSON = JSONLimits(
        bytesMax: batchBytesMax,
        depthMax: 8,
        valuesMax: 60_000,
        numberDigitsMax: 400
    )
}
