package import Platform

/// How a member is found.
package enum MemberName: Sendable {
    case id(RecordID)
    case address(KeyedDigest16)
}

/// Makes one member.
package struct CreateMember: Sendable {
    package var member: MemberRecord
    /// The key that asks, which must be active in the transaction; nil for the operator.
    package var by: RecordID?
    package var claim: IdempotencyClaim?
    package var now: UnixTime
    package var audit: [AuditDraft]

    package init(
        member: MemberRecord,
        by: RecordID?,
        claim: IdempotencyClaim? = nil,
        now: UnixTime,
        audit: [AuditDraft]
    ) {
        self.member = member
        self.by = by
        self.claim = claim
        self.now = now
        self.audit = audit
    }
}

/// What came of making a member; only `created` stored anything.
package enum CreateMemberOutcome: Equatable, Sendable {
    case created
    /// Another member has the address.
    case addressTaken
    /// The key that asked was revoked, suspended or expired by the time of the transaction.
    case keyNotActive
}

/// Changes one member, if it still has the revision that the caller read: one conditional UPDATE decides.
package struct ChangeMember: Sendable {
    /// The member as it shall be, with the revision that was read; the store raises it.
    ///
    /// `id`, `address` and `createdAt` never change.
    package var member: MemberRecord
    /// The key that asks, which must be active in the transaction; nil for the operator.
    package var by: RecordID?
    /// Whether all its sessions end with the change.
    package var endsSessions: Bool
    package var now: UnixTime
    /// Stored only with the change.
    package var audit: [AuditDraft]

    package init(
        member: MemberRecord,
        by: RecordID?,
        endsSessions: Bool,
        now: UnixTime,
        audit: [AuditDraft]
    ) {
        self.member = member
        self.by = by
        self.endsSessions = endsSessions
        self.now = now
        self.audit = audit
    }
}

/// What came of changing a member; only `changed` changed anything.
package enum ChangeMemberOutcome: Equatable, Sendable {
    case changed
    /// The member has another revision by now, or is gone: read it again.
    case stale
    /// The key that asked was revoked, suspended or expired by the time of the transaction.
    case keyNotActive
}

/// Opens a session of a member that still has the revision whose password was checked, and is not disabled.
package struct OpenMemberSession: Sendable {
    package var session: MemberSession
    /// The member's revision as it was read.
    package var revision: Int64
    /// The digest of the session that the same browser had before, which ends; nil where there was none.
    package var replaces: [UInt8]?
    /// Of more sessions of the member than this, the new one among them, the oldest end.
    package var sessionsMax: Int
    package var now: UnixTime
    package var audit: [AuditDraft]

    package init(
        session: MemberSession,
        revision: Int64,
        replaces: [UInt8]? = nil,
        sessionsMax: Int,
        now: UnixTime,
        audit: [AuditDraft]
    ) {
        self.session = session
        self.revision = revision
        self.replaces = replaces
        self.sessionsMax = sessionsMax
        self.now = now
        self.audit = audit
    }
}

/// What happens to a session that is open.
package enum MemberSessionChange: Sendable {
    /// It was used at this time; never moves back.
    case seen(at: UnixTime)
    /// It ends now.
    case end(audit: [AuditDraft])
}
