import Glibc
import HTTPClient
import InviteStore
import Platform
import TokenService

/// What owners of webhooks and their endpoints send: addresses, lists of events, answers.
///
/// The first byte chooses what the rest is, and whether endpoints on this machine are allowed.
enum WebhookTarget {
    static func check(_ bytes: [UInt8]) throws(Finding) {
        guard let choice = bytes.first else { return }
        let rest = Array(bytes.dropFirst())
        var rules = WebhookRules()
        rules.allowsLoopback = choice & 4 != 0
        if choice & 8 != 0 { rules.allowedNetworks = ["10.1.0.0/16", "fd00::/8"].compactMap(IPNetwork.init(parsing:)) }
        switch choice & 3 {
        case 0: if let text = String(validating: rest, as: UTF8.self) { try url(text, rules) }
        case 1: try address(rest, rules)
        case 2: if let text = String(validating: rest, as: UTF8.self) { try events(text) }
        default: try answer(rest, attempts: Int(choice >> 4))
        }
    }

    // MARK: Addresses

    /// An accepted URL leads to a name, or to an address that may be reached, and can stand in a request.
    private static func url(_ text: String, _ rules: WebhookRules) throws(Finding) {
        let url: WebhookURL
        do throws(Problem) {
            url = try WebhookURL(text, rules: rules)
        } catch {
            try require(error.code == .invalidRequest && error.param == "url", "refused as \(error.code)")
            try require(error.message.utf8.count <= 160, "a long refusal")
            return
        }
        let endpoint = url.endpoint
        try require(text.utf8.count <= ServiceLimits.webhookURLBytesMax, "a long URL")
        try require(!text.contains("#") && !endpoint.host.contains("@"), "a user or a fragment")
        try require(!endpoint.host.isEmpty && endpoint.port != 0, "no host or no port")
        try require(url.target.utf8.first == UInt8(ascii: "/"), "a target without a slash")
        try require((url.target + endpoint.authority).utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }, "odd bytes")
        let literal = octets(endpoint.host)
        if let literal { try require(isOpen(literal, rules), "leads to \(endpoint.host)") }
        let isHere = literal.map(isLoopback) ?? (endpoint.host == "localhost")
        try require(endpoint.isSecure || rules.allowsLoopback && isHere, "plain HTTP to \(endpoint.host)")
        let request = "POST / HTTP/1.1\r\nHost: \(endpoint.authority)\r\n\r\n"
        let run = try ParserRun(Array(request.utf8))
        try require(run.heads.count == 1, "no host of a request: \(endpoint.authority)")
        let written = (endpoint.isSecure ? "https://" : "http://") + endpoint.authority + url.target
        if written.utf8.count <= ServiceLimits.webhookURLBytesMax {
            try require((try? WebhookURL(written, rules: rules)) == url, "read as another: \(written)")
        }
    }

    /// An address, from its four or sixteen bytes.
    private static func address(_ bytes: [UInt8], _ rules: WebhookRules) throws(Finding) {
        guard bytes.count >= 4 else { return }
        let octets = bytes.count >= 16 ? folded(Array(bytes.prefix(16))) : Array(bytes.prefix(4))
        let words = bytes.prefix(16).reduce(into: (UInt64(0), UInt64(0))) { words, byte in
            words = (words.0 << 8 | words.1 >> 56, words.1 << 8 | UInt64(byte))
        }
        let address =
            bytes.count >= 16
            ? IPAddress(v6: words.0, words.1)
            : IPAddress(v4: octets.reduce(0) { $0 << 8 | UInt32($1) })
        try require(rules.addresses.admits(address) == isOpen(octets, rules), "\(address)")
        try require(AddressGuard.none.admits(address), "\(address) is refused by nobody's rule")
    }

    /// The bytes of a host that the C library takes for an address, in whatever spelling; nil for a name.
    private static func octets(_ host: String) -> [UInt8]? {
        if host.utf8.contains(UInt8(ascii: ":")) {
            var bytes = [UInt8](repeating: 0, count: 16)
            return unsafe inet_pton(AF_INET6, host, &bytes) == 1 ? folded(bytes) : nil
        }
        var address = in_addr()
        guard unsafe inet_aton(host, &address) != 0 else { return nil }
        let bits = UInt32(bigEndian: address.s_addr)
        return [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: bits >> $0) }
    }

    /// A v4-mapped address is the IPv4 address (RFC 4291 section 2.5.5.2).
    private static func folded(_ bytes: [UInt8]) -> [UInt8] {
        bytes.starts(with: [UInt8](repeating: 0, count: 10) + [0xFF, 0xFF]) ? Array(bytes.suffix(4)) : bytes
    }

    private static func isLoopback(_ octets: [UInt8]) -> Bool {
        octets.count == 4 ? octets[0] == 127 : octets == [UInt8](repeating: 0, count: 15) + [1]
    }

    /// Whether the rules let an address through, written out number by number.
    private static func isOpen(_ octets: [UInt8], _ rules: WebhookRules) -> Bool {
        if rules.allowsLoopback, isLoopback(octets) { return true }
        guard octets.count == 4 else {
            if !rules.allowedNetworks.isEmpty, octets[0] == 0xFD { return true }
            let start = (UInt16(octets[0]) << 8 | UInt16(octets[1]), UInt16(octets[2]) << 8 | UInt16(octets[3]))
            switch start {
            case (0x2001, 0...0x1FF), (0x2001, 0xDB8), (0x2002, _), (0x3FFF, 0...0xFFF): return false
            default: return octets[0] >> 5 == 1
            }
        }
        switch (octets[0], octets[1], octets[2], octets[3]) {
        case (10, 1, _, _): return !rules.allowedNetworks.isEmpty
        case (0, _, _, _), (10, _, _, _), (127, _, _, _), (224..., _, _, _), (169, 254, _, _), (192, 168, _, _):
            return false
        case (100, 64...127, _, _), (172, 16...31, _, _), (198, 18...19, _, _), (192, 0, 0, _): return false
        case (192, 0, 2, _), (198, 51, 100, _), (203, 0, 113, _), (192, 88, 99, _), (168, 63, 129, 16): return false
        default: return true
        }
    }

    // MARK: Events

    /// A list of events, and whether it holds one: the lines are a type, what it happened to, and the list.
    private static func events(_ text: String) throws(Finding) {
        let lines = text.utf8.split(separator: 0x0A, omittingEmptySubsequences: false).map { String($0) ?? "" }
        guard lines.count >= 3 else { return }
        let list = lines.dropFirst(2).filter(WebhookFilter.isEvent)
        for line in lines { try require(WebhookFilter.isEvent(line) == isEvent(Array(line.utf8)), "an event: \(line)") }
        let draft = AuditDraft(
            id: RecordID(high: 0x7000, low: 1 << 63),
            type: lines[0],
            at: TokenBench.now,
            tenant: nil,
            actor: "operator",
            target: lines[1],
            requestID: ""
        )
        let type = Array(lines[0].utf8)
        let isListed = list.contains { entry in
            entry == "*" || entry.utf8.elementsEqual(type)
                || entry.utf8.last == UInt8(ascii: "*") && type.starts(with: entry.utf8.dropLast())
        }
        let isTest = type.elementsEqual("webhook.tested".utf8) && lines[1] == "whk_1"
        let matches = WebhookFilter(list).matches(draft, target: "whk_1")
        try require(matches == (isListed || isTest), "\(lines[0]) and \(list)")
    }

    /// The grammar, byte by byte: words with dots between, at least two, of which the last may be `*`; or `*` alone.
    private static func isEvent(_ bytes: [UInt8]) -> Bool {
        if bytes == [UInt8(ascii: "*")] { return true }
        guard bytes.count <= ServiceLimits.webhookEventCharactersMax else { return false }
        var words = 1
        var previous = UInt8(ascii: ".")
        for (index, byte) in bytes.enumerated() {
            switch byte {
            case UInt8(ascii: "."):
                guard previous != byte else { return false }
                words += 1
            case UInt8(ascii: "*"): guard previous == UInt8(ascii: "."), index == bytes.count - 1 else { return false }
            case UInt8(ascii: "a")...UInt8(ascii: "z"): break
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
                guard previous != UInt8(ascii: ".") else { return false }
            default: return false
            }
            previous = byte
        }
        return words >= 2 && previous != UInt8(ascii: ".")
    }

    // MARK: Answers

    /// Whatever an endpoint answers, the next try comes, neither at once nor never, or there is none.
    private static func answer(_ bytes: [UInt8], attempts: Int) throws(Finding) {
        var parser = HTTPAnswerParser(limits: HTTPAnswerLimits(bodyBytesMax: nil))
        guard (try? parser.feed(bytes[...])) != nil, parser.isComplete else { return }
        let outcome = WebhookOutcome(parser.answer, durationMilliseconds: 5)
        try require(
            (outcome.failure == nil) == (200..<300).contains(parser.answer.status),
            "status \(parser.answer.status)"
        )
        try require((0...999_999_999).contains(outcome.retryAfterSeconds ?? 0), "an odd Retry-After")
        let delivery = WebhookDelivery(
            event: RecordID(high: 0x7000, low: 1 << 63),
            type: "invite.created",
            position: TrailPosition(chain: 1, sequence: 1),
            status: .retrying,
            attempts: attempts
        )
        let now = TokenBench.now
        let next = WebhookRetry.after(outcome, delivery, eventAt: now, now: now, jitter: 1)
        try require(next.attempts == attempts + 1 && next.status != .queued, "a try that does not count")
        try require((next.nextAt != nil) == (next.status == .retrying), "\(next.status) and the next try")
        try require(
            (next.status == .delivered) == (outcome.failure == nil),
            "\(next.status) after \(parser.answer.status)"
        )
        guard let due = next.nextAt else { return }
        let most = ServiceLimits.webhookRetrySecondsMax + ServiceLimits.webhookRetrySecondsMax / 10
        try require((4...most).contains(due.seconds - now.seconds), "again after \(due.seconds - now.seconds) s")
    }
}
