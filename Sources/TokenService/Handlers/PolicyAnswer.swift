import HTTPServer
import InviteStore
import Platform
import StrictJSON

extension Services {
    /// Writes one version of a place's policy into an open object; `version` nil stands for none ever.
    static func write(
        _ version: PolicyVersion?,
        at place: PolicyPlace,
        now: UnixTime,
        to writer: inout JSONWriter
    ) throws(Problem) {
        let document = try version?.document.map { (bytes) throws(Problem) -> PolicyDocument in
            guard let document = PolicyDocument(stored: bytes) else {
                throw .unavailable("a stored policy can not be read")
            }
            return document
        }
        writer.member("id", version.map { TypeID.text(.policy, $0.id) })
        writer.member("layer", place.layer.rawValue)
        writer.member("campaign_id", place.campaign)
        writer.member("api_key_id", place.apiKey.map { TypeID.text(.apiKey, $0) })
        writer.member("environment", place.tenant?.environment.rawValue)
        writer.member("version", version?.version ?? 0)
        writer.member("state", document.map { $0.isEnforced(at: now) ? "enforced" : "shadow" } ?? "none")
        writer.name("policy")
        if let document { document.write(to: &writer) } else { writer.null() }
        let isShadow = document?.isEnforced(at: now) == false
        let standing = isShadow ? version?.standing.flatMap(PolicyDocument.init(stored:)) : nil
        writer.member("standing_version", standing == nil ? nil : version?.standingVersion)
        writer.name("standing")
        if let standing { standing.write(to: &writer) } else { writer.null() }
        writer.member("created_at", time: version?.createdAt)
        writer.member("created_by", version?.createdBy)
    }

    static func answer(_ version: PolicyVersion?, at place: PolicyPlace, now: UnixTime) throws(Problem) -> HTTPResponse
    {
        var writer = JSONWriter(capacity: 768)
        writer.beginObject()
        try write(version, at: place, now: now, to: &writer)
        writer.endObject()
        return HTTPResponse(status: 200, body: writer.bytes, contentType: "application/json")
    }
}
