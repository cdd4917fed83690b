import InviteStore
import Platform

/// One change that a store which several processes share writes down for all of them.
struct StoreChange {
    enum Kind {
        case cutOff
        case endedSession(EndedSession)
        case apiKey(RecordID)
        case policies
        case signingKeys
        case workspaces
    }

    let kind: Kind
    let at: MonotonicInstant
}

/// What a store tells the processes that share it, as the one on PostgreSQL does: each change once, in the order in which
/// they were committed, out of a list of its own that is kept for a day.
///
/// What the tables hold is another matter: a session's mark may be swept before everybody heard of it.
struct StoreFeed {
    static let keptMilliseconds = 86_400_000

    /// The changes that are still kept.
    private var changes: ArraySlice<StoreChange> = []
    /// How many were ever noted: the number of the newest.
    private(set) var last = 0
    /// The keys and marks as they were when changes were last looked for.
    private var keys: [RecordID: APIKeyRecord] = [:]
    private var marks: [EndedSession] = []

    mutating func note(_ kind: StoreChange.Kind, at: MonotonicInstant) {
        changes.append(StoreChange(kind: kind, at: at))
        last += 1
    }

    /// Notes what is different in keys; when one was last used is told to nobody.
    mutating func note(keys all: [APIKeyRecord], at: MonotonicInstant) {
        for key in all {
            var key = key
            key.lastUsedAt = nil
            if keys.updateValue(key, forKey: key.id) != key { note(.apiKey(key.id), at: at) }
        }
    }

    /// Notes the marks that were not there before.
    mutating func note(marks all: [EndedSession], at: MonotonicInstant) {
        for mark in all where !marks.contains(mark) { note(.endedSession(mark), at: at) }
        marks = all
    }

    /// Forgets what was told long ago.
    mutating func sweep(now: MonotonicInstant) {
        changes = changes.drop { $0.at.adding(milliseconds: Self.keptMilliseconds) <= now }
    }

    /// What came after the one with this number; nil where some of it is not kept any more.
    func after(_ number: Int) -> ArraySlice<StoreChange>? {
        let missing = last - number
        return missing <= changes.count ? changes.suffix(missing) : nil
    }
}

/// What a process was told of the store, and when.
struct FeedPosition {
    /// How often a replica asks by itself, and after how long without an answer it trusts its memory no more, in
    /// milliseconds; as the store for several machines has it.
    static let askMilliseconds = 500
    static let silenceMilliseconds = 4_750

    /// The number of the newest change, and of the newest cut-off.
    var change = 0
    var cutOff: Int64 = 0
    var heardAt = MonotonicInstant(nanoseconds: 0)
}
