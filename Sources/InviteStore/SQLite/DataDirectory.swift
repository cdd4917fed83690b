#if SQLite
    internal import Glibc
    internal import Platform

    /// A data directory that several may hold on to; it is free when the last lets go.
    final class HeldDirectory {
        private let directory: DataDirectory

        init(_ directory: consuming DataDirectory) { self.directory = directory }
    }

    /// The directory that holds the data base, locked for one process for as long as this value lives.
    struct DataDirectory: ~Copyable {
        /// Path of the data base file, which exists and only its owner may touch.
        let databasePath: String
        private let lock: FileDescriptor

        /// Makes the directory (0700) and an empty data base file (0600) where they are missing, and takes the lock.
        ///
        /// The write-ahead log and its index get the file's own permissions from SQLite. The lock is flock(2) on a file
        /// of its own: it goes with the process, whatever ends it, and tells two stores of one process apart too.
        init(path: String) throws(StoreError) {
            let databasePath = path + "/token-service.sqlite3"
            lock = try Self.prepare(path, databasePath)
            self.databasePath = databasePath
        }

        /// Gives the lock up by name: a child process between fork(2) and exec(2) still holds a copy of the descriptor, and
        /// closing ours alone would leave the directory locked until it has gone on.
        deinit { flock(lock.rawValue, LOCK_UN) }

        private static func prepare(_ path: String, _ databasePath: String) throws(StoreError) -> FileDescriptor {
            if unsafe mkdir(path, 0o700) != 0, errno != EEXIST { throw unavailable("mkdir", path) }
            // A directory made by hand may be open to others. Nothing in it is theirs to read.
            if unsafe chmod(path, 0o700) != 0 { throw unavailable("chmod", path) }
            let lock = try open(path + "/lock")
            if flock(lock.rawValue, LOCK_EX | LOCK_NB) != 0 {
                throw .inUse(
                    "The data directory \(path) is in use by another process. Stop that one first, or name another "
                        + "directory; the lock goes with the process, so there is no file to remove."
                )
            }
            _ = try open(databasePath)
            if unsafe chmod(databasePath, 0o600) != 0 { throw unavailable("chmod", databasePath) }
            return lock
        }

        private static func open(_ path: String) throws(StoreError) -> FileDescriptor {
            let descriptor = unsafe Glibc.open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
            guard descriptor >= 0 else { throw unavailable("open", path) }
            return FileDescriptor(owning: descriptor)
        }

        private static func unavailable(_ call: String, _ path: String) -> StoreError {
            .unavailable("\(SystemError(call: call, code: errno)) (\(path))")
        }
    }
#endif
