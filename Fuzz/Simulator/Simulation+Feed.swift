import InviteStore
import Platform
import TestSupport

extension Simulation {
    private static let longAgo = UnixTime(milliseconds: .min)

    /// A command of that name was done: notes what others have to know of it.
    func noteWrite(_ name: String) async {
        let now = time.monotonicNow()
        switch name {
        case "createAPIKey", "changeAPIKey", "editAPIKey": await noteKeys(now)
        case "rotateAPIKey":
            await noteKeys(now)
            feed.note(.policies, at: now)
        case "createCutOff":
            feed.note(.cutOff, at: now)
            await noteKeys(now)
        case "revokeInvite": feed.note(.cutOff, at: now)
        case "endSession": feed.note(marks: await endedSessions(), at: now)
        case "changePolicy": feed.note(.policies, at: now)
        case "changeWorkspace": feed.note(.workspaces, at: now)
        case "replaceSigningKeys": feed.note(.signingKeys, at: now)
        case "sweep": feed.sweep(now: now)
        default: break
        }
        lastCutOff = (try? await store.lastCutOffNumber()) ?? lastCutOff
    }

    private func noteKeys(_ now: MonotonicInstant) async { feed.note(keys: await allKeys(), at: now) }

    private func allKeys() async -> [APIKeyRecord] {
        var keys: [APIKeyRecord] = []
        var before: RecordID?
        repeat {
            let page = try? await store.apiKeys(of: tenant, page: PageRequest(before: before, limit: 100))
            keys += page?.records ?? []
            before = page?.next
        } while before != nil
        return keys.reversed()
    }

    private func endedSessions() async -> [EndedSession] {
        (try? await store.endedSessions(now: Self.longAgo, limit: .max)) ?? []
    }

    /// Tells each replica what the store did since it was told last.
    ///
    /// A notice may be lost; what a replica asks for by itself is not. `asks` says that there was time for that.
    func tellOthers(asks: Bool) {
        for replica in replicas {
            guard let process = replica.process, process.observer != nil else { continue }
            if replica.isCutOff {
                let silence = time.monotonicNow().nanoseconds(since: process.feed.heardAt)
                if silence >= UInt64(FeedPosition.silenceMilliseconds) * 1_000_000 { process.observer?.isCutOff() }
                continue
            }
            if !asks {
                guard process.feed.change < feed.last else { continue }
                if isNoisy, dice.below(1000) < rates.lostNotice {
                    note(.lostNotice)
                    continue
                }
            }
            start { await self.tell(process) }
        }
        executor.run()
    }

    private func tell(_ process: ServiceProcess) async {
        var changes = StoreChanges()
        let cutOffs = try? await store.cutOffs(after: process.feed.cutOff, now: Self.longAgo, limit: .max)
        changes.cutOffs = cutOffs ?? []
        if let new = feed.after(process.feed.change) {
            for change in new { changes.add(change.kind, of: tenant) }
        } else {
            note(.missedChanges)
            changes.isIncomplete = true
        }
        process.feed.cutOff = max(process.feed.cutOff, changes.cutOffs.last?.number ?? 0)
        process.feed.change = feed.last
        process.feed.heardAt = time.monotonicNow()
        process.observer?.changed(changes)
    }
}

extension StoreChanges {
    fileprivate mutating func add(_ change: StoreChange.Kind, of tenant: Tenant) {
        switch change {
        // Their records are read from their own table.
        case .cutOff: break
        case .endedSession(let mark): endedSessions.append(mark)
        case .apiKey(let id): apiKeys.insert(id)
        case .policies: policies.insert(tenant)
        case .signingKeys: signingKeys = true
        case .workspaces: workspaces.insert(tenant.workspace)
        }
    }
}
