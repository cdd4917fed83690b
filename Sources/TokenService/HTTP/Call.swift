package import HTTPServer
package import InviteStore
package import Platform

/// One request on its way through the service: what was sent, when, under which id.
///
/// A class, because it goes through every step of a request: one reference instead of twenty words.
package final class Call: Sendable {
    package let request: HTTPRequest
    package let id: RecordID
    /// The wall clock when the request was dispatched; the same for all that is decided and stored for it.
    package let now: UnixTime
    /// Values of the route's `{…}` segments, in order.
    package let pathParameters: [String]
    package let query: QueryParameters

    package init(
        request: HTTPRequest,
        id: RecordID,
        now: UnixTime,
        pathParameters: [String],
        query: QueryParameters
    ) {
        self.request = request
        self.id = id
        self.now = now
        self.pathParameters = pathParameters
        self.query = query
    }

    /// The path without the `/api` that one seed's clients put before it: one route, one path.
    package var path: String { RouteTable.canonical(request.path) }

    /// The text form of the id: `req_…`.
    package var requestID: String { TypeID.text(.request, id) }
}
