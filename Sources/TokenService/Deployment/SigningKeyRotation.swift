package import InviteStore
package import Platform

/// What becomes of a set of signing keys, and what the audit trail tells of it.
package struct SigningKeyChange: Sendable {
    package var keys: [SigningKeyRecord]
    /// Types of events, each with the key that it is about.
    package var events: [(type: String, key: SigningKeyRecord)] = []
}

/// The rules by which signing keys take turns, over the records alone.
///
/// A key begins as `standby`: it is published, so that everybody who keeps the key set learns of it, and signs nothing.
/// When it was published for ``ServiceLimits/signingKeyPublishedSeconds`` it takes over. The one before it stays
/// published until nothing that it signed can be presented any more; then it is removed.
package struct SigningKeyRotation: Sendable {
    package let keys: [SigningKeyRecord]
    /// For how long a token of now, or what descends from it, can still be presented.
    package let longestSeconds: Int64

    package init(_ keys: [SigningKeyRecord], longestSeconds: Int64) {
        self.keys = keys
        self.longestSeconds = longestSeconds
    }

    /// From when on a key may sign without anybody having missed that it is published; nil where it does not wait.
    package func signsFrom(_ key: SigningKeyRecord) -> UnixTime? {
        key.state == .standby ? key.stateSince.adding(seconds: ServiceLimits.signingKeyPublishedSeconds) : nil
    }

    /// Until when a key stays that signs no more; nil where it may still.
    package func keptUntil(_ key: SigningKeyRecord) -> UnixTime? {
        switch key.state {
        case .standby, .inUse: nil
        case .previouslyUsed, .revoked: key.stateSince.adding(seconds: longestSeconds)
        }
    }

    /// What the running service does by itself at `now`; nil where nothing is due.
    package func due(at now: UnixTime) -> SigningKeyChange? {
        var change = SigningKeyChange(keys: keys)
        for key in keys {
            guard let until = keptUntil(key), until <= now else { continue }
            change.keys.removeAll { $0.id == key.id }
            change.events.append(("signing_key.removed", key))
        }
        // One at a time: what another waits for is counted from when it was published, not from now.
        if let next = keys.first(where: { key in signsFrom(key).map { $0 <= now } ?? false }) {
            change.putIntoUse(next.id, at: now)
        }
        return change.events.isEmpty ? nil : change
    }

    /// The key in use, where it has been for so many days and no other waits to take over; nil else.
    package func worn(at now: UnixTime, days: Int64) -> SigningKeyRecord? {
        guard !keys.contains(where: { $0.state == .standby }) else { return nil }
        return keys.first { $0.state == .inUse && $0.stateSince.adding(seconds: days * 86_400) <= now }
    }

    /// Publishes a new key.
    ///
    /// - Throws: ``Problem`` (409) where one waits already, or there are too many.
    package func adding(_ key: SigningKeyRecord) throws(Problem) -> SigningKeyChange {
        if let waiting = keys.first(where: { $0.state == .standby }), let from = signsFrom(waiting) {
            throw Problem(
                .conflict,
                "\(Self.name(waiting)) waits already, and signs from \(RFC3339.text(from)) on. Activate or revoke it first."
            )
        }
        guard keys.count < ServiceLimits.signingKeysMax else {
            throw Problem(
                .conflict,
                "There are \(keys.count) signing keys, as many as may be. The oldest goes when its last token is over."
            )
        }
        return SigningKeyChange(keys: keys + [key], events: [("signing_key.created", key)])
    }

    /// Puts a key into use: one that waits, when it was published for long enough or `isForced`, or one that was in use
    /// before, which everybody knows.
    ///
    /// - Throws: ``Problem``: 404 where there is no such key, 409 where it must not sign, or not yet.
    package func activating(_ id: RecordID, at now: UnixTime, isForced: Bool) throws(Problem) -> SigningKeyChange {
        let key = try key(id)
        switch key.state {
        case .inUse: throw Problem(.conflict, "\(Self.name(key)) is in use already.")
        case .revoked: throw Problem(.conflict, "\(Self.name(key)) is revoked, and signs nothing any more.")
        case .standby, .previouslyUsed: break
        }
        if !isForced, let from = signsFrom(key), now < from {
            throw Problem(
                .conflict,
                "\(Self.name(key)) was published at \(RFC3339.text(key.stateSince)), and whoever keeps the key set may "
                    + "not know it yet and would refuse what it signs. It signs from \(RFC3339.text(from)) on by "
                    + "itself. Where the key in use has leaked, --now does not wait."
            )
        }
        var change = SigningKeyChange(keys: keys)
        change.putIntoUse(id, at: now)
        return change
    }

    /// Ends a key that is not in use: what it signed is refused from then on, and it is published no more.
    ///
    /// - Throws: ``Problem``: 404 where there is no such key, 409 where it signs, or is revoked already.
    package func revoking(_ id: RecordID, at now: UnixTime) throws(Problem) -> SigningKeyChange {
        var key = try key(id)
        switch key.state {
        case .inUse:
            throw Problem(.conflict, "\(Self.name(key)) is in use: put another one into use first.")
        case .revoked: throw Problem(.conflict, "\(Self.name(key)) is revoked already.")
        case .standby, .previouslyUsed: break
        }
        key.state = .revoked
        key.stateSince = now
        var change = SigningKeyChange(keys: keys)
        change.set(key, "signing_key.revoked")
        return change
    }

    private func key(_ id: RecordID) throws(Problem) -> SigningKeyRecord {
        guard let key = keys.first(where: { $0.id == id }) else {
            throw Problem(.notFound, "There is no signing key \(TypeID.text(.signingKey, id)).")
        }
        return key
    }

    private static func name(_ key: SigningKeyRecord) -> String { TypeID.text(.signingKey, key.id) }
}

extension SigningKeyChange {
    /// Makes a key the one that signs, and the one that did a former one.
    fileprivate mutating func putIntoUse(_ id: RecordID, at now: UnixTime) {
        for var key in keys where key.id == id || key.state == .inUse {
            let takesOver = key.id == id
            key.state = takesOver ? .inUse : .previouslyUsed
            key.stateSince = now
            set(key, takesOver ? "signing_key.activated" : "signing_key.retired")
        }
    }

    fileprivate mutating func set(_ changed: SigningKeyRecord, _ event: String) {
        for index in keys.indices where keys[index].id == changed.id { keys[index] = changed }
        events.append((event, changed))
    }
}
