#if SQLite
    internal import Platform

    extension Writer {
        /// Checks every key before it writes the first: a transaction holds other commands too, and is not undone for one.
        func importAPIKeys(_ command: ImportAPIKeys) throws(SQLiteFailure) -> ImportAPIKeysOutcome {
            try admit(command.now)
            guard let tenant = command.keys.first?.key.tenant else { return .imported }
            guard let number = try number(of: tenant) else { throw .refused(.notInitialised) }
            if let limit = command.activeKeysMax,
                try count(keys.countActive, number, at: command.now) + command.keys.count > limit
            {
                return .tooManyKeys
            }
            var rules = ImportRules(prefixes: Set(try imports.prefixes.all { row in row.text() }))
            if let refusal = try rules.refusal(of: command.keys, stored: storedHashes) { return refusal }
            for imported in command.keys { try insert(imported, number) }
            try append(command.audit)
            return .imported
        }

        private func storedHashes(_ imported: ImportedAPIKey) throws(SQLiteFailure) -> [String] {
            try imports.alike.all {
                $0.add(imported.key.prefix)
                $0.add(imported.lead)
            } _: { row in
                row.text()
            }
        }

        private func insert(_ imported: ImportedAPIKey, _ tenant: Int64) throws(SQLiteFailure) {
            try keys.insert.run { APIKeyRow.bind(imported.key, tenant: tenant, to: &$0) }
            try imports.insertPrefix.run { $0.add(imported.key.prefix) }
            try imports.insert.run {
                $0.add(imported.key.prefix)
                $0.add(imported.lead)
                $0.add(imported.key.id)
                $0.add(imported.index)
                $0.add(imported.hash)
            }
        }

        /// The row that is deleted decides who settles.
        func settleImport(_ command: SettleImport) throws(SQLiteFailure) -> Bool {
            try admit(command.now)
            guard try imports.delete.run({ $0.add(command.id) }) == 1 else { return false }
            try imports.setDigest.run {
                $0.add(command.digest)
                $0.add(command.last4)
                $0.add(command.id)
            }
            try append(command.audit)
            return true
        }
    }
#endif
