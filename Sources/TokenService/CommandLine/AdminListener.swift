import HTTPServer
import Telemetry

/// What the admin listener answers: health and metrics.
///
/// It belongs on loopback or a private network.
struct AdminListener {
    let services: Services
    let readiness: Readiness
    let registry: MetricsRegistry

    var application: Application {
        let registry = registry
        let metrics = Route(
            .get,
            "/metrics",
            .open,
            .immediate { _ in
                var response = HTTPResponse(
                    status: 200,
                    body: registry.prometheusText(),
                    contentType: "text/plain; version=0.0.4; charset=utf-8"
                )
                response.set("Cache-Control", "no-store")
                return response
            }
        )
        return Application(services: services, routes: Services.healthRoutes(readiness) + [metrics])
    }
}
