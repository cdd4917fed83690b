import HTTPServer
import InviteStore

extension Services {
    /// `GET /v1/invites`: newest first; filters `campaign_id`, `participant_email`, `status`.
    func listInvites(_ call: Call, _ principal: Principal) async throws -> HTTPResponse {
        var filter = InviteFilter()
        if let text = call.query["campaign_id"] {
            guard let campaign = CampaignID(text) else {
                throw Problem.invalid("campaign_id", "campaign_id must be 1 to 64 of A-Z a-z 0-9 _ . : -")
            }
            filter.campaign = campaign.text
        }
        if let text = call.query["participant_email"] {
            guard let email = EmailAddress(text) else {
                throw Problem.invalid("participant_email", "participant_email must be one ASCII e-mail address.")
            }
            filter.addressIndex = pseudonyms.addressIndex(of: email, in: principal.tenant)
        }
        if let text = call.query["status"] {
            guard let status = InviteStatus(rawValue: text) else {
                let names = InviteStatus.allCases.map(\.rawValue).joined(separator: ", ")
                throw Problem.invalid("status", "status must be one of \(names).")
            }
            filter.status = status
        }
        let page = try cursors.page(call, list: "invites", tenant: principal.tenant)
        let invites = try await store.invites(of: principal.tenant, filter: filter, page: page, now: call.now)
        return try Responses.list(
            invites,
            cursor: { cursors.text($0, list: "invites", tenant: principal.tenant) },
            isSecret: true
        ) { invite, writer in
            write(invite, details: try details(of: invite), token: nil, now: call.now, to: &writer)
        }
    }

    /// `GET /v1/invites/{id}`.
    func getInvite(_ call: Call, _ principal: Principal) async throws -> HTTPResponse {
        guard let id = TypeID.parse(.invite, call.pathParameters[0]),
            let invite = try await store.invite(id, of: principal.tenant)
        else { throw Problem.notFound() }
        let details = try details(of: invite)
        return Responses.json(200, isSecret: true) { writer in
            write(invite, details: details, token: nil, now: call.now, to: &writer)
        }
    }
}
