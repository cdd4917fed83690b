import InviteStore
import Platform
import Testing

@testable import TokenService

@Suite("How far a key reaches")
struct KeyReachTests {
    private static let now = UnixTime(seconds: 1_800_000_000)

    private static func record(_ change: (inout APIKeyRecord) -> Void = { _ in }) -> APIKeyRecord {
        var record = APIKeyRecord(
            id: RecordID(high: 1, low: 1),
            tenant: Tenant(workspace: RecordID(high: 2, low: 2), environment: .test),
            digest: [],
            kind: .admin,
            name: "n",
            prefix: "ts_test_",
            last4: "abcd",
            scopes: ["invites:read", "keys:write"],
            ipAllowlist: ["10.0.0.0/8"],
            allowedOrigins: ["https://a.example"],
            createdAt: now,
            expiresAt: now.adding(seconds: 100)
        )
        change(&record)
        return record
    }

    private static let maker = AuthenticatedKey(record(), meter: RateMeter())

    @Test("What is within the maker, or was there before, is no excess")
    func within() {
        let reach = KeyReach(Self.record { $0.ipAllowlist = ["10.1.0.0/16"] })
        #expect(reach.excess(over: Self.maker, customResources: []) == nil)
        let wide = KeyReach(
            Self.record {
                $0.scopes = ["audit:read"]
                $0.ipAllowlist = ["192.0.2.0/24"]
                $0.allowedOrigins = ["https://b.example"]
                $0.expiresAt = nil
            }
        )
        #expect(wide.excess(over: Self.maker, before: wide, customResources: []) == nil)
        let open = KeyReach(
            Self.record {
                $0.ipAllowlist = []
                $0.allowedOrigins = []
            }
        )
        #expect(open.excess(over: Self.maker, before: open, customResources: []) == nil)
    }

    @Test("Each field that goes further is named", arguments: [false, true])
    func excess(hasBefore: Bool) {
        let before = hasBefore ? KeyReach(Self.record()) : nil
        let table: [(String, (inout APIKeyRecord) -> Void)] = [
            ("kind", { $0.kind = .platform }), ("scopes", { $0.scopes = ["invites:read", "invites:write"] }),
            ("scopes", { $0.scopes = ["jobs:read"] }),
            ("expires_at", { $0.expiresAt = Self.now.adding(seconds: 101) }), ("expires_at", { $0.expiresAt = nil }),
            ("ip_allowlist", { $0.ipAllowlist = [] }), ("ip_allowlist", { $0.ipAllowlist = ["10.0.0.0/7"] }),
            ("ip_allowlist", { $0.ipAllowlist = ["10.0.0.0/8", "::1/128"] }),
            ("allowed_origins", { $0.allowedOrigins = [] }),
            ("allowed_origins", { $0.allowedOrigins.append("https://b.example") }),
        ]
        for (field, change) in table {
            let reach = KeyReach(Self.record(change))
            #expect(reach.excess(over: Self.maker, before: before, customResources: ["jobs"]) == field)
        }
    }

    @Test("A key that holds every scope of the service holds those of the workspace's own resources too")
    func customScopes() {
        func key(_ change: (inout APIKeyRecord) -> Void) -> AuthenticatedKey {
            AuthenticatedKey(Self.record(change), meter: RateMeter())
        }
        let all = Scope.allOfWorkspace.map(\.text)
        let jobs = Scope("jobs", .read)
        #expect(key { $0.scopes = all }.holds(jobs, customResources: ["jobs"]))
        #expect(!key { $0.scopes = all }.holds(jobs, customResources: ["candidates"]))
        #expect(!key { $0.scopes = Array(all.dropFirst()) }.holds(jobs, customResources: ["jobs"]))
        #expect(key { $0.scopes = ["jobs:read"] }.holds(jobs, customResources: []))
        #expect(!key { $0.scopes = all }.holds(Scope("workspaces", .read), customResources: ["jobs"]))
    }
}
