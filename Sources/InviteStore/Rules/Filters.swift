internal import Platform

extension InviteFilter {
    /// True where the invite, with the live cut-offs applied, belongs in the list.
    func matches(_ invite: InviteRecord, now: UnixTime) -> Bool {
        if let campaign, campaign != invite.campaign { return false }
        if let addressIndex, addressIndex != invite.addressIndex { return false }
        if let status, status != invite.status(at: now) { return false }
        return true
    }
}

extension AuditFilter {
    /// True where the event belongs in the list; `since` is included, `until` is not.
    func matches(_ draft: AuditDraft) -> Bool {
        if let type, type != draft.type { return false }
        if let actor, actor != draft.actor { return false }
        if let target, target != draft.target { return false }
        if let since, draft.at < since { return false }
        if let until, draft.at >= until { return false }
        return true
    }
}

extension CutOffTarget {
    /// True where a cut-off of this target covers the invite, numbers aside.
    func covers(_ invite: InviteRecord) -> Bool {
        switch self {
        case .token(let id), .invite(let id): id == invite.id
        case .session: false
        case .participant(let participant): participant == invite.participant
        case .campaign(let campaign): campaign == invite.campaign
        case .apiKey(let key): key == invite.apiKey
        case .workspace: true
        }
    }

    /// True where a cut-off of this target covers the session, numbers aside.
    func covers(_ session: SessionRecord) -> Bool {
        switch self {
        case .token: false
        case .invite(let id): id == session.invite
        case .session(let id): id == session.id
        case .participant(let participant): participant == session.participant
        case .campaign(let campaign): campaign == session.campaign
        case .apiKey(let key): key == session.apiKey
        case .workspace: true
        }
    }
}
