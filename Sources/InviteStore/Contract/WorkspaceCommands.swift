package import Platform

/// Makes one workspace.
package struct CreateWorkspace: Sendable {
    package var workspace: WorkspaceRecord
    /// The key that asks, which must be active in the transaction; nil for the operator.
    package var by: RecordID?
    package var claim: IdempotencyClaim?
    package var now: UnixTime
    package var audit: [AuditDraft]

    package init(
        workspace: WorkspaceRecord,
        by: RecordID?,
        claim: IdempotencyClaim? = nil,
        now: UnixTime,
        audit: [AuditDraft]
    ) {
        self.workspace = workspace
        self.by = by
        self.claim = claim
        self.now = now
        self.audit = audit
    }
}

/// What came of making a workspace; only `created` stored anything.
package enum CreateWorkspaceOutcome: Equatable, Sendable {
    case created
    /// Another workspace has the slug.
    case slugTaken
    /// The key that asked was revoked, suspended or expired by the time of the transaction.
    case keyNotActive
}

/// Changes one workspace, if it still is as the caller read it: one conditional UPDATE whose row count decides.
package struct ChangeWorkspace: Sendable {
    /// The workspace as it was read.
    package var expected: WorkspaceRecord
    /// The same workspace as it shall be: `id` and `createdAt` never change.
    package var changed: WorkspaceRecord
    /// The key that asks, which must be active in the transaction; nil for the operator.
    package var by: RecordID?
    package var now: UnixTime
    /// Stored only with the change.
    package var audit: [AuditDraft]

    package init(
        expected: WorkspaceRecord,
        changed: WorkspaceRecord,
        by: RecordID?,
        now: UnixTime,
        audit: [AuditDraft]
    ) {
        self.expected = expected
        self.changed = changed
        self.by = by
        self.now = now
        self.audit = audit
    }
}

/// What came of changing a workspace; only `changed` wrote anything.
package enum ChangeWorkspaceOutcome: Equatable, Sendable {
    case changed
    /// The workspace is no longer as it was read, or is gone: read it and decide anew.
    case stale
    /// Another workspace has the slug.
    case slugTaken
    /// The key that asked was revoked, suspended or expired by the time of the transaction.
    case keyNotActive
}
