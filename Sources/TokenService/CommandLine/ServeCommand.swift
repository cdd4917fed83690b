import HTTPServer
package import InviteStore
import JWTLite
package import OpenSSLKit
package import Platform
package import Telemetry

/// `token-service serve`: the service, until a signal ends it.
enum ServeCommand {
    static let options =
        CommonOptions.store + [
            CommandOption("listen", "HOST:PORT", "where clients connect (127.0.0.1:8080; port 0 is any free one)"),
            CommandOption("admin-listen", "HOST:PORT", "where metrics and health are read (127.0.0.1:8081)"),
            CommandOption("environment", "live|test", "serves keys and tokens of this environment alone (both)"),
            CommandOption("tls-cert", "FILE", "certificate chain, PEM; read again on SIGHUP"),
            CommandOption("tls-key", "FILE", "private key, PEM"),
            CommandOption("trusted-proxies", "CIDR[,CIDR…]", "peers whose X-Forwarded-… fields are believed (none)"),
            CommandOption("public-url", "URL[,URL…]", "where clients reach it, beside the issuer's URL (none)"),
            CommandOption("address-limit", "N|off", "exchanges and refused credentials a minute and address (600)"),
            CommandOption("drain-delay", "DURATION", "from SIGTERM until listening stops (0s)"),
            CommandOption("audit-days", "N", "days for which audit events are kept (400)"),
            CommandOption("signing-key-days", "N|off", "days after which a signing key gets a successor (off)"),
            CommandOption(
                "webhook-allow-network",
                "CIDR[,CIDR…]",
                "networks that webhooks may reach although they are not public (none)"
            ),
            CommandOption("webhook-ca-file", "FILE", "whom webhooks trust, PEM (the system's certificates)"),
            CommandOption("loops", "N", "event loops (one for each processor)"),
            CommandOption("log-level", "debug|info|warning|error", "what is logged (warning)"),
        ]

    static let command = Command("serve", "runs the service", options: options, isService: true) { arguments in
        let settings = try ServeSettings(arguments)
        // Before the first thread starts, so that every thread inherits the blocked signals.
        let signals = try SignalWaiter()
        let server = try await RunningService.start(settings, arguments)
        Console.print(server.readyLine)
        await server.run(until: signals)
        return .success
    }
}

/// The settings of `serve`, read and checked.
package struct ServeSettings: Sendable {
    package var listen: SocketAddress
    package var adminListen: SocketAddress
    package var environment: DeploymentEnvironment?
    package var tls: TLSServerConfiguration?
    package var trustedProxies: [IPNetwork]
    /// Addresses under which clients know the service, beside the issuer's URL.
    package var publicURLs: [String]
    /// Nil for no limit.
    package var addressLimit: Int?
    package var drainDelaySeconds: Int
    /// Nil for one a processor.
    package var loopCount: Int?
    package var logLevel: LogLevel
    /// Days for which audit events are kept.
    package var auditDays: Int64
    /// Days for which a signing key is in use before the service makes the next one; nil to leave that to the operator.
    package var signingKeyDays: Int64?
    package var webhooks = WebhookRules()

    package init(_ arguments: Arguments) throws(UsageError) {
        listen = try Self.address(arguments.value("listen") ?? "127.0.0.1:8080", option: "listen")
        adminListen = try Self.address(arguments.value("admin-listen") ?? "127.0.0.1:8081", option: "admin-listen")
        environment = try CommonOptions.environment(arguments)
        switch (arguments.value("tls-cert"), arguments.value("tls-key")) {
        case (let certificate?, let key?):
            tls = TLSServerConfiguration(certificateFile: certificate, privateKeyFile: key)
        case (nil, nil): tls = nil
        default: throw UsageError("--tls-cert and --tls-key go together")
        }
        trustedProxies = try Self.networks(arguments, "trusted-proxies")
        webhooks.allowedNetworks = try Self.networks(arguments, "webhook-allow-network")
        if let file = arguments.value("webhook-ca-file") { webhooks.trust = .file(file) }
        publicURLs = try Self.publicURLs(arguments.value("public-url") ?? "")
        addressLimit = try Self.addressLimit(arguments.value("address-limit") ?? "600")
        guard let delay = Durations.seconds(arguments.value("drain-delay") ?? "0"), delay <= 300 else {
            throw UsageError("--drain-delay must be a duration of at most 300s, such as 5s")
        }
        drainDelaySeconds = Int(delay)
        loopCount = try arguments.value("loops").map { text throws(UsageError) in
            guard let count = Int(text), (1...256).contains(count) else {
                throw UsageError("--loops must be from 1 to 256")
            }
            return count
        }
        guard let days = Int64(arguments.value("audit-days") ?? "\(ServiceLimits.auditDaysDefault)"),
            (1...36_500).contains(days)
        else { throw UsageError("--audit-days must be from 1 to 36500") }
        auditDays = days
        signingKeyDays = try Self.signingKeyDays(arguments.value("signing-key-days") ?? "off")
        guard let level = LogLevel(rawValue: arguments.value("log-level") ?? "warning") else {
            throw UsageError("--log-level must be debug, info, warning or error")
        }
        logLevel = level
    }

    private static func address(_ text: String, option: String) throws(UsageError) -> SocketAddress {
        let numeric = text.hasPrefix("localhost:") ? "127.0.0.1:" + text.dropFirst(10) : text
        guard let address = SocketAddress(parsing: numeric) else {
            throw UsageError("--\(option) must be an address and a port, such as 127.0.0.1:8080 or [::]:8080")
        }
        return address
    }

    private static func networks(_ arguments: Arguments, _ option: String) throws(UsageError) -> [IPNetwork] {
        var networks: [IPNetwork] = []
        for part in (arguments.value(option) ?? "").split(separator: ",") {
            guard let network = IPNetwork(parsing: String(part)) else {
                throw UsageError("--\(option): \(part.prefix(50)) is no address or CIDR block")
            }
            networks.append(network)
        }
        return networks
    }

    private static func publicURLs(_ text: String) throws(UsageError) -> [String] {
        let urls = text.split(separator: ",").map(String.init)
        guard urls.count <= ServiceLimits.publicURLsMax else {
            throw UsageError("--public-url takes at most \(ServiceLimits.publicURLsMax) URLs")
        }
        for url in urls {
            guard TargetURI.base(url) != nil else {
                throw UsageError(
                    "--public-url: \(url.prefix(50)) is no URL such as https://tokens.example.com, without query or fragment"
                )
            }
        }
        return urls
    }

    private static func signingKeyDays(_ text: String) throws(UsageError) -> Int64? {
        if text == "off" { return nil }
        guard let days = Int64(text), ServiceLimits.signingKeyDays.contains(days) else {
            let days = ServiceLimits.signingKeyDays
            throw UsageError("--signing-key-days must be off or from \(days.lowerBound) to \(days.upperBound)")
        }
        return days
    }

    private static func addressLimit(_ text: String) throws(UsageError) -> Int? {
        if text == "off" { return nil }
        guard let limit = Int(text), (1...1_000_000).contains(limit) else {
            throw UsageError("--address-limit must be off or from 1 to 1000000")
        }
        return limit
    }
}
