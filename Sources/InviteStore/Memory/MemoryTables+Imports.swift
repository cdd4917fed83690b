internal import Platform

extension MemoryTables {
    mutating func importAPIKeys(_ command: ImportAPIKeys) throws(StoreError) -> ImportAPIKeysOutcome {
        try admit(rows: command.keys.count + command.audit.count, now: command.now)
        guard let tenant = command.keys.first?.key.tenant else { return .imported }
        guard workspaces[tenant.workspace] != nil else { throw .notInitialised }
        if let limit = command.activeKeysMax {
            let active = apiKeys.ascending.count { $0.tenant == tenant && $0.counts(at: command.now) }
            if active + command.keys.count > limit { return .tooManyKeys }
        }
        var rules = ImportRules(prefixes: importedPrefixes)
        let refusal = rules.refusal(of: command.keys) { imported in
            (importedKeys[imported.key.prefix + imported.lead] ?? []).map(\.hash)
        }
        if let refusal { return refusal }
        // On a copy, which takes the place of the tables only where every key was taken.
        var next = self
        for imported in command.keys {
            next.importedPrefixes.insert(imported.key.prefix)
            try next.insert(imported.key)
            next.importedKeys[imported.key.prefix + imported.lead, default: []].append(imported)
        }
        next.append(command.audit)
        self = next
        return .imported
    }

    func importedAPIKeys(prefix: String, lead: String) throws(StoreError) -> [ImportedAPIKey] {
        try admitRead()
        return (importedKeys[prefix + lead] ?? []).compactMap { imported in
            guard let key = apiKeys[imported.key.id], key.prefix == prefix, key.revokedAt == nil else { return nil }
            return ImportedAPIKey(key: key, index: imported.index, hash: imported.hash)
        }
    }

    mutating func settleImport(_ command: SettleImport) throws(StoreError) -> Bool {
        try admit(rows: command.audit.count, now: command.now)
        let place = importedKeys.first { $0.value.contains { $0.key.id == command.id } }?.key
        guard let place, let key = apiKeys[command.id] else { return false }
        guard keysByDigest[command.digest] == nil else {
            throw .unavailable("an API key with this digest is stored already")
        }
        importedKeys[place]?.removeAll { $0.key.id == command.id }
        keysByDigest[key.digest] = nil
        keysByDigest[command.digest] = key.id
        apiKeys[key.id]?.digest = command.digest
        apiKeys[key.id]?.last4 = command.last4
        append(command.audit)
        return true
    }
}
