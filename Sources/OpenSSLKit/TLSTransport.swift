import COpenSSL

/// The two queues of bytes between OpenSSL and a caller that owns the socket.
///
/// OpenSSL reads what was lent or fed and appends what must go out; it never waits and never sees a socket. Not for more
/// than one thread at a time.
@safe
final class TLSTransport {
    /// Storage above this is freed once it is empty, so that an idle connection stays small.
    private static let idleStorageBytesMax = 4096
    private static let recordHeaderBytes = 5
    private static let handshakeRecordType: UInt8 = 22
    /// Longest plaintext record; nothing is encrypted yet when this is asked.
    private static let recordBytesMax = 16_384

    /// Bytes handed to OpenSSL since the start.
    private(set) var consumedBytes = 0

    private var fed: [UInt8] = []
    private var fedPosition = 0
    private var lent = unsafe UnsafeRawBufferPointer(start: nil, count: 0)
    private var outgoing: [UInt8] = []
    private var isInputEnded = false

    /// Ciphertext that waits for the peer.
    var outgoingBytes: Int { outgoing.count }

    /// Whether what waits for OpenSSL begins with a whole record (RFC 8446 section 5.1), or with what can not be the first one.
    var holdsRecord: Bool {
        let waiting = unsafe fed.count - fedPosition + lent.count
        guard waiting >= Self.recordHeaderBytes else { return false }
        let length = Int(waitingByte(at: 3)) << 8 | Int(waitingByte(at: 4))
        return waitingByte(at: 0) != Self.handshakeRecordType || length > Self.recordBytesMax
            || waiting - Self.recordHeaderBytes >= length
    }

    /// A byte of what waits, at an offset below its count.
    private func waitingByte(at offset: Int) -> UInt8 {
        let position = fedPosition + offset
        return unsafe position < fed.count ? fed[position] : lent[position - fed.count]
    }

    /// Drops what OpenSSL has not taken, and all that comes later: nothing after a failure or close_notify counts.
    func endInput() {
        isInputEnded = true
        fed = []
        fedPosition = 0
    }

    /// Lets OpenSSL read ciphertext in place while `body` runs; what it leaves is copied.
    func lending<R>(_ ciphertext: UnsafeRawBufferPointer, _ body: () -> R) -> R {
        unsafe lent = unsafe ciphertext
        defer {
            keepLent()
            unsafe lent = UnsafeRawBufferPointer(start: nil, count: 0)
        }
        return body()
    }

    /// Moves everything that must go to the peer to the end of `bytes`.
    func takeOutgoing(into bytes: inout [UInt8]) {
        guard !outgoing.isEmpty else { return }
        if bytes.isEmpty {
            swap(&bytes, &outgoing)
        } else {
            bytes.append(contentsOf: outgoing)
        }
        outgoing.removeAll(keepingCapacity: outgoing.capacity <= Self.idleStorageBytesMax)
    }

    /// Gives OpenSSL up to `count` bytes; 0 where there are none.
    fileprivate func read(_ destination: UnsafeMutableRawPointer, _ count: Int) -> Int {
        var taken = 0
        if fedPosition < fed.count {
            taken = min(count, fed.count - fedPosition)
            unsafe fed.withUnsafeBytes { bytes in
                unsafe UnsafeMutableRawBufferPointer(start: destination, count: taken)
                    .copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[fedPosition..<fedPosition + taken]))
            }
            fedPosition += taken
            if fedPosition == fed.count {
                fed.removeAll(keepingCapacity: fed.capacity <= Self.idleStorageBytesMax)
                fedPosition = 0
            }
        } else if unsafe !lent.isEmpty {
            taken = unsafe min(count, lent.count)
            unsafe UnsafeMutableRawBufferPointer(start: destination, count: taken)
                .copyMemory(from: UnsafeRawBufferPointer(rebasing: lent[..<taken]))
            unsafe lent = unsafe UnsafeRawBufferPointer(rebasing: lent[taken...])
        }
        consumedBytes &+= taken
        return taken
    }

    fileprivate func write(_ bytes: UnsafeRawBufferPointer) {
        unsafe outgoing.append(contentsOf: bytes)
    }

    private func keepLent() {
        guard !isInputEnded, unsafe lent.count > 0 else { return }
        fed.removeFirst(fedPosition)
        fedPosition = 0
        unsafe fed.append(contentsOf: lent)
    }
}

/// The face of a ``TLSTransport`` towards OpenSSL.
enum TLSTransportBIO {
    /// Lives as long as the process; OpenSSL wants one for all BIOs of a kind.
    private static let method: BIOMethodHandle = {
        guard let method = unsafe BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "transport"),
            unsafe BIO_meth_set_read_ex(method, { unsafe TLSTransportBIO.read($0, $1, $2, $3) }) == 1,
            unsafe BIO_meth_set_write_ex(method, { unsafe TLSTransportBIO.write($0, $1, $2, $3) }) == 1,
            // Everything written is out at once; no other command has a meaning here.
            unsafe BIO_meth_set_ctrl(method, { _, command, _, _ in command == BIO_CTRL_FLUSH ? 1 : 0 }) == 1
        else { preconditionFailure("OpenSSL has no memory for a BIO method") }
        return unsafe BIOMethodHandle(method)
    }()

    /// A BIO that lends itself a transport, which must live longer; nil where memory is wanting.
    static func make(_ transport: TLSTransport) -> OpaquePointer? {
        guard let bio = unsafe BIO_new(method.pointer) else { return nil }
        unsafe BIO_set_data(bio, Unmanaged.passUnretained(transport).toOpaque())
        unsafe BIO_set_init(bio, 1)
        return unsafe bio
    }

    private static func transport(_ bio: OpaquePointer?) -> TLSTransport? {
        guard let data = unsafe BIO_get_data(bio) else { return nil }
        return unsafe Unmanaged<TLSTransport>.fromOpaque(data).takeUnretainedValue()
    }

    private static func read(
        _ bio: OpaquePointer?,
        _ destination: UnsafeMutablePointer<CChar>?,
        _ count: Int,
        _ readBytes: UnsafeMutablePointer<Int>?
    ) -> CInt {
        unsafe BIO_clear_flags(bio, BIO_FLAGS_READ | BIO_FLAGS_SHOULD_RETRY)
        guard let destination = unsafe destination, let transport = unsafe transport(bio) else { return 0 }
        let taken = unsafe transport.read(UnsafeMutableRawPointer(destination), count)
        unsafe readBytes?.pointee = taken
        if taken > 0 { return 1 }
        unsafe BIO_set_flags(bio, BIO_FLAGS_READ | BIO_FLAGS_SHOULD_RETRY)
        return 0
    }

    private static func write(
        _ bio: OpaquePointer?,
        _ source: UnsafePointer<CChar>?,
        _ count: Int,
        _ writtenBytes: UnsafeMutablePointer<Int>?
    ) -> CInt {
        unsafe BIO_clear_flags(bio, BIO_FLAGS_READ | BIO_FLAGS_SHOULD_RETRY)
        guard let transport = unsafe transport(bio) else { return 0 }
        unsafe transport.write(UnsafeRawBufferPointer(start: source, count: count))
        unsafe writtenBytes?.pointee = count
        return 1
    }
}

/// A pointer that is made once and never freed.
///
/// Safe because: a BIO method is only read after it is made.
@safe
private struct BIOMethodHandle: @unchecked Sendable {
    let pointer: OpaquePointer

    init(_ pointer: OpaquePointer) { unsafe self.pointer = pointer }
}
