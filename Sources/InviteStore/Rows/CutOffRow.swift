#if SQLite || Postgres
    internal import Platform

    /// The columns of `cut_offs`, read together with the workspace that the tenant number stands for.
    enum CutOffRow {
        /// Follow with a WHERE clause; `c` is the cut-offs' table.
        static let select = """
            SELECT c.number, c.id, w.id, c.tenant, c.kind, c.target, c.created_at, c.forget_at \
            FROM cut_offs AS c JOIN workspaces AS w ON w.number = c.tenant >> 1
            """

        static func encode(_ target: CutOffTarget) -> (kind: Int64, target: [UInt8]) {
            switch target {
            case .token(let id): (0, id.bytes)
            case .invite(let id): (1, id.bytes)
            case .session(let id): (2, id.bytes)
            case .participant(let digest): (3, digest.bytes)
            case .campaign(let name): (4, Array(name.utf8))
            case .apiKey(let id): (5, id.bytes)
            case .workspace: (6, [])
            }
        }

        static func decode(kind: Int64, target: [UInt8]) -> CutOffTarget? {
            switch kind {
            case 0: RecordID(bytes: target).map { .token($0) }
            case 1: RecordID(bytes: target).map { .invite($0) }
            case 2: RecordID(bytes: target).map { .session($0) }
            case 3: KeyedDigest16(bytes: target).map { .participant($0) }
            case 4: .campaign(String(decoding: target, as: UTF8.self))
            case 5: RecordID(bytes: target).map { .apiKey($0) }
            case 6: .workspace
            default: nil
            }
        }
    }
#endif
