package import HTTPServer

/// What the HTTP layer asks when it has more requests than time.
extension Application {
    package func urgency(method: HTTPMethod, path: String) -> HTTPUrgency {
        switch table.match(method, path) {
        case .route(let route, _): route.urgency
        // A preflight, or a mistake; for the latter nobody looks at a key.
        case .methodNotAllowed: method == .options ? .always : .normal
        case .none: .normal
        }
    }

    /// The prepared answer; without a line in the log, of which there would be too many.
    package func refusal(of request: HTTPRequest) -> HTTPResponse {
        services.metrics.answered(.unavailable)
        var route: Route?
        if case .route(let found, _) = table.match(request.method, request.path) { route = found }
        let id = services.identifiers.next(at: services.time.now())
        let answer = busyAnswers.answer(
            id,
            form: route?.problemForm ?? .envelope,
            accept: request.fields.first("accept"),
            isWidget: route?.isWidget == true
        )
        return finish(answer, id)
    }
}
