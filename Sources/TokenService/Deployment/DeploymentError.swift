/// Why a deployment can not be opened; every text says what to do.
package enum DeploymentError: Error, Equatable, CustomStringConvertible {
    case wrongMasterKey
    case missingDataKey(String)
    case noSigningKey
    case damagedSigningKey(String)
    case notSetUp(String)

    package var description: String {
        switch self {
        case .wrongMasterKey:
            "the master key does not fit this store: give the one that `token-service init` made for it"
        case .missingDataKey(let purpose):
            "the store holds no data key for \(purpose): it was set up by another release, or only half; restore it"
        case .noSigningKey: "the store holds no signing key in use: restore it from your backup"
        case .damagedSigningKey(let keyID):
            "the signing key \(keyID) can not be read: restore the store from your backup"
        case .notSetUp(let place): "\(place) is not set up: run `token-service init --data-dir … --issuer …` first"
        }
    }
}
