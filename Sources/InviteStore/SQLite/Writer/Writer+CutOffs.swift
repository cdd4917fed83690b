#if SQLite
    internal import Platform

    extension Writer {
        func createCutOff(_ command: CreateCutOff) throws(SQLiteFailure) -> Idempotent<CutOffRecord> {
            try admit(command.now)
            if let earlier: Idempotent<CutOffRecord> = try earlier(command.claim, now: command.now) { return earlier }
            let cutOff = try addCutOff(
                id: command.id,
                tenant: command.tenant,
                target: command.target,
                createdAt: command.now,
                forgetAt: command.forgetAt
            )
            if case .invite(let invite) = command.target, let tenant = try number(of: command.tenant) {
                _ = try invites.revoke.run {
                    $0.add(command.now)
                    $0.add(tenant)
                    $0.add(invite)
                }
            }
            if command.endsKey, case .apiKey(let key) = command.target {
                let end = APIKeyChange.revoke(at: command.now)
                _ = try changeAPIKey(key, of: command.tenant, change: end, now: command.now, audit: [])
            }
            try record(command.claim, now: command.now)
            try append(command.audit)
            return .done(cutOff)
        }

        /// Gives the next number, which stays given even when the cut-off is swept.
        func addCutOff(
            id: RecordID,
            tenant: Tenant,
            target: CutOffTarget,
            createdAt: UnixTime,
            forgetAt: UnixTime
        ) throws(SQLiteFailure) -> CutOffRecord {
            guard let number = try number(of: tenant) else { throw .refused(.notInitialised) }
            let cutOff = CutOffRecord(
                number: state.lastCutOff + 1,
                id: id,
                tenant: tenant,
                target: target,
                createdAt: createdAt,
                forgetAt: forgetAt
            )
            try upkeep.insertCutOff.run { CutOffRow.bind(cutOff, tenant: number, to: &$0) }
            try upkeep.setMeta.run {
                $0.add(cutOff.number)
                $0.add("last_cut_off")
            }
            state.lastCutOff = cutOff.number
            cutOffs.insert(cutOff)
            addedCutOffs.append(cutOff)
            return cutOff
        }
    }
#endif
