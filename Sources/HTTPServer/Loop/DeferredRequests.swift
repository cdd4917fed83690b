/// Requests that a loop has taken and not begun, first come, first served.
struct DeferredRequests {
    struct Element {
        var token: UInt64
        var request: HTTPRequest
    }

    private var elements: [Element?] = []
    private var head = 0

    var count: Int { elements.count - head }
    var isEmpty: Bool { head == elements.count }

    mutating func append(_ request: consuming HTTPRequest, of token: UInt64) {
        elements.append(Element(token: token, request: request))
    }

    mutating func popFirst() -> Element? {
        guard head < elements.count else { return nil }
        // Taken out, so that its bytes are let go of once it is answered.
        let first = elements[head].take()
        head += 1
        if head == elements.count {
            elements.removeAll(keepingCapacity: elements.capacity <= 1024)
            head = 0
        } else if head >= 1024 {
            elements.removeFirst(head)
            head = 0
        }
        return first
    }
}
