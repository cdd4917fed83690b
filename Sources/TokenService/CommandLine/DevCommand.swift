import HTTPServer
import InviteStore
import Platform

/// `token-service dev`: loopback, test environment, everything seeded, a banner to copy from.
enum DevCommand {
    private static let directory = ".token-service-dev"

    static let command = Command(
        "dev",
        "runs a seeded test service on loopback",
        options: [
            CommandOption(
                "port",
                "N",
                "port of the API (8080); the admin listener takes the next one, the demo page the one after"
            ),
            CommandOption("data-dir", "DIR", "where its data is kept (\(directory))"),
        ],
        isService: true,
        run: run
    )

    private static func run(_ arguments: Arguments) async throws -> ExitCode {
        guard let port = UInt16(arguments.value("port") ?? "8080"), port < 65_534 else {
            throw UsageError("--port must be from 0 to 65533")
        }
        let path = arguments.value("data-dir") ?? directory
        let url = "http://127.0.0.1:\(port)"
        if !PrivateFile.exists(path + "/env") { try await seed(path, url) }
        let serve = try Arguments(
            [
                "--data-dir", path, "--listen", "127.0.0.1:\(port)",
                "--admin-listen", "127.0.0.1:\(port == 0 ? 0 : port + 1)", "--environment", "test",
            ],
            for: ServeCommand.command,
            environment: [:]
        )
        // Before the first thread starts, so that every thread inherits the blocked signals.
        let signals = try SignalWaiter()
        let stage = DemoStage()
        let server = try await RunningService.start(ServeSettings(serve), serve, demo: stage)
        let demo = try await DemoListener.start(server, stage: stage, port: port == 0 ? 0 : port + 2)
        Console.print(banner(server, demo, path))
        await server.run(until: signals)
        await demo.stop()
        return .success
    }

    /// Sets up the directory and keeps the key where the banner's commands find it.
    private static func seed(_ path: String, _ url: String) async throws {
        let words = ["--data-dir", path, "--issuer", url, "--environment", "test"]
        let result = try await InitCommand.setUp(
            Arguments(words, for: InitCommand.command, environment: [:])
        )
        let text = "export TOKENSERVICE_URL=\(url)\nexport TOKENSERVICE_API_KEY=\(result.secret)\n"
        try PrivateFile.create(path + "/env", content: Array(text.utf8))
    }

    private static func banner(_ server: RunningService, _ demo: DemoListener, _ path: String) -> String {
        """
        token-service \(CommandLineTool.version)  test environment, loopback only, data in \(path)

          API    http://\(server.publicAddress)      docs at /docs, description at /openapi.yaml
          Admin  http://\(server.adminAddress)      metrics at /metrics, health at /readyz
          Demo   \(demo.url)      the widget, live, on a page of another origin
          Key    in \(path)/env

        Mint your first token, in another terminal:

          source \(path)/env
          curl -s $TOKENSERVICE_URL/v1/invites -H "Authorization: Bearer $TOKENSERVICE_API_KEY" \\
            -H 'Content-Type: application/json' \\
            -d '{"campaign_id":"camp_456abc","participant_email":"user@example.com"}'

        Redeem it and validate what you get, with the tokens in place of the dots:

          curl -s $TOKENSERVICE_URL/v1/widget/sessions -H 'Content-Type: application/json' -d '{"invite_token":"…"}'
          curl -s $TOKENSERVICE_URL/v1/widget/session -H 'Authorization: Bearer …'

        Ctrl-C drains and stops.
        """
    }
}
