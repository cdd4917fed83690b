import InviteStore
import Platform
import StrictJSON
import TestSupport
import TokenService

/// Keys of another product and rules of policies as JSON: taken whole, or refused for one reason that says where.
///
/// The first byte chooses: a line of a file of keys; a policy; or what the store keeps of one.
enum ImportTarget {
    static func check(_ bytes: [UInt8]) throws(Finding) {
        guard let choice = bytes.first else { return }
        let rest = Array(bytes.dropFirst())
        switch choice & 3 {
        case 0, 1: try key(rest, isDeployment: choice & 4 != 0)
        case 2: try policy(rest)
        default: try stored(rest)
        }
    }

    // MARK: Keys

    private static func key(_ line: [UInt8], isDeployment: Bool) throws(Finding) {
        let random = SeededRandomSource(seed: 7)
        var settings = WorkspaceSettings(plan: .pro)
        settings.customResources = ["reports"]
        let tenant: Tenant = isDeployment ? .deployment(.test) : TokenBench.tenant
        let reader = KeyImport(
            tenant: tenant,
            settings: settings,
            identifiers: IdentifierGenerator(random: random),
            random: random,
            now: TokenBench.now
        )
        let imported: ImportedAPIKey
        do throws(Problem) {
            imported = try reader.key(line: line)
        } catch {
            try hold(error, [.invalidRequest, .forbidden])
            return
        }
        let record = imported.key
        guard let root = try? JSONDocument(parsing: line).root else { throw Finding("taken, and no JSON") }
        try require(root["name"]?.string == record.name && root["prefix"]?.string == record.prefix, "another key")
        try require(root["hash"]?.string == imported.hash && BcryptHash(parsing: imported.hash) != nil, "another hash")
        try require(root["index"]?.string == imported.index && imported.index.utf8.count >= 8, "another index")
        try require(APIKeySecret.isPrefix(Array(record.prefix.utf8)[...]), "a prefix that is none")
        try require(!["ts_live_", "ts_test_"].contains(record.prefix), "our own prefix")
        try require((record.kind == .platform) == isDeployment, "a key of kind \(record.kind)")
        let scopes = record.scopes.compactMap(Scope.init(parsing:))
        try require(!scopes.isEmpty && scopes.count == record.scopes.count, "scopes that are none")
        try require(record.kind != .standard || !scopes.contains(where: \.needsAdmin), "an admin's scope")
        try require(
            record.ipAllowlist.allSatisfy { IPNetwork(parsing: $0)?.description == $0 },
            "networks that are none"
        )
        try require(record.allowedOrigins.allSatisfy { WebOrigin($0) != nil }, "origins that are none")
        try require(record.expiresAt.map { $0 > TokenBench.now } ?? true, "a key of the past")
        let known = [
            "name", "kind", "scopes", "prefix", "index", "hash", "last4", "expires_at", "ip_allowlist",
            "allowed_origins",
        ]
        try require(root.members.allSatisfy { known.contains($0.name) }, "a member is passed over")
    }

    // MARK: Policies

    private static func policy(_ bytes: [UInt8]) throws(Finding) {
        guard let root = try? JSONDocument(parsing: bytes, limits: ServiceLimits.bodyJSON).root, root.kind == .object
        else {
            return
        }
        let document: PolicyDocument
        do throws(Problem) {
            document = try PolicyDocument(reading: BodyReader(root, path: ""))
        } catch {
            try hold(error, [.invalidRequest])
            return
        }
        for rule in [document.invite, document.participant] {
            let ordered = [rule.min, rule.default, rule.max].compactMap { $0 }
            try require(ordered == ordered.sorted() && ordered.allSatisfy { $0 > 0 }, "bounds \(ordered)")
        }
        if let origins = document.allowedOrigins {
            try require(!origins.isEmpty && origins.allSatisfy { WebOrigin($0) != nil }, "origins \(origins)")
        }
        try require(PolicyDocument(stored: document.stored) == document, "a policy that the store changes")
    }

    /// What the store keeps comes from this program, but from an earlier version perhaps, or from a broken disk.
    private static func stored(_ bytes: [UInt8]) throws(Finding) {
        guard let document = PolicyDocument(stored: bytes) else { return }
        try require(PolicyDocument(stored: document.stored) == document, "a policy that is not read again")
    }

    /// What a refusal may be: one sentence, and the name of a field.
    private static func hold(_ problem: Problem, _ codes: [ProblemCode]) throws(Finding) {
        try require(codes.contains(problem.code), "refused as \(problem.code)")
        try require((problem.param ?? "").utf8.count <= 256, "a parameter of \(problem.param?.utf8.count ?? 0) bytes")
        try require((1...700).contains(problem.message.utf8.count), "a refusal of \(problem.message.utf8.count) bytes")
    }
}
