#if Postgres
    internal import Platform

    extension PostgresWriter {
        /// Checks every key before it writes the first; the deployment's row is locked, since the prefixes are its.
        func importAPIKeys(_ command: ImportAPIKeys) throws(PostgresFailure) -> ImportAPIKeysOutcome {
            try admit(command.now)
            guard let tenant = command.keys.first?.key.tenant else { return .imported }
            try lockWorkspace(0)
            guard let number = try lockedNumber(of: tenant) else { throw .refused(.notInitialised) }
            if let limit = command.activeKeysMax,
                try countKeys(number, replaced: false, at: command.now) + command.keys.count > limit
            {
                return .tooManyKeys
            }
            var rules = ImportRules(prefixes: Set(try run("SELECT prefix FROM imported_prefixes").all { $0.text() }))
            if let refusal = try rules.refusal(of: command.keys, stored: storedHashes) { return refusal }
            for imported in command.keys { try insert(imported, number) }
            note(.importedPrefixes)
            append(command.audit)
            return .imported
        }

        private func storedHashes(_ imported: ImportedAPIKey) throws(PostgresFailure) -> [String] {
            try run("SELECT hash FROM imported_keys WHERE prefix = $1 AND lead = $2") {
                $0.add(imported.key.prefix)
                $0.add(imported.lead)
            }.all { $0.text() }
        }

        private func insert(_ imported: ImportedAPIKey, _ tenant: Int64) throws(PostgresFailure) {
            try insert(imported.key, tenant)
            try write("INSERT INTO imported_prefixes (prefix) VALUES ($1) ON CONFLICT DO NOTHING") {
                $0.add(imported.key.prefix)
            }
            try write("INSERT INTO imported_keys (prefix, lead, id, key_index, hash) VALUES ($1, $2, $3, $4, $5)") {
                $0.add(imported.key.prefix)
                $0.add(imported.lead)
                $0.add(imported.key.id)
                $0.add(imported.index)
                $0.add(imported.hash)
            }
        }

        /// The row that is deleted decides who settles.
        func settleImport(_ command: SettleImport) throws(PostgresFailure) -> Bool {
            try admit(command.now)
            guard try write("DELETE FROM imported_keys WHERE id = $1", { $0.add(command.id) }) == 1 else {
                batch.hasWritten = false
                return false
            }
            try write("UPDATE api_keys SET digest = $1, last4 = $2 WHERE id = $3") {
                $0.add(command.digest)
                $0.add(command.last4)
                $0.add(command.id)
            }
            note(.apiKey, command.id.bytes)
            append(command.audit)
            return true
        }
    }
#endif
