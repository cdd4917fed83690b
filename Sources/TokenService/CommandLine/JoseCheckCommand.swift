import JWTLite

/// `token-service jose-check`: verifies signatures from standard input, a JSON line each.
enum JoseCheckCommand {
    /// A line is at most this long: a token, and a set of keys.
    private static let lineBytesMax = 1 << 20

    static let command = Command(
        "jose-check",
        "verifies JSON lines of tokens or raw signatures from standard input"
    ) { _ in
        var input = StandardInput(lineBytesMax: lineBytesMax)
        var allRead = true
        while let line = input.nextLine() {
            if line.isEmpty { continue }
            guard let result = JoseCheck.answer(line: line) else {
                Console.error("token-service: a line is not a JSON object with an id")
                allRead = false
                continue
            }
            Console.print(String(decoding: result, as: UTF8.self))
        }
        return allRead ? .success : .failure
    }
}
