package import InviteStore
package import OpenSSLKit
package import Platform
import Synchronization
import Telemetry

/// The keyring in use, which another takes the place of when the deployment's signing keys change.
///
/// Whoever works with it takes it once and keeps it to the end: so what is verified and what is remembered of it are of
/// one keyring.
///
/// Keys that changed may be revoked: where they can not be read the keyring is in use for
/// ``ServiceLimits/keyringStaleMilliseconds`` more, and not longer.
package final class LiveKeyring: Sendable {
    private struct State {
        var keyring: SigningKeyring
        var records: [SigningKeyRecord]
        /// The last reading that was begun, and the last one that was taken in.
        var begun: UInt64 = 0
        var taken: UInt64 = 0
        /// The last reading that was begun when the keys were said to have changed.
        var staleAfter: UInt64?
        /// When they were last said to have.
        var markedAt = MonotonicInstant(nanoseconds: 0)
    }

    private let state: Mutex<State>
    private let generation = Atomic<UInt64>(0)
    /// Since when the keys are others than those in use, for all that is known, in monotonic nanoseconds; 0 where they
    /// are not.
    private let staleSince = Atomic<UInt64>(0)
    private let time: any TimeSource
    private let issuerURL: String
    private let wrapping: AEADKey
    private let seal: TokenSeal

    /// Opens the keys of a deployment.
    package init(
        _ records: [SigningKeyRecord],
        issuerURL: String,
        wrapping: AEADKey,
        seal: TokenSeal,
        time: any TimeSource
    ) throws {
        let keyring = try SigningKeyring(records, issuerURL: issuerURL, wrapping: wrapping, seal: seal)
        state = Mutex(State(keyring: keyring, records: records))
        self.issuerURL = issuerURL
        self.wrapping = wrapping
        self.seal = seal
        self.time = time
    }

    package var current: SigningKeyring { state.withLock { $0.keyring } }

    /// The records of the keys in use, as they were read.
    package var records: [SigningKeyRecord] { state.withLock { $0.records } }

    /// The number of the keyring in use.
    package var number: UInt64 { generation.load(ordering: .acquiring) }

    /// True while keys may have changed that were not read since.
    package var isStale: Bool { state.withLock { $0.staleAfter != nil } }

    /// True where they have not been read for too long: then nothing is signed, and no token is taken.
    ///
    /// Asked with every request, so it costs next to nothing as long as they are not stale.
    package var isOverdue: Bool {
        let since = staleSince.load(ordering: .acquiring)
        guard since != 0 else { return false }
        let limit = MonotonicInstant(nanoseconds: since).adding(milliseconds: ServiceLimits.keyringStaleMilliseconds)
        return limit < time.monotonicNow()
    }

    /// Keys have changed in the store.
    package func markStale() {
        let now = time.monotonicNow()
        state.withLock { state in
            state.staleAfter = state.begun
            state.markedAt = now
            if staleSince.load(ordering: .acquiring) == 0 {
                staleSince.store(max(1, now.nanoseconds), ordering: .releasing)
            }
        }
    }

    /// Begins a reading of the store; its number goes with what was read.
    func begin() -> UInt64 {
        state.withLock { state in
            state.begun += 1
            return state.begun
        }
    }

    /// Takes in what a reading found, unless a later one was taken in before; true where the keys are others than before.
    ///
    /// - Throws: ``DeploymentError`` where a key can not be opened; the keyring in use stays.
    func take(_ records: [SigningKeyRecord], from reading: UInt64) throws -> Bool {
        try state.withLock { state in
            guard reading > state.taken else { return false }
            let isNew = records != state.records
            if isNew {
                state.keyring = try SigningKeyring(
                    records,
                    issuerURL: issuerURL,
                    wrapping: wrapping,
                    seal: seal,
                    number: state.keyring.number + 1
                )
                state.records = records
                generation.store(state.keyring.number, ordering: .releasing)
            }
            state.taken = reading
            if let stale = state.staleAfter {
                let isRead = reading > stale
                if isRead { state.staleAfter = nil }
                // Where they changed once more in the meantime, it is since then.
                staleSince.store(isRead ? 0 : max(1, state.markedAt.nanoseconds), ordering: .releasing)
            }
            return isNew
        }
    }
}

extension Services {
    /// Reads the signing keys of the deployment again; where that fails the keyring in use stays.
    package func reloadKeyring() async {
        let reading = issuance.keyrings.begin()
        do {
            guard let deployment = try await store.deployment() else { return }
            if try issuance.keyrings.take(deployment.signingKeys, from: reading) {
                log.warning("signing keys reloaded")
            }
        } catch {
            log.error("signing keys not reloaded: the old ones stay for a moment", ["error": .string("\(error)")])
        }
    }
}
