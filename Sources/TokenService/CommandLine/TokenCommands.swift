import HTTPServer
import JWTLite
import Platform
import StrictJSON

/// `token-service token …`.
///
/// Tokens come on standard input, since arguments show in `ps`.
enum TokenCommands {
    static let commands = [verify, inspect]

    private static let verify = Command(
        "token verify",
        "says what a token on standard input is worth (exit code 0 valid, 10 not)",
        argument: "-",
        options: CommonOptions.client
    ) { arguments in
        var writer = JSONWriter(capacity: 2560)
        writer.beginObject()
        writer.member("token", try token(arguments))
        writer.endObject()
        return try await AdminClient.run(arguments) { client in
            let answer = try await client.send(.post, "/v1/tokens/verify", body: writer.bytes)
            let isValid = answer.json?["valid"]?.boolean == true
            let code = answer.json?["code"]?.string ?? "invalid_token"
            if client.printsJSON {
                Console.print(String(decoding: answer.body, as: UTF8.self))
            } else if isValid {
                for member in answer.json?.members ?? [] where !member.value.isNull {
                    Console.print(member.name.padded(to: 18) + (member.value.string ?? "true"))
                }
            } else {
                Console.error("token-service: the token is not valid: \(code)")
            }
            return isValid ? .success : .tokenInvalid
        }
    }

    private static let inspect = Command(
        "token inspect",
        "decodes a token on standard input without verifying it",
        argument: "-",
        options: CommonOptions.client
    ) { arguments in
        let parts = try token(arguments).split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, let header = json(parts[0]), let claims = json(parts[1]) else {
            Console.error("token-service: this is not a token of three base64url parts")
            return .tokenInvalid
        }
        if arguments.has("json") {
            var writer = JSONWriter(capacity: 1024)
            writer.beginObject()
            writer.member("verified", false)
            writer.member("header", raw: JSONText.bytes(header))
            writer.member("claims", raw: JSONText.bytes(claims))
            writer.endObject()
            Console.print(String(decoding: writer.bytes, as: UTF8.self))
            return .success
        }
        Console.print("NOT VERIFIED: anybody could have written this. Use `token verify` to know.")
        show(header)
        show(claims)
        return .success
    }

    private static func show(_ object: JSONValue) {
        for member in object.members {
            var text = member.value.string ?? String(decoding: JSONText.bytes(member.value), as: UTF8.self)
            if ["iat", "nbf", "exp"].contains(member.name), let seconds = member.value.integer {
                text += "  (\(RFC3339.text(UnixTime(seconds: seconds))))"
            }
            Console.print(member.name.padded(to: 14) + text)
        }
    }

    private static func json(_ part: Substring) -> JSONValue? {
        guard let bytes = Base64URLText.decode(String(part)), let document = try? JSONDocument(parsing: bytes),
            document.root.kind == .object
        else { return nil }
        return document.root
    }

    private static func token(_ arguments: Arguments) throws -> String {
        if let argument = arguments.positional.first, argument != "-" {
            throw UsageError("give the token on standard input, not as an argument")
        }
        guard let bytes = StandardInput.readAll(bytesMax: 16_384) else {
            throw UsageError("the token on standard input is longer than 16384 bytes")
        }
        let text = String(decoding: bytes, as: UTF8.self).filter { !$0.isWhitespace }
        guard !text.isEmpty else { throw UsageError("give a token on standard input") }
        return text
    }
}
