import HTTPServer
import StrictJSON

extension Services {
    /// Every route of the public listener.
    ///
    /// openapi.yaml describes the same set; a test holds the two together.
    ///
    /// `frameOrigins` names pages that may frame the widget's frame page beside those on a workspace's list.
    package func routes(
        readiness: Readiness,
        frameOrigins: @escaping @Sendable () -> [String] = { [] }
    ) -> [Route] {
        backendRoutes() + workspaceRoutes() + memberRoutes() + consoleRoutes() + policyRoutes() + recordRoutes()
            + webhookRoutes() + widgetRoutes()
            + widgetAssetRoutes(frameOrigins: frameOrigins) + openRoutes(readiness)
    }

    private func backendRoutes() -> [Route] {
        let page = ["limit", "cursor"]
        return [
            Route(.post, "/v1/invites", .apiKey(Scope("invites", .write)), mints: true, .keyed(createInvite)),
            Route(
                .get,
                "/v1/invites",
                .apiKey(Scope("invites", .read)),
                parameters: page + ["campaign_id", "participant_email", "status"],
                .keyed(listInvites)
            ),
            Route(
                .post,
                "/v1/invites/batch",
                .apiKey(Scope("invites", .write)),
                mints: true,
                bodyBytesMax: ServiceLimits.batchBytesMax,
                .keyed(createInviteBatch)
            ),
            Route(.get, "/v1/invites/{id}", .apiKey(Scope("invites", .read)), .keyed(getInvite)),
            Route(
                .delete,
                "/v1/invites/{id}",
                .apiKey(Scope("invites", .delete)),
                urgency: .high,
                .keyed(deleteInvite)
            ),
            Route(
                .post,
                "/v1/participant-tokens",
                .apiKey(Scope("tokens", .write)),
                mints: true,
                .keyed(createParticipantToken)
            ),
            Route(
                .post,
                "/v1/tokens/verify",
                .apiKey(Scope("tokens", .read)),
                needsKeys: true,
                urgency: .high,
                .keyed(verifyToken)
            ),
            Route(
                .post,
                "/v1/tokens/introspect",
                .apiKey(Scope("tokens", .read)),
                needsKeys: true,
                urgency: .high,
                problemForm: .oauth,
                .keyed(introspectToken)
            ),
            Route(
                .post,
                "/v1/revocations",
                .apiKey(Scope("tokens", .delete)),
                parameters: ["preview"],
                urgency: .high,
                .keyed(createRevocation)
            ),
            Route(.get, "/v1/api-keys", .apiKey(Scope("keys", .read)), parameters: page, .keyed(listAPIKeys)),
            Route(.post, "/v1/api-keys", .apiKey(Scope("keys", .write)), .keyed(createAPIKey)),
            Route(.post, "/v1/api-keys/verify", .apiKey(Scope("keys", .read)), .keyed(verifyAPIKey)),
            Route(
                .post,
                "/v1/api-keys/self-revoke",
                .open,
                needsClock: true,
                urgency: .high,
                .waiting(selfRevokeAPIKey)
            ),
            Route(.get, "/v1/api-keys/{id}", .apiKey(Scope("keys", .read)), .keyed(getAPIKey)),
            Route(.patch, "/v1/api-keys/{id}", .apiKey(Scope("keys", .write)), .keyed(updateAPIKey)),
            Route(.post, "/v1/api-keys/{id}/rotate", .apiKey(Scope("keys", .write)), .keyed(rotateAPIKey)),
            Route(
                .post,
                "/v1/api-keys/{id}/suspend",
                .apiKey(Scope("keys", .write)),
                urgency: .high,
                .keyed(suspendAPIKey)
            ),
            Route(.post, "/v1/api-keys/{id}/resume", .apiKey(Scope("keys", .write)), .keyed(resumeAPIKey)),
            Route(
                .delete,
                "/v1/api-keys/{id}",
                .apiKey(Scope("keys", .delete)),
                parameters: ["family"],
                urgency: .high,
                .keyed(deleteAPIKey)
            ),
        ]
    }

    /// What happened, and how much.
    private func recordRoutes() -> [Route] {
        let span = ["granularity", "since", "until"]
        return [
            Route(
                .get,
                "/v1/api-keys/{id}/usage",
                .apiKey(Scope("usage", .read)),
                parameters: span,
                .keyed(readKeyUsage)
            ),
            Route(
                .get,
                "/v1/usage",
                .apiKey(Scope("usage", .read)),
                parameters: span,
                .keyed(readUsage)
            ),
            Route(
                .get,
                "/v1/audit-events",
                .apiKey(Scope("audit", .read)),
                parameters: ["limit", "cursor", "type", "actor", "target", "since", "until"],
                .keyed(listAuditEvents)
            ),
        ]
    }

    /// What only platform keys and the operator reach.
    private func workspaceRoutes() -> [Route] {
        [
            Route(
                .get,
                "/v1/workspaces",
                .apiKey(Scope("workspaces", .read)),
                parameters: ["limit", "cursor", "slug"],
                isDeploymentWide: true,
                .keyed(listWorkspaces)
            ),
            Route(
                .post,
                "/v1/workspaces",
                .apiKey(Scope("workspaces", .write)),
                isDeploymentWide: true,
                .keyed(createWorkspace)
            ),
            Route(
                .get,
                "/v1/workspaces/{id}",
                .apiKey(Scope("workspaces", .read)),
                isDeploymentWide: true,
                .keyed(getWorkspace)
            ),
            Route(
                .patch,
                "/v1/workspaces/{id}",
                .apiKey(Scope("workspaces", .write)),
                isDeploymentWide: true,
                .keyed(changeWorkspace)
            ),
        ]
    }

    private func widgetRoutes() -> [Route] {
        [
            Route(.post, "/v1/widget/sessions", .widget, urgency: .normal, .waiting(openWidgetSession)),
            Route(.get, "/v1/widget/session", .widget, .immediate(readWidgetSession)),
            Route(.delete, "/v1/widget/session", .widget, .waiting(endWidgetSession)),
            Route(.post, "/v1/widget/session/renew", .widget, .waiting(renewWidgetSession)),
            Route(
                .get,
                "/v1/forward-auth",
                .open,
                parameters: ["workspace_id", "environment", "campaign_id"],
                needsClock: true,
                needsKeys: true,
                urgency: .high,
                .waiting(forwardAuth)
            ),
        ]
    }

    private func openRoutes(_ readiness: Readiness) -> [Route] {
        [
            Route(.get, "/.well-known/jwks.json", .open, .immediate { [self] in jwks($0) }),
            Route(.get, "/openapi.yaml", .open, .immediate { [self] in openAPI($0) }),
            Route(.get, "/docs", .open, .immediate { [self] in docs($0) }),
        ] + Self.healthRoutes(readiness)
    }

    /// The routes that both listeners have.
    package static func healthRoutes(_ readiness: Readiness) -> [Route] {
        [
            Route(.get, "/livez", .open, .immediate { _ in Self.healthy() }),
            Route(
                .get,
                "/readyz",
                .open,
                urgency: .always,
                .waiting { _ in
                    if let hindrance = await readiness.hindrance() { throw Problem(hindrance) }
                    return Self.healthy()
                }
            ),
        ]
    }

    private static func healthy() -> HTTPResponse {
        Responses.json(200, isSecret: true, capacity: 32) { $0.member("status", "ok") }
    }
}
