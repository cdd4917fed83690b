import HTTPServer

extension Services {
    /// Endpoints that are told of events.
    func webhookRoutes() -> [Route] {
        let page = ["limit", "cursor"]
        let read = RouteAccess.apiKey(Scope("webhooks", .read))
        let write = RouteAccess.apiKey(Scope("webhooks", .write))
        let deliveries = "/v1/webhooks/{id}/deliveries"
        return [
            Route(.get, "/v1/webhooks", read, parameters: page, .keyed(listWebhooks)),
            Route(.post, "/v1/webhooks", write, .keyed(createWebhook)),
            Route(.get, "/v1/webhooks/{id}", read, .keyed(getWebhook)),
            Route(.patch, "/v1/webhooks/{id}", write, .keyed(updateWebhook)),
            Route(.delete, "/v1/webhooks/{id}", .apiKey(Scope("webhooks", .delete)), .keyed(deleteWebhook)),
            Route(.post, "/v1/webhooks/{id}/rotate-secret", write, .keyed(rotateWebhookSecret)),
            Route(.post, "/v1/webhooks/{id}/test", write, .keyed(testWebhook)),
            Route(.get, deliveries, read, parameters: page, .keyed(listWebhookDeliveries)),
            Route(.post, deliveries + "/{event_id}/redeliver", write, .keyed(redeliverWebhook)),
        ]
    }
}
