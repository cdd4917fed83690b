/// What happened in a store since its observer was told last, by this process or by others.
package struct StoreChanges: Equatable, Sendable {
    package var cutOffs: [CutOffRecord] = []
    package var endedSessions: [EndedSession] = []
    /// Keys that were made or changed.
    package var apiKeys: Set<RecordID> = []
    /// Workspaces that changed.
    package var workspaces: Set<RecordID> = []
    /// Tenants whose policies changed.
    package var policies: Set<Tenant> = []
    /// True where the deployment's own policy changed.
    package var deploymentPolicy = false
    package var signingKeys = false
    package var importedPrefixes = false
    /// True where changes may be missing here: everything that is remembered has to be read anew.
    package var isIncomplete = false

    /// From the begin of the transaction of the oldest of them until they were read, by the data base's clock alone; nil
    /// where nothing happened.
    package var delayMilliseconds: Int64?

    /// True where more was committed already, and is told next: until then this replica does not know all.
    package var hasMore = false

    package init() {}

    package var isEmpty: Bool {
        var none = StoreChanges()
        none.hasMore = hasMore
        return self == none
    }
}

/// Learns what other processes did to a store that several share; called on the store's own threads, so it must return
/// at once and never block.
package protocol StoreChangesObserver: AnyObject, Sendable {
    /// Everything that was committed a moment ago is known here with these changes, which may be none.
    func changed(_ changes: StoreChanges)

    /// The store has not been heard of for too long: what is remembered may be wrong. Called again and again until
    /// ``changed(_:)`` is.
    func isCutOff()

    /// This machine's clock was compared with the store's: it is so far ahead, or behind where that is negative, and
    /// `isOff` says whether that is too far.
    func compared(aheadMilliseconds: Int64, isOff: Bool)
}

extension StoreChangesObserver {
    package func compared(aheadMilliseconds: Int64, isOff: Bool) {}
}

extension InviteStore {
    /// A store that one process has for itself has nothing to tell it.
    package func observeChanges(_ observer: any StoreChangesObserver) async throws(StoreError) {}
}
