import HTTPServer
import InviteStore
import Platform
import StrictJSON

extension Services {
    /// Writes the members of one invite into an open object; the token is written only where it is given.
    func write(
        _ invite: InviteRecord,
        details: SealedDetails,
        token: [UInt8]?,
        now: UnixTime,
        to writer: inout JSONWriter
    ) {
        writer.member("id", .invite, invite.id)
        if let token { writer.member("invite_token", plain: token) }
        writer.member("campaign_id", invite.campaign)
        writer.member("participant_email", details.email)
        writer.member("environment", invite.tenant.environment.rawValue)
        writer.member("status", invite.status(at: now).rawValue)
        writer.member("uses", invite.uses)
        writer.member("max_uses", invite.maxUses)
        writer.member("expires_at", time: invite.expiresAt)
        writer.member("expires_in", max(0, invite.expiresAt.seconds - now.seconds))
        writer.member("created_at", time: invite.createdAt)
        writer.member("allowed_origins", invite.allowedOrigins)
        writer.name("metadata")
        if details.metadata.isEmpty {
            writer.beginObject()
            writer.endObject()
        } else {
            writer.raw(details.metadata)
        }
    }

    /// Opens a stored invite's ciphertext; a damaged row is our fault.
    func details(of invite: InviteRecord) throws -> SealedDetails {
        guard let details = invite.details(sealer) else {
            throw Problem.internalError("invite \(TypeID.text(.invite, invite.id)) does not open")
        }
        return details
    }
}
