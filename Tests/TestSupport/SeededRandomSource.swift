import Platform
import Synchronization

/// A repeatable stream of bytes (``SplitMix``), for tests only: never fit for a secret.
package final class SeededRandomSource: RandomSource {
    private let numbers: Mutex<SplitMix>

    package init(seed: UInt64) { numbers = Mutex(SplitMix(seed: seed)) }

    package func fill(_ buffer: UnsafeMutableRawBufferPointer) {
        numbers.withLock { numbers in
            for index in 0..<buffer.count { unsafe buffer[index] = UInt8(truncatingIfNeeded: numbers.next()) }
        }
    }
}
