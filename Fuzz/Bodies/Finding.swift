/// A promise that an input broke.
package struct Finding: Error, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }
}

/// Throws a finding where a promise does not hold.
func require(_ holds: Bool, _ broken: @autoclosure () -> String) throws(Finding) {
    if !holds { throw Finding(broken()) }
}
