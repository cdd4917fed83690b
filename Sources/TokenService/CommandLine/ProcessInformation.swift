import Glibc

/// What the process was started with.
package enum ProcessInformation {
    /// The environment, in the order given.
    package static var environment: [(name: String, value: String)] {
        var pairs: [(name: String, value: String)] = []
        var entry: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?> = unsafe environ
        while let text = unsafe entry.pointee {
            let pair = unsafe String(cString: text)
            if let equals = pair.firstIndex(of: "=") {
                pairs.append((String(pair[..<equals]), String(pair[pair.index(after: equals)...])))
            }
            unsafe entry += 1
        }
        return pairs
    }
}
