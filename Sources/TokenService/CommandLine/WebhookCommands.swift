import HTTPServer
import Platform
import StrictJSON

/// `token-service webhook …`: endpoints that are told of events.
enum WebhookCommands {
    static let commands = [create, list, test, deliveries, redeliver, rotate, delete]

    private static let create = Command(
        "webhook create",
        "makes a webhook; its secret is printed once",
        options: CommonOptions.client + [
            CommandOption("endpoint", "URL", "where events are sent: https, without user and fragment"),
            CommandOption("event", "TYPE", "a type (invite.created), a start (invite.*), or *", isRepeated: true),
            CommandOption("description", "TEXT", "what it is for"),
        ]
    ) { arguments in
        var writer = JSONWriter(capacity: 512)
        writer.beginObject()
        writer.member("url", try arguments.required("endpoint"))
        let events = arguments.all("event")
        guard !events.isEmpty else { throw UsageError("--event is required, once for each type") }
        writer.member("events", events)
        if let description = arguments.value("description") { writer.member("description", description) }
        writer.endObject()
        return try await AdminClient.run(arguments) { client in
            showSecret(try await client.send(.post, root, body: writer.bytes), client)
            return .success
        }
    }

    private static let list = Command(
        "webhook list",
        "lists webhooks, newest first",
        options: CommonOptions.client + [CommandOption("limit", "N", "at most this many (100)")]
    ) { arguments in
        try await AdminClient.run(arguments) { client in
            let limit = try Listing.limit(arguments)
            Listing.print(
                try await client.list(root, query: [], limit: limit),
                columns: ["id", "url", "events", "enabled", "disabled_reason", "failing_since", "created_at"],
                asJSON: client.printsJSON
            )
            return .success
        }
    }

    private static let test = Command(
        "webhook test",
        "sends an event to one webhook alone",
        argument: "WEBHOOK_ID",
        options: CommonOptions.client
    ) { arguments in
        let id = try named(arguments)
        return try await AdminClient.run(arguments) { client in
            let answer = try await client.send(.post, path(id) + "/test")
            sending(answer.json?["event_id"]?.string ?? "", to: id, answer, client)
            return .success
        }
    }

    private static let deliveries = Command(
        "webhook deliveries",
        "lists what was sent to a webhook, newest first",
        argument: "WEBHOOK_ID",
        options: CommonOptions.client + [CommandOption("limit", "N", "at most this many (100)")]
    ) { arguments in
        let id = try named(arguments)
        return try await AdminClient.run(arguments) { client in
            let limit = try Listing.limit(arguments)
            Listing.print(
                try await client.list(path(id) + "/deliveries", query: [], limit: limit),
                columns: [
                    "event_id", "type", "status", "attempts", "response_status", "error", "last_attempt_at",
                    "next_attempt_at",
                ],
                asJSON: client.printsJSON
            )
            return .success
        }
    }

    private static let redeliver = Command(
        "webhook redeliver",
        "sends an event of the list of deliveries once more",
        argument: "WEBHOOK_ID EVENT_ID",
        argumentsMax: 2,
        options: CommonOptions.client
    ) { arguments in
        let id = try named(arguments)
        guard arguments.positional.count == 2 else { throw UsageError("which event? Give its id (evt_…)") }
        let event = arguments.positional[1]
        return try await AdminClient.run(arguments) { client in
            let target = path(id) + "/deliveries/" + PercentEncoding.encode(event) + "/redeliver"
            let answer = try await client.send(.post, target)
            sending(event, to: id, answer, client)
            return .success
        }
    }

    private static let rotate = Command(
        "webhook rotate-secret",
        "gives a webhook a new secret; the old one signs too for a while",
        argument: "WEBHOOK_ID",
        options: CommonOptions.client + [
            CommandOption("overlap", "DURATION|TIME", "how long, or until when, the old secret signs too (24h)")
        ]
    ) { arguments in
        let id = try named(arguments)
        var body: [UInt8]?
        if let text = arguments.value("overlap") {
            var writer = JSONWriter(capacity: 64)
            writer.beginObject()
            writer.member("overlap_until", try KeyCommands.instant(text, "overlap"))
            writer.endObject()
            body = writer.bytes
        }
        return try await AdminClient.run(arguments) { client in
            showSecret(try await client.send(.post, path(id) + "/rotate-secret", body: body), client)
            return .success
        }
    }

    private static let delete = Command(
        "webhook delete",
        "removes a webhook; what was not sent by then is not sent any more",
        argument: "WEBHOOK_ID",
        options: CommonOptions.client
    ) { arguments in
        let id = try named(arguments)
        return try await AdminClient.run(arguments) { client in
            _ = try await client.send(.delete, path(id))
            if !client.printsJSON { Console.print("deleted \(id)") }
            return .success
        }
    }

    private static let root = "/v1/webhooks"

    private static func path(_ id: String) -> String { root + "/" + PercentEncoding.encode(id) }

    private static func named(_ arguments: Arguments) throws(UsageError) -> String {
        guard let id = arguments.positional.first else { throw UsageError("which webhook? Give its id (whk_…)") }
        return id
    }

    private static func sending(_ event: String, to id: String, _ answer: AdminAnswer, _ client: AdminClient) {
        let text = client.printsJSON ? String(decoding: answer.body, as: UTF8.self) : "sending \(event) to \(id)"
        Console.print(text)
    }

    private static func showSecret(_ answer: AdminAnswer, _ client: AdminClient) {
        if client.printsJSON {
            Console.print(String(decoding: answer.body, as: UTF8.self))
        } else {
            Console.print("webhook id  \(answer.json?["id"]?.string ?? "")")
            Console.print("secret      \(answer.json?["secret"]?.string ?? "")")
            Console.print("\nStore the secret with the receiver now: it is not shown again.")
        }
    }
}
