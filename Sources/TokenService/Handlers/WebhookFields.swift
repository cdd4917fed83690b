import Platform

/// The fields of an endpoint as clients send them, each read in one place.
enum WebhookFields {
    /// The URL where the member is given, checked.
    static func url(_ body: inout BodyReader, _ rules: WebhookRules) throws(Problem) -> String? {
        // The check says more of the length than the reader would.
        guard let text = try body.string("url", charactersMax: ServiceLimits.bodyBytesMax) else { return nil }
        _ = try WebhookURL(text, rules: rules)
        return text
    }

    /// The list of events where the member is given; what stands twice counts once.
    static func events(_ body: inout BodyReader) throws(Problem) -> [String]? {
        let texts = try body.strings(
            "events",
            countMax: ServiceLimits.webhookEventsMax,
            charactersMax: ServiceLimits.webhookEventCharactersMax
        )
        guard let texts else { return nil }
        guard !texts.isEmpty else {
            throw .invalid("events", "events must be a list of 1 to \(ServiceLimits.webhookEventsMax) types.")
        }
        var events: [String] = []
        for (index, text) in texts.enumerated() {
            guard WebhookFilter.isEvent(text) else {
                throw .invalid(
                    "events",
                    "events[\(index)]: an entry is a dotted type such as invite.created, the start of types such as "
                        + "invite.*, or * for all; at most \(ServiceLimits.webhookEventCharactersMax) characters."
                )
            }
            if !events.contains(text) { events.append(text) }
        }
        return events
    }

    static func description(_ body: inout BodyReader) throws(Problem) -> String? {
        let charactersMax = ServiceLimits.webhookDescriptionCharactersMax
        guard let text = try body.string("description", charactersMax: charactersMax) else { return nil }
        guard text.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7F }) else {
            throw .invalid("description", "description must hold no control characters.")
        }
        return text
    }
}
