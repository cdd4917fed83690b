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
    /// A data base of several processes, by its URL.
    case postgres(String)

    init(_ arguments: Arguments) throws(UsageError) {
        try self.init(name: arguments.value("store"), option: "store")
    }

    /// The store of that name; `option` is what the name was given to.
    init(name: String?, option: String) throws(UsageError) {
        switch name {
        case "sqlite": self = .sqlite
        case "memory": self = .memory
        case nil:
            #if SQLite
                self = .sqlite
            #else
                throw UsageError("this build has no SQLite: name a store with --store")
            #endif
        case let other?:
            guard other.hasPrefix("postgres://") || other.hasPrefix("postgresql://") else {
                throw UsageError("--\(option) must be sqlite, memory or postgres://…")
            }
            #if Postgres
                // What the address is wrong in is said without the address: it may hold the secret.
                if let fault = PostgresAddress.fault(in: other) { throw UsageError("--\(option): \(fault)") }
                self = .postgres(other)
            #else
                throw UsageError("this build has no PostgreSQL store: use --store sqlite or memory")
            #endif
        }
    }

    /// What errors call the place where the deployment should be.
    func place(_ directory: DataDirectory) -> String {
        if case .postgres = self { "the PostgreSQL data base" } else { directory.path }
    }

    func open(
        directory: String,
        sealer: any AuditSealer,
        time: any TimeSource,
        observer: (any StoreObserver)?
    ) throws -> any InviteStore {
        switch self {
        case .memory: return MemoryInviteStore(auditSealer: sealer)
        case .postgres(let address):
            #if Postgres
                return try PostgresInviteStore(address: address, auditSealer: sealer, time: time, observer: observer)
            #else
                throw UsageError("this build has no PostgreSQL: name another store with --store")
            #endif
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
