package import InviteStore
import Platform

/// A signed-in member at work in one workspace and environment.
package final class ActingMember: Sendable {
    package let id: RecordID
    /// What the role gives, in the form in which keys are held against each other.
    ///
    /// It is nobody's key: the store knows no such row, and no secret has its digest.
    package let reach: AuthenticatedKey
    /// The key that what is minted descends from, where the request mints.
    package let mintingKey: APIKeyRecord?

    package init(_ member: MemberRecord, role: MemberRole, in tenant: Tenant, mintingKey: APIKeyRecord?) {
        id = member.id
        self.mintingKey = mintingKey
        let record = APIKeyRecord(
            id: member.id,
            tenant: tenant,
            digest: [],
            kind: .admin,
            name: "",
            prefix: "",
            last4: "",
            scopes: role.scopes.map(\.text),
            createdAt: member.createdAt
        )
        reach = AuthenticatedKey(record, meter: RateMeter())
    }
}
