/// What the process ends with, so that scripts can tell outcomes apart.
package enum ExitCode: Int32, Error, Sendable {
    case success = 0
    case failure = 1
    case usage = 2
    case notAuthorised = 3
    case notFound = 4
    case conflict = 5
    case unavailable = 6
    case tokenInvalid = 10

    /// The code for an error answer of the service.
    package init(status: Int) {
        switch status {
        case 200..<300: self = .success
        case 401, 402, 403: self = .notAuthorised
        case 404: self = .notFound
        case 409, 410, 422: self = .conflict
        case 429, 503: self = .unavailable
        default: self = .failure
        }
    }
}
