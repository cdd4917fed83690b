import InviteStore
import Platform

/// `token-service store …`.
enum StoreCommands {
    static let commands = [copy]

    private static let copy = Command(
        "store copy",
        "moves a data directory's deployment into an empty PostgreSQL; run again, it goes on where it was cut short",
        options: [
            CommandOption("config", "FILE", "reads settings from a JSON file"),
            CommandOption("data-dir", "DIR", "the deployment's directory, whose service is not running"),
            CommandOption("from", "sqlite", "what to copy (sqlite)"),
            CommandOption("to", "URL", "where to: postgres://…"),
        ]
    ) { arguments in
        guard arguments.value("from") ?? "sqlite" == "sqlite" else { throw UsageError("--from must be sqlite") }
        let target = try StoreChoice(name: try arguments.required("to"), option: "to")
        guard case .postgres(let address) = target else { throw UsageError("--to must be postgres://…") }
        let directory = try arguments.required("data-dir")
        guard PrivateFile.exists(directory) else { throw DeploymentError.notSetUp(directory) }
        #if SQLite && Postgres
            let copy = try StoreCopy(from: directory, to: address, time: SystemTimeSource())
            let bar = ProgressBar()
            let rows = try copy.run { bar.show($0) }
            bar.end()
            Console.print("\(rows) rows copied and compared")
            Console.print("Start the replicas with this --store and the master key of \(directory).")
            return .success
        #else
            _ = address
            throw UsageError("this build has not both SQLite and PostgreSQL")
        #endif
    }
}

#if SQLite && Postgres
    /// One line on a terminal's standard error that says how far a copy is; nothing where that is no terminal.
    private final class ProgressBar {
        private let isShown = Console.isErrorTerminal
        private var last = ""

        func show(_ progress: CopyProgress) {
            guard isShown else { return }
            let share = progress.rowsInAll == 0 ? 1 : Double(progress.rows) / Double(progress.rowsInAll)
            let done = min(30, Int(share * 30))
            let bar = String(repeating: "#", count: done) + String(repeating: ".", count: 30 - done)
            let verb = progress.stage == .copying ? "copying" : "comparing"
            let line = "[\(bar)] \(verb) \(progress.table), \(progress.rows) of \(progress.rowsInAll) rows"
            guard line != last else { return }
            last = line
            Console.progress("\r\u{1B}[2K" + line)
        }

        func end() { if isShown { Console.progress("\r\u{1B}[2K") } }
    }
#endif
