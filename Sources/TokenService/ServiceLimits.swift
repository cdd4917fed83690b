package import StrictJSON

/// The bounds of everything that clients send or that waits, beside those of the HTTP layer (`HTTPLimits`).
package enum ServiceLimits {
    /// Bytes of a request body, unless the route says otherwise.
    package static let bodyBytesMax = 16 * 1024
    /// Bytes of a batch: about 1,000 invites of 1 kB.
    package static let batchBytesMax = 1024 * 1024
    /// Invites in one batch.
    package static let batchItemsMax = 1000
    /// Bytes of the message of one refused item of a batch; what is longer is cut, so that a record of it can be kept.
    package static let batchMessageBytesMax = 1024
    /// Bytes of the name of the field that it is about.
    package static let batchParamBytesMax = 256
    /// Bytes of what is recorded of one item: its texts, of which each byte may be written as six, and a frame around them.
    package static let batchRecordedItemBytesMax = 6 * (batchMessageBytesMax + batchParamBytesMax) + 256
    /// Characters of a presented token (they fit one header field and one log-free cookie-sized buffer).
    package static let tokenCharactersMax = 2048
    /// Uses that one invite may have.
    package static let maxUsesMax: Int64 = 1000
    /// Origins in one list: they must fit a token as marks.
    package static let allowedOriginsMax = 20
    /// Requests a minute and key that a workspace may be given; the last is what its plan gives where there is no other.
    package static let requestsPerMinute: ClosedRange<Int64> = 1...10_000_000
    /// Bytes of a workspace's name.
    package static let workspaceNameCharactersMax = 100
    /// Characters of a workspace's slug.
    package static let slugCharactersMax = 64
    /// Resources of sister services that one workspace may register.
    package static let customResourcesMax = 50
    /// Times that a change of a workspace is tried anew where another came first.
    package static let workspaceChangeTriesMax = 8
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
    /// Scopes in one list of a request; a preset may stand for more.
    package static let keyScopesMax = 100
    /// The longest that an old key may go on working beside its successor: 30 days.
    package static let rotationOverlapSecondsMax: Int64 = 30 * 86_400
    /// How long an old key works beside its successor unless the client says otherwise: 24 h.
    package static let rotationOverlapSecondsDefault: Int64 = 86_400
    /// Times that a change of a key starts anew because another was quicker.
    package static let keyChangeTriesMax = 4
    /// Characters of a presented key: what bcrypt reads of an imported one.
    package static let presentedKeyCharactersMax = 72
    /// Characters of a text that somebody gives as a leaked key; most are none.
    package static let selfRevokeCharactersMax = 256
    /// Checks of imported keys that wait for the one worker.
    package static let slowHashesWaitingMax = 16
    /// How long such a check may wait before it is given up.
    package static let slowHashWaitMilliseconds = 5_000
    /// Sign-ins that wait for the one worker, from where the member is not known; at 400 ms each they fit the wait above.
    package static let passwordsWaitingMax = 8
    /// Of these, sign-ins from one address.
    package static let passwordsOfAddressWaitingMax = 2
    /// Sign-ins that wait from where the member is known: with all that takes its turn before the last of them, they fit too.
    package static let knownPasswordsWaitingMax = 4
    /// Of these, sign-ins of one member.
    package static let passwordsOfMemberWaitingMax = 2
    /// New passwords that wait.
    package static let newPasswordsWaitingMax = 4
    /// Workspaces in which one member may have a role.
    package static let membershipsMax = 20
    /// Sessions of one member at once; the oldest ends when there would be more.
    package static let sessionsOfMemberMax = 10
    /// How long a console session lasts whatever is done with it: 12 h (NIST SP 800-63B section 4.2.3).
    package static let sessionSeconds: Int64 = 43_200
    /// How long a console session lasts without a request: 30 min (NIST SP 800-63B section 4.2.3).
    package static let sessionIdleSeconds: Int64 = 1_800
    /// Uses of a session are stored when the last stored one is so old.
    package static let sessionSeenSeconds: Int64 = 60
    /// Requests of one member in a minute, over all its browsers.
    package static let memberRequestsPerMinute = 600
    /// Members whose requests are counted at once; each costs about 150 bytes.
    package static let memberMetersMax = 4_096
    /// Times that a change of a member starts anew because another was quicker.
    package static let memberChangeTriesMax = 4
    /// Failed sign-ins of one address in a minute.
    package static let signInsOfAddressPerMinute = 20
    /// Sign-ins of one address in a minute that find no room, or wait in vain: its members are not known there yet.
    package static let signInsWithoutRoomPerMinute = 60
    /// Failed sign-ins of one member from one address in a window.
    package static let signInsOfMemberAndAddress = 10
    /// Failed sign-ins of one member in a window, from addresses that it has not signed in from.
    package static let signInsOfMember = 50
    /// The window of the two: 15 min.
    package static let signInWindowSeconds: Int64 = 900
    /// Addresses, members and pairs of them that are counted at once; each costs about 100 bytes.
    package static let signInSubjectsMax = 65_536
    /// Keys in one file of an import.
    package static let importKeysMax = 10_000
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
    /// Cut-offs, or ended sessions, that one read loads into memory: about a megabyte.
    package static let revocationsPerRead = 10_000
    /// How long a new signing key is published before it signs: 10 min, twice as long as anybody may keep the key set.
    package static let signingKeyPublishedSeconds: Int64 = 600
    /// Days after which the service may be told to rotate: more often and too many keys would have to be kept.
    package static let signingKeyDays: ClosedRange<Int64> = 7...3_650
    /// Signing keys at once: those that still verify make the key set longer.
    package static let signingKeysMax = 16
    /// Times that a change of the signing keys is decided anew because another was quicker.
    package static let signingKeyChangeTriesMax = 4
    /// How long the signing keys that were in use stay so after they changed, where they can not be read: 5 s.
    package static let keyringStaleMilliseconds = 5_000
    /// Parts in which replicas lease a limit on requests a minute; each holds at most one and a quarter unused.
    package static let rateSlicesPerWindow = 25
    /// API keys kept ready in memory; each costs about one kilobyte.
    package static let keyCacheEntriesMax = 8192
    /// Idempotency keys in flight at once.
    package static let idempotencyInFlightMax = 16_384
    /// Keys and minutes whose use is counted in memory until it is stored; each costs about 150 bytes.
    package static let usageEntriesMax = 16_384
    /// Keys and minutes whose use is stored in one transaction: a few milliseconds of the writer's time.
    package static let usageDeltasPerCommit = 256
    /// Keys, sessions or addresses of whose events of one group (``SecurityEvent/Group``) a minute tells; each costs about 40
    /// bytes.
    package static let securityEventsPerMinute = 8_192
    /// Refused credentials of one address, key or prefix in one minute that make an alert.
    package static let failureBurst = 20
    /// Keys, and as many addresses and prefixes, whose refusals are counted in one minute.
    package static let failureSubjectsMax = 16_384
    /// Alerts on bursts of keys in one minute, and as many on those of addresses and prefixes, so that an attacker with many
    /// addresses does not fill the trail.
    package static let failureAlertsPerMinute = 64
    /// Days for which audit events are kept, unless the operator says otherwise.
    package static let auditDaysDefault: Int64 = 400
    /// How old a proof of possession may be, in seconds: as long as its nonce lives anyway.
    package static let proofAgeSecondsMax: Int64 = 240
    /// How far ahead of the clock the `iat` of a proof may lie, in seconds.
    package static let proofAheadSecondsMax: Int64 = 30
    /// Proofs of possession that are remembered, so that none is used twice; each costs up to 21 bytes.
    package static let proofsRememberedMax = 2_097_152
    /// Of these, proofs of one key with nonces of one slot of two minutes, an eighth of its part: 273 a second.
    package static let proofsOfKeyAndSlotMax = 32_768
    /// Participant tokens that need not be validated anew when they come again.
    package static let validatedTokensMax = 16_384
    /// Bytes that these may cost.
    package static let validatedTokensBytesMax = 32 * 1024 * 1024
    /// Addresses of the service that may be named beside the issuer's URL.
    package static let publicURLsMax = 20
    /// Rows that a revocation preview examines before it answers with lower bounds.
    package static let previewRowsMax = 1_000_000

    /// The longest lifetime that any policy may allow an invite: 30 days, in seconds.
    package static let policyInviteSecondsMax: Int64 = 2_592_000
    /// The longest lifetime that any policy may allow a participant token: 24 hours, in seconds.
    package static let policyParticipantSecondsMax: Int64 = 86_400
    /// The longest time after its opening for which any policy may let a session renew: 7 days, in seconds.
    package static let policyRenewSecondsMax: Int64 = 604_800
    /// Campaigns and API keys of one workspace and environment that may have a policy of their own.
    package static let policiesMax = 10_000
    /// Policies of all workspaces kept ready in memory; each costs about one kilobyte.
    package static let policyCacheEntriesMax = 50_000
    /// Simulations that run at once, no two of one workspace; what one has read takes some 20 MB at most.
    package static let simulationsMax = 4
    /// Audit events that one simulation examines.
    package static let simulationEventsMax = 50_000
    /// Sessions and as many invites that one simulation examines for what lives.
    package static let simulationLiveRowsMax = 10_000
    /// Stored invites and sessions that one simulation looks up for what the events do not tell.
    package static let simulationLookupsMax = 10_000
    /// How far back a simulation may look: 90 days, in seconds.
    package static let simulationSecondsMax: Int64 = 7_776_000
    /// Examples that a simulation gives for each rule.
    package static let simulationExamplesMax = 5
    /// Keys and campaigns that a simulation lists by name.
    package static let simulationNamesMax = 100

    /// Endpoints of one workspace and environment that are told of events.
    package static let webhooksMax = 10
    /// Bytes of an endpoint's URL.
    package static let webhookURLBytesMax = 2048
    /// Types, or starts of types, on one endpoint's list.
    package static let webhookEventsMax = 50
    /// Characters of one of them.
    package static let webhookEventCharactersMax = 64
    /// Characters of an endpoint's description.
    package static let webhookDescriptionCharactersMax = 200
    /// Deliveries under way at once, each with a thread of its own.
    package static let webhooksInFlightMax = 64
    /// Of these, deliveries to endpoints whose last try failed or took more than a second, or that were not tried yet.
    package static let webhooksSlowInFlightMax = 32
    /// Of those, deliveries of one workspace and environment.
    package static let webhooksTenantSlowInFlightMax = 5
    /// Events that wait in memory for one endpoint; more are read from the trail when these are done.
    package static let webhookQueueMax = 50
    /// Events that wait in memory for all endpoints; each costs about half a kilobyte.
    package static let webhookQueuesMax = 20_000
    /// Deliveries of one endpoint that are set aside while later ones go on.
    package static let webhookAsideMax = 50
    /// Endpoints that are served; each costs about one kilobyte.
    package static let webhookEndpointsMax = 50_000
    /// Links of the audit trail that are read at once.
    package static let webhookReadMax = 256
    /// Tries of one delivery.
    package static let webhookTriesMax = 15
    /// Refusals by an endpoint that answers after which its later events go on.
    package static let webhookAsideTries = 4
    /// The wait after the first try that fails; each further one is twice as long.
    package static let webhookRetryFirstSeconds: Int64 = 5
    /// The longest wait between two tries: 12 hours, in seconds.
    package static let webhookRetrySecondsMax: Int64 = 43_200
    /// How old an event may be when it is tried: 7 days, in seconds.
    package static let webhookEventSecondsMax: Int64 = 604_800
    /// How long every try may fail before an endpoint is switched off: 5 days, in seconds.
    package static let webhookFailingSecondsMax: Int64 = 432_000
    /// Look-up and connection of one try, in milliseconds.
    package static let webhookConnectMilliseconds = 5_000
    /// One try from the look-up to the end of the answer's head, in milliseconds.
    package static let webhookTryMilliseconds = 15_000
    /// Bytes of the head of an endpoint's answer; its body is not read.
    package static let webhookAnswerBytesMax = 16_384

    /// Bounds of an ordinary JSON body.
    package static let bodyJSON = JSONLimits(bytesMax: bodyBytesMax, depthMax: 8, valuesMax: 2000, numberDigitsMax: 400)
    /// Bounds of a batch.
    package static let batchJSON = JSONLimits(
        bytesMax: batchBytesMax,
        depthMax: 8,
        valuesMax: 60_000,
        numberDigitsMax: 400
    )
    /// Bounds of what is recorded of a batch for a retry: our own text, as large as the largest batch can make it.
    package static let recordedBatchJSON = JSONLimits(
        bytesMax: batchItemsMax * batchRecordedItemBytesMax,
        depthMax: 3,
        valuesMax: 1 + 8 * batchItemsMax
    )
}
