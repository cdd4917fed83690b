import InviteStore

/// What one tenant may have of the memory for revocations, so that none takes it from the others.
///
/// A tenant may hold up to twice what is free: alone two thirds, less the more others hold. Where that has left nothing, those
/// who hold little have a reserve. The very last is nobody's: commands under way at several replicas have been
/// allowed by what each knew.
struct RevocationShares {
    private static let shareOfFree = 2

    /// What all tenants share.
    private let commonMax: Int
    /// Up to here those who hold less than ``reservedEach`` go on.
    private let reservedMax: Int
    private let reservedEach: Int

    init(entriesMax: Int) {
        commonMax = entriesMax - entriesMax / 16
        reservedMax = entriesMax - entriesMax / 64
        reservedEach = max(1, entriesMax / 1600)
    }

    /// Whether a tenant that holds `one` entries of `all` may have another.
    func allow(one: Int, all: Int) -> Bool {
        one < Self.shareOfFree * (commonMax - all) || (one < reservedEach && all < reservedMax)
    }

    /// How many entries each tenant has.
    struct Holdings {
        private var counts: [Tenant: Int] = [:]

        subscript(tenant: Tenant) -> Int { counts[tenant] ?? 0 }

        mutating func add(_ tenant: Tenant?) {
            guard let tenant else { return }
            counts[tenant, default: 0] += 1
        }

        mutating func remove(_ tenant: Tenant?) {
            guard let tenant, let count = counts[tenant] else { return }
            counts[tenant] = count > 1 ? count - 1 : nil
        }
    }
}
