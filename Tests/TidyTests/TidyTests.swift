import Testing

@Suite("The house rules")
struct TidyTests {
    /// What each module may import, beside the standard library's own.
    static let arrows: [String: Set<String>] = [
        "Platform": ["CLinux"], "StrictJSON": [], "Telemetry": ["Platform"], "OpenSSLKit": ["Platform", "COpenSSL"],
        "HTTPServer": ["Platform", "Telemetry", "OpenSSLKit"], "HTTPClient": ["Platform", "OpenSSLKit"],
        "JWTLite": ["OpenSSLKit", "StrictJSON", "Platform"],
        "InviteStore": ["Platform", "Telemetry", "CSQLite", "CPostgres"],
        "TokenService": [
            "Platform", "Telemetry", "OpenSSLKit", "StrictJSON", "HTTPServer", "HTTPClient", "JWTLite", "InviteStore",
            "CAssets",
        ],
        "token-service": ["TokenService"],
    ]
    static let system: Set<String> = ["Glibc", "Synchronization", "FoundationEssentials"]

    @Test("The tree is found")
    func tree() {
        #expect(SourceTree.sources.count > 100)
        #expect(SourceTree.tests.count > 30)
        #expect(Set(SourceTree.sources.map(SourceTree.module)) == Set(Self.arrows.keys))
    }

    @Test("No file is longer than its limit")
    func length() {
        for file in SourceTree.sources { #expect(file.lines.count <= 500, "\(file): \(file.lines.count)") }
        for file in SourceTree.tests { #expect(file.lines.count <= 700, "\(file): \(file.lines.count)") }
    }

    @Test("Arrows between modules point down only", arguments: arrows.keys.sorted())
    func imports(module: String) {
        let allowed = (Self.arrows[module] ?? []).union(Self.system)
        for file in SourceTree.sources where SourceTree.module(file) == module {
            for name in file.imports { #expect(allowed.contains(name), "\(file) imports \(name)") }
        }
    }

    @Test(
        "Each C library is visible in its one Swift module",
        arguments: [
            ("COpenSSL", ["OpenSSLKit"]), ("CSQLite", ["InviteStore"]), ("CPostgres", ["InviteStore"]),
            ("CLinux", ["Platform"]), ("CAssets", ["TokenService"]),
        ]
    )
    func shims(shim: String, modules: [String]) {
        let importing = Set(SourceTree.sources.filter { $0.imports.contains(shim) }.map(SourceTree.module))
        #expect(importing == Set(modules))
    }

    @Test("Nothing imports Foundation")
    func foundation() {
        for file in SourceTree.sources { #expect(!file.imports.contains("Foundation"), "\(file)") }
    }

    @Test(
        "Nothing that traps or is unfinished stands in the sources",
        arguments: ["try!", "as!", "fatalError(", "TO" + "DO", "FIX" + "ME", "nonisolated(unsafe)", "DispatchQueue"]
    )
    func forbidden(word: String) {
        for file in SourceTree.sources {
            for (index, line) in file.lines.enumerated() where line.contains(word) {
                Issue.record("\(file):\(index + 1) has \(word)")
            }
        }
    }

    @Test("Tests have nothing unfinished, no sleeps and no traps")
    func forbiddenInTests() {
        let words = ["try" + "!", "as" + "! ", "TO" + "DO", "FIX" + "ME", ".disa" + "bled("]
        for file in SourceTree.tests where !file.path.hasSuffix("TidyTests.swift") {
            for (index, line) in file.lines.enumerated() {
                for word in words where line.contains(word) { Issue.record("\(file):\(index + 1) has \(word)") }
            }
        }
    }

    @Test("Only its one owner closes a descriptor: a second close may hit a stranger's")
    func owners() {
        var count = 0
        for file in SourceTree.sources + SourceTree.tests {
            // `close(&connection)` and `case close(…)` are words of our own; `close(raw)` is the system call.
            for (number, line) in file.code
            where line.contains(/(?:^|Glibc\.|[^.\w])close\((?![&)_])/) && !line.contains("case close(") {
                count += 1
                #expect(file.path == "Sources/Platform/FileDescriptor.swift", "\(file):\(number) closes by hand")
            }
        }
        #expect(count == 1)
    }

    @Test("Tests start processes by themselves: Foundation's way breaks with a thousand descriptors open")
    func processes() {
        for file in SourceTree.tests where !file.path.hasSuffix("TidyTests.swift") {
            for (number, line) in file.code where line.contains(" Process()") {
                Issue.record("\(file):\(number) has Process()")
            }
        }
    }

    @Test("Every unchecked promise says why it holds")
    func unchecked() {
        var count = 0
        for file in SourceTree.sources {
            for (index, line) in file.code where line.contains("@unchecked Sendable") {
                count += 1
                let around = file.lines[max(0, index - 13)..<min(file.lines.count, index + 3)]
                #expect(around.contains { $0.contains("Safe because") }, "\(file):\(index)")
            }
        }
        #expect(count > 0)
    }

    @Test(
        "Every limit says what it bounds",
        arguments: ["Sources/TokenService/ServiceLimits.swift", "Sources/HTTPServer/HTTPLimits.swift"]
    )
    func limits(path: String) {
        let file = SourceTree.file(path)
        var isDocumented = false
        var count = 0
        for (number, line) in file.lines.enumerated() {
            let text = line.drop { $0 == " " }
            if text.hasPrefix("///") {
                isDocumented = true
            } else if text.hasPrefix("package static let") || text.hasPrefix("package var") {
                count += 1
                #expect(isDocumented, "\(path):\(number + 1): \(text)")
                isDocumented = false
            } else if !text.hasPrefix("package enum") && !text.hasPrefix("package struct") {
                isDocumented = false
            }
        }
        #expect(count > 10)
    }

    @Test("The package depends on no other package")
    func dependencies() {
        let text = SourceTree.file("Package.swift").lines.joined(separator: "\n")
        #expect(text.contains("name: \"TokenService\""))
        for word in [".package(", "dependencies: [.package", "url:"] { #expect(!text.contains(word), "\(word)") }
    }

    @Test("Every target has the strict settings")
    func settings() {
        let file = SourceTree.file("Package.swift")
        for flag in [".strictMemorySafety()", ".treatAllWarnings(as: .error)"] {
            #expect(file.lines.contains { $0.contains(flag) }, "\(flag)")
        }
    }

    @Test("Files and folders of the machine that they were written on are named nowhere")
    func machinePaths() {
        let words = ["/wo" + "rk/", "/ro" + "ot/", "/ho" + "me/"]
        for file in SourceTree.sources + SourceTree.tests {
            for (index, line) in file.lines.enumerated() {
                for word in words where line.contains(word) { Issue.record("\(file):\(index + 1) has \(word)") }
            }
        }
    }
}
