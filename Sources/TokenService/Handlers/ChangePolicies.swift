import HTTPServer
import InviteStore
import Platform
import StrictJSON

extension Services {
    /// How often a change is tried anew where somebody else's came first.
    private static let changeAttempts = 5

    /// Makes the next version of a place, held against what stands above it, and answers with it.
    ///
    /// Where the document is the newest already, nothing is done. `basedOn` turns a change by somebody else in the
    /// meantime into a 409; without it the change is tried anew on top.
    func change(
        _ place: PolicyPlace,
        to document: PolicyDocument?,
        basedOn base: Int64?,
        _ call: Call,
        _ principal: Principal,
        reverts: Int64? = nil
    ) async throws -> HTTPResponse {
        for _ in 0..<Self.changeAttempts {
            let newest = try await store.policy(at: place)
            if let base, base != newest?.version ?? 0 { throw Self.changedMeanwhile(newest) }
            let before = try newest?.document.map { _ in try Self.read(newest) } ?? nil
            let stored = try await checked(document, place, newest, call, principal)
            if before?.comparable == document?.comparable, newest != nil || document == nil {
                return try Self.answer(newest, at: place, now: call.now)
            }
            let version = try next(place, stored, after: newest, call, principal)
            let command = ChangePolicy(
                version: version,
                by: principal.key?.record.id,
                policiesMax: place.layer == .campaign || place.layer == .apiKey ? ServiceLimits.policiesMax : .max,
                now: call.now,
                audit: [changeDraft(version, before: before, after: document, reverts: reverts, call, principal)]
            )
            // Whatever comes of it, what the cache holds can no longer be trusted.
            defer { policies.invalidate(place.tenant) }
            switch try await store.changePolicy(command) {
            case .changed: return try Self.answer(version, at: place, now: call.now)
            case .conflict: continue
            case .keyNotActive: throw Problem.unauthorized("the key was ended while the request ran")
            case .tooManyPolicies:
                throw Problem(
                    .conflict,
                    "At most \(ServiceLimits.policiesMax) campaigns and API keys may have a policy of their own. "
                        + "Delete one first.",
                    privateReason: "policy limit"
                )
            }
        }
        throw Problem(.conflict, "Somebody else keeps changing this policy. Try again.")
    }

    /// Holds a document against the layers above; gives what is to be stored.
    private func checked(
        _ document: PolicyDocument?,
        _ place: PolicyPlace,
        _ newest: PolicyVersion?,
        _ call: Call,
        _ principal: Principal
    ) async throws -> PolicyDocument? {
        guard var document else { return nil }
        if case .deployment = place {
            let laid = document.laid(over: policies.defaults.document)
            try EffectivePolicy([PolicyEntry(.deployment, version: 0, laid)]).requireSense()
            document.ceiling = policies.ceiling.raised(by: policies.ceiling(of: document))
            return document
        }
        let standing = try await policies.load(principal.tenant)
        try standing.above(place, now: call.now)?.requireNarrower(document)
        return document
    }

    /// The next version, with what stays in force as long as it is in shadow.
    private func next(
        _ place: PolicyPlace,
        _ document: PolicyDocument?,
        after newest: PolicyVersion?,
        _ call: Call,
        _ principal: Principal
    ) throws -> PolicyVersion {
        var version = PolicyVersion(
            id: Self.id(identifiers.next(at: call.now), after: newest?.id),
            place: place,
            version: (newest?.version ?? 0) + 1,
            document: document?.stored,
            createdAt: UnixTime(seconds: call.now.seconds),
            createdBy: principal.actor
        )
        guard let newest, newest.document != nil, document?.isEnforced(at: call.now) == false else { return version }
        if try Self.read(newest)?.isEnforced(at: call.now) == true {
            (version.standing, version.standingVersion) = (newest.document, newest.version)
        } else {
            (version.standing, version.standingVersion) = (newest.standing, newest.standingVersion)
        }
        return version
    }

    /// An id above the newest version's, so that versions made in one millisecond are listed in their order too.
    private static func id(_ fresh: RecordID, after newest: RecordID?) -> RecordID {
        guard let newest, fresh <= newest else { return fresh }
        return newest.low < .max
            ? RecordID(high: newest.high, low: newest.low + 1)
            : RecordID(high: newest.high &+ 1, low: newest.low & 0x8000_0000_0000_0000)
    }

    private static func read(_ version: PolicyVersion?) throws(Problem) -> PolicyDocument? {
        guard let bytes = version?.document else { return nil }
        guard let document = PolicyDocument(stored: bytes) else {
            throw .unavailable("a stored policy can not be read")
        }
        return document
    }

    private static func changedMeanwhile(_ newest: PolicyVersion?) -> Problem {
        Problem(
            .conflict,
            "The policy has version \(newest?.version ?? 0) by now. Read it, and try again with that if_version.",
            param: "if_version"
        )
    }

    private func changeDraft(
        _ version: PolicyVersion,
        before: PolicyDocument?,
        after: PolicyDocument?,
        reverts: Int64?,
        _ call: Call,
        _ principal: Principal
    ) -> AuditDraft {
        let place = version.place
        var writer = JSONWriter(capacity: 512)
        writer.beginObject()
        writer.member("policy_id", TypeID.text(.policy, version.id))
        writer.member("layer", place.layer.rawValue)
        writer.member("version", String(version.version))
        if let reverts { writer.member("reverts_to", String(reverts)) }
        writer.name("before")
        if let before { before.write(to: &writer) } else { writer.null() }
        writer.name("after")
        if let after { after.write(to: &writer) } else { writer.null() }
        writer.endObject()
        return AuditDraft(
            id: identifiers.next(at: call.now),
            type: "policy.changed",
            at: call.now,
            tenant: place.tenant,
            actor: principal.actor,
            target: place.target,
            requestID: call.requestID,
            detail: writer.bytes
        )
    }
}

extension PolicyDocument {
    /// The document without what the service adds to it.
    fileprivate var comparable: PolicyDocument {
        var document = self
        document.ceiling = nil
        return document
    }
}
