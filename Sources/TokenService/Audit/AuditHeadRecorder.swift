import InviteStore
import Platform
import Synchronization
import Telemetry

/// Writes the heads of all chains into the trail, once a minute, where anything was added since.
///
/// Each process writes a chain of its own. A record in one chain of how far the others were makes it impossible to
/// shorten one of them by more than a minute without it showing, and the line in the log can be kept where who can
/// change the data base can not.
package final class AuditHeadRecorder: Sendable {
    package static let eventType = "audit.heads"

    private struct State {
        var minute: Int64 = .min
        /// The event of the last record: where it is still the newest of its chain, nothing was added there.
        var last: RecordID?
        var heads: [Int64: Int64] = [:]
    }

    private let state = Mutex(State())

    package init() {}

    func record(_ services: Services, now: UnixTime) async {
        let minute = now.seconds / 60
        let before = state.withLock { state in
            defer { state.minute = minute }
            return state
        }
        guard minute != before.minute else { return }
        do {
            let heads = try await services.store.auditChains().compactMap(\.head)
            let hasNews = heads.contains { $0.event != before.last && before.heads[$0.chain] != $0.sequence }
            guard hasNews else { return }
            let event = services.identifiers.next(at: now)
            let draft = AuditDraft(
                id: event,
                type: Self.eventType,
                at: now,
                tenant: nil,
                actor: "service",
                target: "",
                requestID: TypeID.text(.request, services.identifiers.next(at: now)),
                detail: AuditHeadList.json(heads.map { AuditHeadMark($0) })
            )
            try await services.store.appendAudit([draft], now: now)
            state.withLock { state in
                state.last = event
                state.heads = Dictionary(heads.map { ($0.chain, $0.sequence) }) { first, _ in first }
            }
            for head in heads {
                services.log.info(
                    "audit head",
                    [
                        "chain": .integer(Int(clamping: head.chain)),
                        "sequence": .integer(Int(clamping: head.sequence)),
                        "mac": .string(Base64URLText.encode(head.mac)),
                    ]
                )
            }
        } catch {
            services.log.error("audit heads not recorded", ["error": .string("\(error)")])
        }
    }
}
