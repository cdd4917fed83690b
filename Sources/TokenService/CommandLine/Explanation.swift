import InviteStore
import Platform

/// Errors in words that say what to do, for the terminal.
enum Explanation {
    static func text(_ error: any Error) -> String {
        guard let error = error as? StoreError else { return "\(error)" }
        switch error {
        case .unavailable(let reason): return "the store can not be used: \(reason)"
        case .overloaded: return "the store is overloaded: try again later"
        case .deadlineExceeded: return "the store took too long: try again later"
        case .clockBehind:
            return "this machine's clock is behind the last stored instant: set it, then try again"
        case .unknownOutcome(let reason): return "it is not known whether the change was stored: \(reason)"
        case .newerSchema(let found, let supported):
            return "the data base has schema \(found), and this release knows \(supported): use a newer release"
        case .inUse(let reason): return reason
        case .alreadyInitialised:
            return "this store is set up already: nothing was changed. Use another --data-dir for a new deployment"
        case .notInitialised: return "this store is not set up: run `token-service init` first"
        case .corrupt(let reason): return "the store is damaged: \(reason)"
        }
    }

    static func exitCode(_ error: any Error) -> ExitCode {
        switch error {
        case StoreError.overloaded, StoreError.deadlineExceeded, StoreError.unavailable, StoreError.inUse: .unavailable
        case StoreError.alreadyInitialised: .conflict
        case let problem as Problem: ExitCode(status: problem.code.status)
        default: .failure
        }
    }
}

extension Problem: CustomStringConvertible {
    package var description: String { message }
}
