import HTTPServer
import InviteStore
import StrictJSON

extension Services {
    /// Reads and checks one invite of a request.
    func inviteRequest(
        _ body: BodyReader,
        _ principal: Principal,
        _ policies: TenantPolicies,
        _ call: Call
    ) throws(Problem) -> InviteRequest {
        var body = body
        var asked = IssuanceRequest(.invite)
        asked.path = body.place("")
        let campaign = try Self.campaign(&body)
        let email = try Self.email(&body)
        asked.expiresIn = try body.integer("expires_in", in: 1...Int64.max)
        asked.maxUses = try body.integer("max_uses", in: 1...ServiceLimits.maxUsesMax) ?? 1
        asked.keyOrigins = principal.keyOrigins
        asked.ownOrigins = try Self.allowedOrigins(&body, ofKey: asked.keyOrigins)
        let metadata = try Self.metadata(&body)
        try body.finish()
        let policy = policies.resolve(campaign: campaign.text, apiKey: principal.mintingKey, now: call.now)
        if let violation = policy.enforced.violation(of: asked) { throw refusal(violation) }
        return InviteRequest(
            campaign: campaign,
            email: email,
            lifetimeSeconds: policy.enforced.lifetime(of: asked),
            maxUses: Int(asked.maxUses),
            allowedOrigins: policy.enforced.originList(asked) ?? [],
            metadata: metadata,
            asked: asked,
            shadowViolation: policy.shadowViolation(of: asked),
            includesEmail: policy.enforced.emailInToken.value
        )
    }

    static func campaign(_ body: inout BodyReader) throws(Problem) -> CampaignID {
        let text = try body.requiredString("campaign_id", charactersMax: CampaignID.charactersMax)
        guard let campaign = CampaignID(text) else {
            throw .invalid(
                "campaign_id",
                "\(body.place("campaign_id")) must be 1 to 64 of the characters A-Z a-z 0-9 _ . : -"
            )
        }
        return campaign
    }

    static func email(_ body: inout BodyReader) throws(Problem) -> EmailAddress {
        let text = try body.requiredString("participant_email", charactersMax: EmailAddress.bytesMax)
        guard let email = EmailAddress(text) else {
            throw .invalid(
                "participant_email",
                "\(body.place("participant_email")) must be one ASCII e-mail address of at most 254 characters."
            )
        }
        return email
    }

    /// The invite's own list, each entry of which the key's list must hold; empty where it gives none.
    private static func allowedOrigins(
        _ body: inout BodyReader,
        ofKey: [String]
    ) throws(Problem) -> [String] {
        let texts = try origins(&body) ?? []
        for (index, text) in texts.enumerated() where !ofKey.isEmpty && !ofKey.contains(text) {
            throw Problem(
                .policyViolation,
                "\(body.place("allowed_origins"))[\(index)] is not among the API key's allowed_origins, which an invite "
                    + "can only narrow.",
                param: "allowed_origins"
            )
        }
        return texts
    }

    /// A list of origins in their one spelling; nil where the member is absent.
    static func origins(_ body: inout BodyReader) throws(Problem) -> [String]? {
        let texts = try body.strings(
            "allowed_origins",
            countMax: ServiceLimits.allowedOriginsMax,
            charactersMax: WebOrigin.bytesMax
        )
        for (index, text) in (texts ?? []).enumerated() where WebOrigin(text) == nil {
            throw .invalid(
                "allowed_origins",
                "\(body.place("allowed_origins"))[\(index)]: an origin is scheme, host and port in lower case, such as https://app.example.com, without a path."
            )
        }
        return texts
    }

    /// Canonical JSON of the metadata: the pairs in the order given.
    private static func metadata(_ body: inout BodyReader) throws(Problem) -> [UInt8] {
        guard let value = body.value("metadata") else { return [] }
        let place = body.place("metadata")
        guard value.kind == .object, value.count <= ServiceLimits.metadataPairsMax else {
            throw .invalid(
                "metadata",
                "\(place) must be an object of at most \(ServiceLimits.metadataPairsMax) strings."
            )
        }
        var writer = JSONWriter(capacity: 128)
        var bytes = 0
        writer.beginObject()
        for member in value.members {
            guard (1...ServiceLimits.metadataKeyCharactersMax).contains(member.name.utf8.count) else {
                throw .invalid(
                    "metadata",
                    "\(place): a key must have 1 to \(ServiceLimits.metadataKeyCharactersMax) characters."
                )
            }
            guard let text = member.value.string, text.utf8.count <= ServiceLimits.metadataValueCharactersMax else {
                throw .invalid(
                    "metadata",
                    "\(place).\(member.name): a value must be a string of at most "
                        + "\(ServiceLimits.metadataValueCharactersMax) characters."
                )
            }
            bytes += member.name.utf8.count + text.utf8.count
            writer.name(member.name)
            writer.string(text)
        }
        writer.endObject()
        guard bytes <= ServiceLimits.metadataBytesMax else {
            throw .invalid("metadata", "\(place) must have at most \(ServiceLimits.metadataBytesMax) bytes in all.")
        }
        return value.count == 0 ? [] : writer.bytes
    }
}
