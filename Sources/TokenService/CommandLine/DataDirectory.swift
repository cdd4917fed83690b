import InviteStore
import OpenSSLKit
import Platform

/// One deployment's directory: the data base and, unless it is kept elsewhere, the master key.
struct DataDirectory: Sendable {
    let path: String
    let masterKeyFile: String

    init(_ arguments: Arguments) throws(UsageError) {
        path = try arguments.required("data-dir")
        masterKeyFile = arguments.value("master-key-file") ?? path + "/master.key"
    }

    init(path: String) {
        self.path = path
        masterKeyFile = path + "/master.key"
    }

    /// Opens the store that `--store` names.
    func openStore(
        _ arguments: Arguments,
        sealer: any AuditSealer,
        time: any TimeSource,
        observer: (any StoreObserver)? = nil
    ) throws -> any InviteStore {
        try StoreChoice(arguments).open(directory: path, sealer: sealer, time: time, observer: observer)
    }

    /// The master key, made now where there is none and `creates` says so.
    func masterKey(creates: Bool, random: any RandomSource) throws -> MasterKey {
        if creates, !PrivateFile.exists(masterKeyFile) {
            let key = try MasterKey(random: random)
            do {
                try PrivateFile.create(masterKeyFile, content: key.fileContent)
            } catch {
                throw MasterKeyError.notWritten(masterKeyFile, "\(error)")
            }
            return key
        }
        return try MasterKey(file: masterKeyFile)
    }
}

/// Which store `--store` names.
enum StoreChoice: Equatable, Sendable {
    case sqlite
    case memory

    init(_ arguments: Arguments) throws(UsageError) {
        switch arguments.value("store") {
        case "sqlite": self = .sqlite
        case "memory": self = .memory
        case nil:
            #if SQLite
                self = .sqlite
            #else
                throw UsageError("this build has no SQLite: name a store with --store")
            #endif
        case let other?:
            if other.hasPrefix("postgres://") || other.hasPrefix("postgresql://") {
                throw UsageError("this build has no PostgreSQL store: use --store sqlite or memory")
            }
            throw UsageError("--store must be sqlite or memory")
        }
    }

    func open(
        directory: String,
        sealer: any AuditSealer,
        time: any TimeSource,
        observer: (any StoreObserver)?
    ) throws -> any InviteStore {
        switch self {
        case .memory: return MemoryInviteStore(auditSealer: sealer)
        case .sqlite:
            #if SQLite
                return try SQLiteInviteStore(
                    directory: directory,
                    auditSealer: sealer,
                    time: time,
                    observer: observer
                )
            #else
                throw UsageError("this build has no SQLite: name another store with --store")
            #endif
        }
    }
}
