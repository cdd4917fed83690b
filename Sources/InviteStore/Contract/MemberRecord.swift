package import Platform

/// What a member may do in one workspace; the service says what that means.
package enum MemberRole: String, Sendable, CaseIterable {
    case viewer
    case `operator`
    case security
}

/// A role in one workspace.
package struct Membership: Equatable, Sendable {
    package var workspace: RecordID
    package var role: MemberRole

    package init(workspace: RecordID, role: MemberRole) {
        self.workspace = workspace
        self.role = role
    }
}

/// Somebody who signs in to the console; the address and the password's hash are ciphertext to the store.
package struct MemberRecord: Equatable, Sendable {
    package var id: RecordID
    /// The blind index of the address; no two members have the same.
    package var address: KeyedDigest16
    package var sealedAddress: [UInt8]
    package var sealedPassword: [UInt8]
    /// At most one for each workspace, in the order of the workspaces' ids.
    package var memberships: [Membership]
    package var createdAt: UnixTime
    package var passwordChangedAt: UnixTime
    package var disabledAt: UnixTime?
    /// Raised by every change; what a change compares.
    package var revision: Int64

    package init(
        id: RecordID,
        address: KeyedDigest16,
        sealedAddress: [UInt8],
        sealedPassword: [UInt8],
        memberships: [Membership],
        createdAt: UnixTime,
        passwordChangedAt: UnixTime,
        disabledAt: UnixTime? = nil,
        revision: Int64 = 1
    ) {
        self.id = id
        self.address = address
        self.sealedAddress = sealedAddress
        self.sealedPassword = sealedPassword
        self.memberships = memberships
        self.createdAt = createdAt
        self.passwordChangedAt = passwordChangedAt
        self.disabledAt = disabledAt
        self.revision = revision
    }
}

/// One signed-in browser of a member.
package struct MemberSession: Equatable, Sendable {
    /// The keyed digest of the cookie's secret, 32 bytes.
    package var digest: [UInt8]
    package var member: RecordID
    package var createdAt: UnixTime
    /// The last request, exact to what the service stores of it.
    package var lastSeenAt: UnixTime
    /// Ends it whatever is done with it.
    package var expiresAt: UnixTime

    package init(
        digest: [UInt8],
        member: RecordID,
        createdAt: UnixTime,
        lastSeenAt: UnixTime,
        expiresAt: UnixTime
    ) {
        self.digest = digest
        self.member = member
        self.createdAt = createdAt
        self.lastSeenAt = lastSeenAt
        self.expiresAt = expiresAt
    }
}

/// A session together with whose it is, both of one instant.
package struct SignedIn: Equatable, Sendable {
    package var session: MemberSession
    package var member: MemberRecord

    package init(session: MemberSession, member: MemberRecord) {
        self.session = session
        self.member = member
    }
}
