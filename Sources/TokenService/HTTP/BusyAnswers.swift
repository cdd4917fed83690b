package import HTTPServer
package import InviteStore
import Platform

/// The answers to requests that there is no room for, made once but for the request's id: to refuse must cost little.
package struct BusyAnswers: Sendable {
    /// An answer, and where in its body the id goes; nil where it has none.
    private struct Prepared {
        let answer: HTTPResponse
        let idOffset: Int?
    }

    private static let longestOther = "application/problem+json".utf8.count

    private let envelope: Prepared
    private let widgetEnvelope: Prepared
    private let problemJSON: Prepared
    private let widgetProblemJSON: Prepared
    private let oauth: Prepared

    package init() {
        envelope = Self.prepare(.envelope, accept: nil, isWidget: false)
        widgetEnvelope = Self.prepare(.envelope, accept: nil, isWidget: true)
        problemJSON = Self.prepare(.envelope, accept: "application/problem+json", isWidget: false)
        widgetProblemJSON = Self.prepare(.envelope, accept: "application/problem+json", isWidget: true)
        oauth = Self.prepare(.oauth, accept: nil, isWidget: false)
    }

    /// The answer for the request `id`, in the form in which the same route answers other failures.
    package func answer(_ id: RecordID, form: ProblemForm, accept: String?, isWidget: Bool) -> HTTPResponse {
        let prepared = choose(form, accept, isWidget)
        guard let offset = prepared.idOffset else { return prepared.answer }
        var answer = prepared.answer
        var body = answer.body.mutableSpan
        TypeID.write(.request, id, to: &body, at: offset)
        return answer
    }

    private func choose(_ form: ProblemForm, _ accept: String?, _ isWidget: Bool) -> Prepared {
        if form == .oauth { return oauth }
        // Nearly nobody asks for it, and reading the field takes longer than all else here.
        if let accept, accept.utf8.count >= Self.longestOther, ProblemRenderer.prefersProblemJSON(accept) {
            return isWidget ? widgetProblemJSON : problemJSON
        }
        return isWidget ? widgetEnvelope : envelope
    }

    private static func prepare(_ form: ProblemForm, accept: String?, isWidget: Bool) -> Prepared {
        let placeholder = TypeID.text(.request, RecordID(high: 0, low: 0))
        var answer = ProblemRenderer.response(.busy, requestID: placeholder, accept: accept, form: form)
        if isWidget { CORS.apply(.anyOrigin, to: &answer) }
        let offset = answer.body.firstRange(of: Array(placeholder.utf8))?.lowerBound
        return Prepared(answer: answer, idOffset: offset)
    }
}
