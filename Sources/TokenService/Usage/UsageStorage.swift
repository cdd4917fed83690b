import InviteStore
import Telemetry

extension Services {
    /// Stores what was counted since the last time; what can not be stored is kept for the next.
    ///
    /// Where it is not known whether a part was stored it is not stored again: usage is then a little too low rather
    /// than too high.
    package func storeUsage() async {
        var rest = usage.take()[...]
        while !rest.isEmpty {
            let part = Array(rest.prefix(ServiceLimits.usageDeltasPerCommit))
            do {
                try await store.addUsage(part)
            } catch {
                log.error("usage not stored", ["error": .string("\(error)")])
                if case .unknownOutcome = error { rest = rest.dropFirst(part.count) }
                usage.restore(Array(rest))
                return
            }
            rest = rest.dropFirst(part.count)
        }
    }
}
