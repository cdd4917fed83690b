import HTTPServer
import InviteStore
import OpenSSLKit
import StrictJSON

/// What a request says of a member; the new password is checked, its hash still to be made.
struct MemberRequest {
    var email: EmailAddress?
    var password: SecretBytes?
    var memberships: [Membership]?
    var isDisabled: Bool?
    var endsSessions = false

    /// A member to be made: `email` and `password` must stand there.
    static func new(_ request: HTTPRequest) throws(Problem) -> MemberRequest {
        var body = try BodyReader(request)
        var asked = MemberRequest()
        let text = try body.requiredString("email", charactersMax: EmailAddress.bytesMax)
        asked.email = try email(text)
        asked.password = try MemberPassword.new(&body, of: asked.email)
        asked.memberships = try memberships(&body) ?? []
        try body.finish()
        guard asked.password != nil else { throw .invalid("password", "password is required.") }
        return asked
    }

    /// A change of a member whose address is `address`.
    static func change(_ request: HTTPRequest, of address: EmailAddress?) throws(Problem) -> MemberRequest {
        var body = try BodyReader(request)
        var asked = MemberRequest()
        asked.password = try MemberPassword.new(&body, of: address)
        asked.memberships = try memberships(&body)
        asked.isDisabled = try bool("disabled", &body)
        asked.endsSessions = try bool("end_sessions", &body) ?? false
        try body.finish()
        return asked
    }

    static func email(_ text: String) throws(Problem) -> EmailAddress {
        guard let address = EmailAddress(text) else {
            throw .invalid("email", "email must be one ASCII e-mail address of at most 254 characters.")
        }
        return address
    }

    private static func bool(_ name: String, _ body: inout BodyReader) throws(Problem) -> Bool? {
        guard let value = body.value(name) else { return nil }
        guard let flag = value.boolean else { throw .invalid(name, "\(name) must be true or false.") }
        return flag
    }

    /// Roles in order of the workspaces' ids; nil where the field is absent.
    private static func memberships(_ body: inout BodyReader) throws(Problem) -> [Membership]? {
        guard let value = body.value("roles") else { return nil }
        let most = ServiceLimits.membershipsMax
        guard value.kind == .array, value.count <= most else {
            throw .invalid("roles", "roles must be a list of at most \(most) objects.")
        }
        var memberships: [Membership] = []
        for (index, element) in value.elements.enumerated() {
            let place = "roles[\(index)]"
            guard element.kind == .object else { throw .invalid("roles", "\(place) must be an object.") }
            var role = BodyReader(element, path: place + ".")
            let workspace = try role.requiredString("workspace_id", charactersMax: 40)
            let name = try role.requiredString("role", charactersMax: 20)
            try role.finish()
            guard let id = TypeID.parse(.workspace, workspace) else {
                throw .invalid("workspace_id", "\(place).workspace_id must be a workspace's id.")
            }
            guard let named = MemberRole(rawValue: name) else {
                throw .invalid("role", "\(place).role must be viewer, operator or security.")
            }
            guard !memberships.contains(where: { $0.workspace == id }) else {
                throw .invalid("roles", "\(place) names a workspace a second time.")
            }
            memberships.append(Membership(workspace: id, role: named))
        }
        return memberships.sorted { $0.workspace < $1.workspace }
    }
}
