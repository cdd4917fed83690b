package import Platform

/// Endpoints that are told of events, and how far their deliveries have come.
///
/// The audit trail is the only record of what is to be told: an endpoint's positions say what of it is behind the
/// endpoint, so that an event and the duty to tell of it are one row. Everything that ``InviteStore`` promises holds
/// here too.
package protocol WebhookStore: Sendable {
    /// Makes an endpoint whose positions are the ends of all chains before the command's own audit drafts.
    ///
    /// How many a tenant has is settled by one conditional statement.
    func createWebhook(_ command: CreateWebhook) async throws(StoreError) -> Idempotent<CreateWebhookOutcome>

    /// Changes an endpoint that has not changed since it was read; of several that try, one does it.
    func changeWebhook(_ command: ChangeWebhook) async throws(StoreError) -> Idempotent<ChangeWebhookOutcome>

    /// Removes an endpoint with its positions and deliveries; false, and no audit, where the tenant has none such.
    func deleteWebhook(
        _ id: RecordID,
        of tenant: Tenant,
        now: UnixTime,
        audit: [AuditDraft]
    ) async throws(StoreError) -> Bool

    /// The endpoint with this id, if it belongs to the tenant.
    func webhook(_ id: RecordID, of tenant: Tenant) async throws(StoreError) -> WebhookRecord?

    /// Endpoints of the tenant, newest first, whatever their state.
    func webhooks(of tenant: Tenant, page: PageRequest) async throws(StoreError) -> Page<WebhookRecord>

    /// Deliveries to an endpoint of the tenant, newest event first: the last 100 that are done, and all that are open.
    func webhookDeliveries(
        to id: RecordID,
        of tenant: Tenant,
        page: PageRequest
    ) async throws(StoreError) -> Page<WebhookDelivery>

    /// The endpoints of all tenants that are not disabled, by id, behind `id`; at most `limit`.
    func webhookEndpoints(after id: RecordID?, limit: Int) async throws(StoreError) -> [WebhookEndpoint]

    /// Records what became of deliveries, all in one transaction; endpoints that are gone are passed over.
    func recordWebhookProgress(_ progress: [WebhookProgress], now: UnixTime) async throws(StoreError)

    /// Gives one of several processes the right to deliver until `until`, or prolongs it; false where another has it.
    ///
    /// A right whose time is over, or that lasts to `now` at most, is free.
    func leaseWebhooks(to holder: RecordID, until: UnixTime, now: UnixTime) async throws(StoreError) -> Bool
}
