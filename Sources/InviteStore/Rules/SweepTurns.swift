/// In which order a sweep goes through what there is to remove: who has waited longest is next, from one call to the others.
///
/// So however much of one kind is past its use, every other kind has its turn.
struct SweepTurns<Stage: CaseIterable & Hashable & Sendable>: Sendable {
    private var line = Array(Stage.allCases)

    /// The one among `pending` that has waited longest, which goes to the end of the line; nil where none is pending.
    mutating func next(of pending: Set<Stage>) -> Stage? {
        guard let index = line.firstIndex(where: pending.contains) else { return nil }
        let stage = line.remove(at: index)
        line.append(stage)
        return stage
    }
}
