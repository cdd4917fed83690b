import StrictJSON

/// Policies, explanations and simulations as tables for people.
enum PolicyTables {
    static func policy(_ answer: JSONValue?) {
        let names = [
            "layer", "campaign_id", "api_key_id", "environment", "version", "state", "created_at", "created_by",
        ]
        for name in names { line(name, answer?[name]) }
        if let standing = answer?["standing_version"], !standing.isNull {
            Console.print("in force meanwhile: version \(text(standing))")
        }
        Console.print("")
        for member in answer?["policy"]?.members ?? [] {
            guard member.value.kind == .object else {
                line(member.name, member.value)
                continue
            }
            for inner in member.value.members { line(member.name + "." + inner.name, inner.value) }
        }
    }

    static func explanation(_ answer: JSONValue?) {
        let rules = answer?["rules"]?.elements ?? []
        let rows = rules.map { rule in
            let layers = rule["layers"]?.elements.compactMap { layer -> String? in
                guard let value = layer["value"], !value.isNull else { return nil }
                let shadow = layer["state"]?.string == "shadow" ? " (shadow)" : ""
                return (layer["layer"]?.string ?? "") + " " + text(value) + shadow
            }
            let version = rule["version"]?.integer.map { $0 > 0 ? " v\($0)" : "" } ?? ""
            let source = (rule["layer"]?.string ?? "-") + version
            return [rule["rule"]?.string ?? "", text(rule["value"]), source, layers?.joined(separator: ", ") ?? ""]
        }
        table(["RULE", "VALUE", "DECIDED BY", "LAYERS SAY"], rows)
    }

    static func simulation(_ answer: JSONValue?) {
        let names = [
            "since", "until", "examined", "complete", "issuances", "refused", "refused_already", "lapsed", "follows",
            "shortened",
        ]
        for name in names { line(name, answer?[name]) }
        let rules = (answer?["by_rule"]?.elements ?? []).map { rule in
            let example = rule["examples"]?.elements.first
            return [
                rule["rule"]?.string ?? "", text(rule["refused"]),
                (example?["requested"]?.string ?? "") + ", allowed: " + (example?["allowed"]?.string ?? ""),
            ]
        }
        section("refused by rule", ["RULE", "REFUSED", "SUCH AS"], rules)
        for (title, list, name) in [
            ("refused by API key", "by_api_key", "api_key_id"), ("refused by campaign", "by_campaign", "campaign_id"),
        ] {
            let rows = (answer?[list]?.elements ?? []).map { [$0[name]?.string ?? "", text($0["refused"])] }
            section(title, [name.uppercased(), "REFUSED"], rows)
        }
        Console.print("\nwhat lives now")
        for member in answer?["live"]?.members ?? [] where member.value.kind != .array {
            line(member.name, member.value)
        }
        let examples = (answer?["live"]?["examples"]?.elements ?? []).map { example in
            ["id", "rule", "would_end_at", "ends_at"].map { text(example[$0]) }
        }
        section("such as", ["ID", "RULE", "WOULD END", "ENDS"], examples)
    }

    private static func section(_ title: String, _ header: [String], _ rows: [[String]]) {
        guard !rows.isEmpty else { return }
        Console.print("\n" + title)
        table(header, rows)
    }

    private static func table(_ header: [String], _ rows: [[String]]) {
        let widths = header.indices.map { index in ([header] + rows).map { $0[index].count }.max() ?? 0 }
        for row in [header] + rows {
            var text = zip(row, widths).map { $0.padded(to: $1) }.joined(separator: "  ")
            while text.last == " " { text.removeLast() }
            Console.print(text)
        }
    }

    private static func line(_ name: String, _ value: JSONValue?) {
        guard let value, !value.isNull else { return }
        Console.print(name.padded(to: 34) + text(value))
    }

    private static func text(_ value: JSONValue?) -> String {
        guard let value, !value.isNull else { return "-" }
        if value.kind == .array { return value.elements.map { $0.string ?? text($0) }.joined(separator: " ") }
        return value.string ?? value.integer.map(String.init) ?? value.boolean.map { $0 ? "true" : "false" }
            ?? String(decoding: JSONText.bytes(value), as: UTF8.self)
    }
}
