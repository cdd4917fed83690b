#if SQLite || Postgres
    internal import Synchronization

    /// The live cut-offs as of the last commit, for the readers.
    final class SharedCutOffs: Sendable {
        private let cutOffs: Mutex<LiveCutOffs>

        init(_ cutOffs: LiveCutOffs) { self.cutOffs = Mutex(cutOffs) }

        var current: LiveCutOffs { cutOffs.withLock { $0 } }

        func apply(added: [CutOffRecord], removed: [CutOffRecord]) {
            cutOffs.withLock { cutOffs in
                for cutOff in removed { cutOffs.remove(cutOff) }
                for cutOff in added { cutOffs.insert(cutOff) }
            }
        }

        func applied(to invite: InviteRecord) -> InviteRecord { cutOffs.withLock { $0.applied(to: invite) } }

        func applied(to session: SessionRecord) -> SessionRecord { cutOffs.withLock { $0.applied(to: session) } }
    }
#endif
