package import InviteStore
package import OpenSSLKit
import Synchronization
import Telemetry

/// The keyring in use, which another takes the place of when the deployment's signing keys change.
///
/// Whoever works with it takes it once and keeps it to the end: so what is verified and what is remembered of it are of
/// one keyring.
package final class LiveKeyring: Sendable {
    private struct State {
        var keyring: SigningKeyring
        var records: [SigningKeyRecord]
        /// The last reading that was begun, and the last one that was taken in.
        var begun: UInt64 = 0
        var taken: UInt64 = 0
        /// The last reading that was begun when the keys were said to have changed.
        var staleAfter: UInt64?
    }

    private let state: Mutex<State>
    private let generation = Atomic<UInt64>(0)
    private let issuerURL: String
    private let wrapping: AEADKey
    private let seal: TokenSeal

    /// Opens the keys of a deployment.
    package init(_ records: [SigningKeyRecord], issuerURL: String, wrapping: AEADKey, seal: TokenSeal) throws {
        let keyring = try SigningKeyring(records, issuerURL: issuerURL, wrapping: wrapping, seal: seal)
        state = Mutex(State(keyring: keyring, records: records))
        self.issuerURL = issuerURL
        self.wrapping = wrapping
        self.seal = seal
    }

    package var current: SigningKeyring { state.withLock { $0.keyring } }

    /// The number of the keyring in use.
    package var number: UInt64 { generation.load(ordering: .acquiring) }

    /// True while keys may have changed that were not read since.
    package var isStale: Bool { state.withLock { $0.staleAfter != nil } }

    /// Keys have changed in the store.
    package func markStale() { state.withLock { $0.staleAfter = $0.begun } }

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
            if let stale = state.staleAfter, reading > stale { state.staleAfter = nil }
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
            log.error("signing keys not reloaded: the old ones stay", ["error": .string("\(error)")])
        }
    }
}
