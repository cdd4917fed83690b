import Foundation

/// A path that nothing stands at yet; what comes to stand there is gone with the value.
package final class TemporaryFolder: Sendable {
    package let path: String

    package init() { path = FileManager.default.temporaryDirectory.path + "/token-service-" + UUID().uuidString }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}
