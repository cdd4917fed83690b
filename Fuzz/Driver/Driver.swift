import FuzzBodies
import Glibc

/// The target that `FUZZ_TARGET` names, and the longest time that one input may take.
private enum Driver {
    /// Processor time; the instrumentation and the address checks make everything several times slower.
    static let nanosecondsMax: UInt64 = 250_000_000

    static let target: FuzzTarget = {
        let name = unsafe getenv("FUZZ_TARGET").map { unsafe String(cString: $0) } ?? ""
        guard let target = FuzzTarget(rawValue: name) else {
            report("FUZZ_TARGET must be one of: " + FuzzTarget.allCases.map(\.rawValue).joined(separator: " "))
            exit(2)
        }
        return target
    }()

    static func threadNanoseconds() -> UInt64 {
        var time = timespec()
        unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return UInt64(clamping: time.tv_sec) &* 1_000_000_000 &+ UInt64(clamping: time.tv_nsec)
    }

    static func report(_ text: String) {
        let line = Array((text + "\n").utf8)
        _ = unsafe line.withUnsafeBytes { unsafe write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }
}

/// What libFuzzer calls for each input.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = unsafe [UInt8](UnsafeBufferPointer(start: data, count: count))
    let start = Driver.threadNanoseconds()
    do throws(Finding) {
        try Driver.target.check(bytes)
    } catch {
        Driver.report("\nFINDING in \(Driver.target.rawValue): \(error)")
        abort()
    }
    let nanoseconds = Driver.threadNanoseconds() &- start
    if nanoseconds > Driver.nanosecondsMax {
        Driver.report("\nFINDING in \(Driver.target.rawValue): \(nanoseconds / 1_000_000) ms for one input")
        abort()
    }
    return 0
}
