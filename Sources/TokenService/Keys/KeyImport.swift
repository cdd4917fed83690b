package import InviteStore
package import Platform
import StrictJSON

/// Reads keys of another product, one JSON object a line, for one workspace and environment.
///
/// Members: `name`, `prefix`, `index` (at least eight characters of the key after its prefix), `hash` (bcrypt), `scopes`,
/// and where wanted `kind`, `expires_at`, `ip_allowlist`, `allowed_origins`, `last4`.
package struct KeyImport: Sendable {
    package let tenant: Tenant
    package let settings: WorkspaceSettings
    package let identifiers: IdentifierGenerator
    package let random: any RandomSource
    package let now: UnixTime

    package init(
        tenant: Tenant,
        settings: WorkspaceSettings,
        identifiers: IdentifierGenerator,
        random: any RandomSource,
        now: UnixTime
    ) {
        self.tenant = tenant
        self.settings = settings
        self.identifiers = identifiers
        self.random = random
        self.now = now
    }

    /// One key.
    ///
    /// - Throws: ``Problem`` that names the member.
    package func key(line: [UInt8]) throws(Problem) -> ImportedAPIKey {
        let document: JSONDocument
        do {
            document = try JSONDocument(parsing: line, limits: ServiceLimits.bodyJSON)
        } catch {
            throw Problem(error)
        }
        guard document.root.kind == .object else { throw Problem(.invalidRequest, "A line must be a JSON object.") }
        var body = BodyReader(document.root, path: "")
        let name = try APIKeyFields.name(&body)
        let kind = try APIKeyFields.kind(&body, in: tenant, isOperator: true)
        guard let scopes = try APIKeyFields.scopes(&body, customResources: settings.customResources) else {
            throw .invalid("scopes", "scopes is required.")
        }
        try APIKeyFields.check(scopes, on: kind)
        let prefix = try Self.prefix(&body)
        let index = try Self.index(&body, prefix)
        let hash = try Self.hash(&body)
        let last4 = try body.string("last4", charactersMax: 4) ?? ""
        let expiresAt = try APIKeyFields.expiry(&body, now: now)
        let networks = try APIKeyFields.networks(&body) ?? []
        let origins = try Services.origins(&body) ?? []
        try body.finish()
        guard last4.isEmpty || last4.utf8.count == 4, last4.utf8.allSatisfy(Base62.contains) else {
            throw .invalid("last4", "last4 must be four of 0-9 A-Z a-z.")
        }
        let key = APIKeyRecord(
            id: identifiers.next(at: now),
            tenant: tenant,
            digest: random.bytes(32),
            kind: kind,
            name: name,
            prefix: prefix,
            last4: last4,
            scopes: scopes.sorted().map(\.text),
            ipAllowlist: networks,
            allowedOrigins: origins,
            createdAt: UnixTime(seconds: now.seconds),
            expiresAt: expiresAt
        )
        return ImportedAPIKey(key: key, index: index, hash: hash)
    }

    private static func prefix(_ body: inout BodyReader) throws(Problem) -> String {
        let prefix = try body.requiredString("prefix", charactersMax: APIKeySecret.prefixCharactersMax)
        guard APIKeySecret.isPrefix(Array(prefix.utf8)[...]) else {
            throw .invalid("prefix", "prefix must be of a-z 0-9 _, start with a letter and end with _.")
        }
        // Their checksum is what spares a look-up for each typo.
        guard !DeploymentEnvironment.allCases.map(APIKeySecret.defaultPrefix).contains(prefix) else {
            throw .invalid("prefix", "\(prefix) is this service's own prefix: no other product's keys have it.")
        }
        return prefix
    }

    private static func index(_ body: inout BodyReader, _ prefix: String) throws(Problem) -> String {
        let most = ServiceLimits.presentedKeyCharactersMax - APIKeySecret.prefixCharactersMax
        let index = try body.requiredString("index", charactersMax: most)
        guard index.utf8.count >= ImportedAPIKey.leadCharacters, APIKeySecret(imported: Array(index.utf8)) != nil else {
            throw .invalid(
                "index",
                "index must be the \(ImportedAPIKey.leadCharacters) to \(most) characters that follow the prefix, of "
                    + "A-Z a-z 0-9 _ - ."
            )
        }
        return index
    }

    private static func hash(_ body: inout BodyReader) throws(Problem) -> String {
        let text = try body.requiredString("hash", charactersMax: 100)
        guard let hash = BcryptHash(parsing: text) else {
            throw .invalid(
                "hash",
                "hash must be bcrypt: $2a$, $2b$ or $2y$, a cost from \(BcryptHash.costMin) to \(BcryptHash.costMax), "
                    + "and 53 characters."
            )
        }
        return hash.text
    }
}
