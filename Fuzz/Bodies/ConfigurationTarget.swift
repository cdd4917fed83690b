import TokenService

/// Settings from flags, the environment and the file: read or refused with a short sentence that shows no secret.
///
/// The first byte says how many words of the rest, which are separated by line feeds, are flags and variables; what is
/// left is the configuration file.
enum ConfigurationTarget {
    private static let serve = CommandLineTool.commands.first { $0.path == ["serve"] }

    static func check(_ bytes: [UInt8]) throws(Finding) {
        guard let serve, let first = bytes.first else { return }
        let lines = bytes.dropFirst().split(separator: 0x0A, omittingEmptySubsequences: false)
        let flags = lines.prefix(Int(first & 7)).map { String(decoding: $0, as: UTF8.self) }
        let left = lines.dropFirst(flags.count)
        let variables = left.prefix(Int(first >> 3 & 3)).map { String(decoding: $0, as: UTF8.self) }
        let content = Array(left.dropFirst(variables.count).joined(separator: [0x0A]))
        let environment = Dictionary(
            variables.compactMap { line -> (String, String)? in
                guard let equals = line.firstIndex(of: "=") else { return nil }
                return ("TOKENSERVICE_" + line[..<equals], String(line[line.index(after: equals)...]))
            },
            uniquingKeysWith: { $1 }
        )
        let words = flags + environment.values
        let arguments: Arguments
        let settings: ServeSettings
        do throws(UsageError) {
            let file = content.isEmpty ? [:] : try ConfigurationFile.parse(content, path: "settings", for: serve)
            arguments = try Arguments(flags, for: serve, environment: environment, file: file)
            settings = try ServeSettings(arguments)
        } catch {
            try require(error.description.utf8.count <= 400, "a fault of \(error.description.utf8.count) bytes")
            for word in words where word.count > 60 {
                try require(!error.description.contains(word), "a fault that shows a whole word")
            }
            return
        }
        try hold(settings, arguments)
    }

    private static func hold(_ settings: ServeSettings, _ arguments: Arguments) throws(Finding) {
        try require((0...300).contains(settings.drainDelaySeconds), "a delay of \(settings.drainDelaySeconds) s")
        try require((1...256).contains(settings.loopCount ?? 1), "\(settings.loopCount ?? 0) loops")
        try require((1...1_000_000).contains(settings.addressLimit ?? 1), "a limit of \(settings.addressLimit ?? 0)")
        try require((1...36_500).contains(settings.auditDays), "\(settings.auditDays) days")
        if let days = settings.signingKeyDays {
            try require(ServiceLimits.signingKeyDays.contains(days), "\(days) days of a signing key")
        }
        if let proxies = arguments.value("trusted-proxies") {
            let written = proxies.split(separator: ",").count
            try require(settings.trustedProxies.count == written, "a proxy was passed over")
        }
    }
}
