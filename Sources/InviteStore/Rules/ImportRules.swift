/// Which keys of another product may be imported: each is held against what is stored and against those before it.
struct ImportRules {
    private var prefixes: Set<String>
    private var hashes: [String: [String]] = [:]

    /// `prefixes` are those that keys were imported with before.
    init(prefixes: Set<String>) { self.prefixes = prefixes }

    /// Why the first key that may not be imported may not; nil where all may.
    ///
    /// `stored` gives the hashes that are stored under a key's prefix and first characters; it is asked once for each.
    mutating func refusal<Failure: Error>(
        of keys: [ImportedAPIKey],
        stored: (ImportedAPIKey) throws(Failure) -> [String]
    ) throws(Failure) -> ImportAPIKeysOutcome? {
        for (position, imported) in keys.enumerated() {
            let place = imported.key.prefix + imported.lead
            let alike = if let known = hashes[place] { known } else { try stored(imported) }
            if alike.contains(imported.hash) { return .alreadyImported(position: position) }
            if alike.count >= ImportedAPIKey.alikeMax { return .tooManyAlike(position: position) }
            prefixes.insert(imported.key.prefix)
            if prefixes.count > ImportedAPIKey.prefixesMax { return .tooManyPrefixes(position: position) }
            hashes[place] = alike + [imported.hash]
        }
        return nil
    }
}
