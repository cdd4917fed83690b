import Testing

@testable import TokenService

@Suite("Words of the command line")
struct ArgumentTests {
    static let command = Command(
        "key create",
        "makes a key",
        argument: "ID",
        options: [
            CommandOption("data-dir", "DIR", "directory"), CommandOption("scope", "SCOPE", "scope", isRepeated: true),
            CommandOption("json", nil, "prints JSON"), CommandOption("listen", "HOST:PORT", "address"),
        ]
    ) { _ in .success }

    private static func parse(
        _ words: [String],
        environment: [String: String] = [:],
        file: [String: [String]] = [:]
    ) throws(UsageError) -> Arguments {
        try Arguments(words, for: command, environment: environment, file: file)
    }

    @Test("Options, switches, repeats and one argument are read")
    func reading() throws {
        let arguments = try Self.parse(["--data-dir", "d", "--scope=a", "--scope", "b=c", "--json", "key_1"])
        #expect(arguments.value("data-dir") == "d")
        #expect(arguments.all("scope") == ["a", "b=c"])
        #expect(arguments.has("json"))
        #expect(!arguments.has("listen"))
        #expect(arguments.positional == ["key_1"])
    }

    @Test(
        "A mistake is explained",
        arguments: [
            (["--data-dri", "x"], "unknown option --data-dri; did you mean --data-dir?"),
            (["--jsno"], "unknown option --jsno; did you mean --json?"),
            (["--completely-else"], "unknown option --completely-else"), (["--data-dir"], "--data-dir needs a value"),
            (["--data-dir", "a", "--data-dir", "b"], "--data-dir was given twice"),
            (["--json=yes"], "--json takes no value"), (["a", "b"], "unexpected argument b"),
            (["-x"], "unexpected argument -x"), (["--"], "unexpected argument --"),
        ]
    )
    func mistakes(words: [String], message: String) throws {
        let error = try #require(throws: UsageError.self) { try Self.parse(words) }
        #expect(error.description == message)
    }

    @Test("A flag outranks the environment, which outranks the file")
    func precedence() throws {
        let environment = ["TOKENSERVICE_LISTEN": "env", "TOKENSERVICE_DATA_DIR": ""]
        let file = ["listen": ["file"], "data-dir": ["file"]]
        let flag = try Self.parse(["--listen", "flag"], environment: environment, file: file)
        #expect(flag.value("listen") == "flag")
        let variable = try Self.parse([], environment: environment, file: file)
        #expect(variable.value("listen") == "env")
        #expect(variable.value("data-dir") == "file")
        #expect(try Self.parse([], file: file).value("listen") == "file")
        #expect(try Self.parse([]).value("listen") == nil)
    }

    @Test("An option that is required says so when it is missing or empty", arguments: [[], ["--data-dir", ""]])
    func required(words: [String]) throws {
        let error = try #require(throws: UsageError.self) { try Self.parse(words).required("data-dir") }
        #expect(error.description == "--data-dir is required")
    }

    @Test("A long word, which may be a secret, is never shown whole")
    func secrets() throws {
        let secret = "ts_live_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZa1ZDveE"
        for words in [[secret, secret], ["--" + secret], ["--" + secret + "=" + secret]] {
            let error = try #require(throws: UsageError.self) { try Self.parse(words) }
            #expect(!error.description.contains("0123456789"))
        }
    }

    @Test(
        "Durations are numbers with at most one unit",
        arguments: [
            ("90", Int64(90)), ("90s", 90), ("15m", 900), ("24h", 86_400), ("7d", 604_800), ("0", 0), ("007", 7),
            ("", nil), ("s", nil), ("-5", nil), ("+5", nil), ("1.5h", nil), ("1h30m", nil), ("1 h", nil), ("1w", nil),
            ("1H", nil), ("9223372036854775807", .max), ("9223372036854775808", nil), ("9223372036854775807d", nil),
            ("\u{661}", nil), ("5ms", nil),
        ] as [(String, Int64?)]
    )
    func durations(text: String, seconds: Int64?) {
        #expect(Durations.seconds(text) == seconds)
    }

    @Test(
        "An issuer is https, or http on loopback",
        arguments: [
            "https://tokens.example.com", "https://tokens.example.com:8443", "https://example.com/tokens",
            "http://localhost", "http://localhost:8080", "http://127.0.0.1:8080", "http://127.1.2.3",
            "http://[::1]:8080", "http://[::1]", "https://[2001:db8::1]",
        ]
    )
    func issuers(text: String) throws {
        #expect(try IssuerURL(text).text == text)
    }

    @Test(
        "Any other issuer is refused",
        arguments: [
            "", "tokens.example.com", "http://example.com", "http://10.0.0.1", "http://localhost.example.com",
            "http://127.0.0.1.example.com", "http://localhost@example.com", "http://localhost:80@example.com",
            "https://", "https:///path", "https://example.com/", "https://example.com?x=1", "https://example.com#x",
            "https://user@example.com", "https://exam ple.com", "https://b\u{fc}cher.example", "https://example.com\"",
            "https://example.com\\", "ftp://example.com", "HTTPS://example.com", "https://example.com\n",
            "https://" + String(repeating: "a", count: 200), "http://0.0.0.0:80", "http://[::]", "http://[::2]",
        ]
    )
    func noIssuers(text: String) {
        #expect(throws: UsageError.self) { try IssuerURL(text) }
    }
}
