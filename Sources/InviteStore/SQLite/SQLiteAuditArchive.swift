#if SQLite
    package import Platform

    /// Reads the audit trail of a data base file, whether or not a service has it open.
    ///
    /// It takes no lock but SQLite's own on what it reads, each call for itself, and never writes: a service goes on
    /// minting beside it. Call it from one task at a time.
    package actor SQLiteAuditArchive: AuditSource {
        private let reader: Reader

        /// Opens the file of a data directory.
        ///
        /// Throws ``StoreError/notInitialised`` where there is none, ``StoreError/newerSchema(found:supported:)`` where
        /// a newer release wrote it, and ``StoreError/unavailable(_:)`` where an older one did, or it can not be read.
        package init(directory: String, time: any TimeSource) throws(StoreError) {
            do throws(SQLiteFailure) {
                let connection = try Connection(
                    path: directory + "/token-service.sqlite3",
                    access: .readOnly,
                    cacheKibibytes: 1_024,
                    time: time
                )
                let version = try connection.statement("PRAGMA user_version").first { row in row.int() } ?? 0
                let supported = Schema.steps.count
                if version == 0 { throw SQLiteFailure.refused(.notInitialised) }
                if version > supported {
                    throw SQLiteFailure.refused(.newerSchema(found: version, supported: supported))
                }
                if version < supported {
                    let text = "an older release wrote it: start the service once, so that it is brought up to date"
                    throw SQLiteFailure.refused(.unavailable(text))
                }
                reader = try Reader(
                    connection,
                    cutOffs: SharedCutOffs(LiveCutOffs()),
                    lookup: LookupBuffer([])
                )
            } catch {
                throw error.storeError
            }
        }

        /// The deployment, whose keys the trail is checked with.
        package func deployment() throws(StoreError) -> DeploymentRecord? {
            do throws(SQLiteFailure) { return try reader.deployment() } catch { throw error.storeError }
        }

        package func auditChains() throws(StoreError) -> [AuditChainState] {
            do throws(SQLiteFailure) { return try reader.auditChains() } catch { throw error.storeError }
        }

        package func auditChain(
            _ chain: Int64,
            after sequence: Int64,
            limit: Int
        ) throws(StoreError) -> [AuditRecord] {
            do throws(SQLiteFailure) {
                return try reader.auditChain(chain, after: sequence, limit: limit)
            } catch {
                throw error.storeError
            }
        }
    }
#endif
