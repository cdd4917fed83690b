package import Platform

/// The first exchange of a holder, as the store remembers it.
struct Redemption {
    var session: SessionRecord
    /// When the exchange was committed.
    var at: UnixTime
}

/// Whether an invite opens a session; the one conditional UPDATE afterwards has the last word.
enum RedeemVerdict {
    case open(InviteRecord)
    case refuse(RedeemOutcome)

    /// Judges in the public order: unknown, revoked, origin, the same holder again, used, expired.
    ///
    /// `stored` and `earlier` have the live cut-offs applied; `earlier` is the last exchange by the command's holder.
    init(_ command: RedeemInvite, of stored: InviteRecord?, earlier: Redemption?) {
        guard let invite = stored else {
            self = .refuse(.unknown)
            return
        }
        let terms = command.terms?(invite.apiKey)
        let origins = OriginLists.combined(invite.allowedOrigins, terms?.allowedOrigins)
        let needsList = terms?.needsOriginList ?? false
        if invite.revokedAt != nil {
            self = .refuse(.revoked)
        } else if terms?.isRefused == true {
            self = .refuse(.refusedByPolicy(apiKey: invite.apiKey))
        } else if !OriginLists.allow(command.origin, origins, needsList: needsList) {
            self = .refuse(.originNotAllowed)
        } else if let earlier, Self.isRepeat(command, of: earlier) {
            self = .refuse(earlier.session.endedAt == nil ? .repeated(earlier.session) : .ended)
        } else if invite.uses >= invite.maxUses {
            self = .refuse(.used)
        } else if command.now >= invite.expiresAt {
            self = .refuse(.expired)
        } else {
            self = .open(invite)
        }
    }

    private static func isRepeat(_ command: RedeemInvite, of earlier: Redemption) -> Bool {
        guard let holder = command.holder, let first = earlier.session.holder else { return false }
        let until = earlier.at.adding(seconds: Int64(clamping: command.repeatSeconds))
        return command.now < until && equalInConstantTime(holder, first)
    }
}

extension RedeemInvite {
    /// The session that redeeming this invite opens.
    func session(from invite: InviteRecord) -> SessionRecord {
        let terms = terms?(invite.apiKey)
        let renewUntil = terms?.renewUntil ?? renewUntil
        let firstEnd = SessionRecord.tokenEnd(
            issuedAt: now,
            lifetimeSeconds: terms?.lifetimeSeconds ?? lifetimeSeconds,
            renewUntil: renewUntil
        )
        // The holder who asks again gets a token as long as the first, and nothing is written then.
        let repeated = firstEnd.adding(seconds: holder == nil ? 0 : Int64(clamping: repeatSeconds))
        return SessionRecord(
            id: session,
            tenant: tenant,
            invite: invite.id,
            apiKey: invite.apiKey,
            campaign: invite.campaign,
            participant: invite.participant,
            sealed: invite.sealed,
            holder: holder,
            boundKey: boundKey,
            origin: origin,
            allowedOrigins: OriginLists.combined(invite.allowedOrigins, terms?.allowedOrigins) ?? [],
            rev: invite.rev,
            createdAt: now,
            renewUntil: renewUntil,
            tokensUntil: min(repeated, renewUntil)
        )
    }
}

extension RenewSession {
    /// Judges a renewal in the order unknown, ended, over, origin, proof; `stored` has the live cut-offs applied.
    ///
    /// A bound session is renewed with its key and no other way (RFC 9449 section 5). A proof that is shown must be
    /// right even where none is needed: a wrong one is another's. A session that renews has a token for as long as the
    /// new one lives.
    func verdict(on stored: SessionRecord?) -> RenewOutcome {
        guard var session = stored else { return .unknown }
        if session.endedAt != nil { return .ended }
        if let terms { session.renewUntil = min(session.renewUntil, session.renewalEnd(after: terms.renewSeconds)) }
        if now >= session.renewUntil { return .over }
        if let terms {
            let origins = OriginLists.combined(session.allowedOrigins, terms.allowedOrigins)
            guard OriginLists.allow(origin, origins, needsList: terms.needsOriginList) else { return .originNotAllowed }
            session.allowedOrigins = origins ?? []
        }
        let end = SessionRecord.tokenEnd(
            issuedAt: now,
            lifetimeSeconds: lifetimeSeconds,
            renewUntil: session.renewUntil
        )
        session.tokensUntil = max(session.tokensUntil, end)
        if let bound = session.boundKey {
            guard let shown = boundKey, equalInConstantTime(Array(shown.utf8), Array(bound.utf8)) else {
                return .holderMismatch
            }
            return .renewed(session)
        }
        if let shown = holder, let first = session.holder {
            return equalInConstantTime(shown, first) ? .renewed(session) : .holderMismatch
        }
        return needsProof ? .holderMismatch : .renewed(session)
    }
}

extension SessionRecord {
    /// When a token expires that is issued at a time for so many seconds: whole seconds, and never past `renewUntil`.
    package static func tokenEnd(issuedAt: UnixTime, lifetimeSeconds: Int64, renewUntil: UnixTime) -> UnixTime {
        min(UnixTime(seconds: issuedAt.seconds).adding(seconds: lifetimeSeconds), renewUntil)
    }

    /// When a session may no longer renew that may for so many seconds after its opening, in whole seconds.
    package func renewalEnd(after seconds: Int64) -> UnixTime {
        UnixTime(seconds: createdAt.seconds).adding(seconds: seconds)
    }
}

/// Compares all bytes whatever they are; only the lengths show in the time it takes.
func equalInConstantTime(_ left: [UInt8], _ right: [UInt8]) -> Bool {
    guard left.count == right.count else { return false }
    var difference: UInt8 = 0
    for (one, other) in zip(left, right) { difference |= one ^ other }
    return difference == 0
}
