package import InviteStore
package import OpenSSLKit
package import Platform

/// Hashes and checks members' passwords, one at a time, on a thread of their own.
///
/// Three lines wait for it, each within its bounds and none for longer than ``ServiceLimits/slowHashWaitMilliseconds``:
/// beyond either the answer is 503. Sign-ins from where the member is known, and new passwords, have lines of their own, so
/// that strangers, of whom there may be any number, keep neither out.
package final class Passwords: Sendable {
    /// Who tries a password.
    package enum Claimant: Sendable {
        /// Somebody at an address that the member has not signed in from.
        case stranger(IPAddress)
        /// Somebody at an address that the member is known at.
        case known(KeyedDigest16)
    }

    /// The lines, by their positions.
    package enum Line: Int, CaseIterable, Sendable {
        case strangers
        case known
        case new

        private var limits: SlowJobLine {
            switch self {
            case .strangers:
                SlowJobLine(
                    waitingMax: ServiceLimits.passwordsWaitingMax,
                    waitingOfOwnerMax: ServiceLimits.passwordsOfAddressWaitingMax
                )
            case .known:
                SlowJobLine(
                    waitingMax: ServiceLimits.knownPasswordsWaitingMax,
                    waitingOfOwnerMax: ServiceLimits.passwordsOfMemberWaitingMax
                )
            case .new: SlowJobLine(waitingMax: ServiceLimits.newPasswordsWaitingMax)
            }
        }

        fileprivate static var all: [SlowJobLine] { allCases.map(\.limits) }
    }

    package let jobs: SlowJobQueue
    private let cost: ScryptCost
    private let random: any RandomSource
    /// What is compared where there is no member.
    private let decoy: PasswordHash

    /// - Parameter worker: what the passwords are hashed on; a thread, but in tests.
    package init(
        cost: ScryptCost,
        time: any TimeSource,
        random: any RandomSource,
        worker: @escaping BackgroundWork.Worker = BackgroundWork.thread
    ) {
        self.cost = cost
        self.random = random
        decoy = .decoy(cost: cost)
        jobs = SlowJobQueue(
            "passwords",
            time: time,
            lines: Line.all,
            waitMillisecondsMax: ServiceLimits.slowHashWaitMilliseconds,
            worker: worker
        )
    }

    package func hash(_ password: SecretBytes) async throws(Problem) -> PasswordHash {
        let (cost, random) = (cost, random)
        return try await run(in: .new, of: nil) { try PasswordHash(of: password, cost: cost, random: random) }
    }

    /// Whether it is the hash of this password; false for no hash, after the same work.
    package func matches(
        _ password: SecretBytes,
        _ hash: PasswordHash?,
        for claimant: Claimant
    ) async throws(Problem) -> Bool {
        let compared = hash ?? decoy
        let (line, owner): (Line, SlowJobOwner) =
            switch claimant {
            case .stranger(let address): (.strangers, .address(address.networkOfCustomer))
            case .known(let member): (.known, .member(member))
            }
        return try await run(in: line, of: owner) { try compared.matches(password) } && hash != nil
    }

    private func run<Value: Sendable>(
        in line: Line,
        of owner: SlowJobOwner?,
        _ work: @escaping @Sendable () throws -> Value
    ) async throws(Problem) -> Value {
        let result = try await jobs.run(in: line.rawValue, of: owner) { Result(catching: work) }
        do {
            return try result.get()
        } catch {
            throw .unavailable("password hash: \(error)")
        }
    }
}
