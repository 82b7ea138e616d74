internal import CLibvirt
internal import Synchronization

/// The only owner of a `virConnectPtr`.
///
/// `@unchecked Sendable`: libvirt documents a connection as usable from several threads at once, and the
/// pointer itself never changes; what must not interleave is put on one queue by `Connection`.
@safe struct ConnectionHandle: ~Copyable, @unchecked Sendable {
    let raw: virConnectPtr
    private let closeSink: CloseSink

    /// `closed` is told why the connection ended, and finished at the latest when this handle goes.
    init(adopting raw: virConnectPtr, closed: AsyncStream<CloseReason>.Continuation) {
        unsafe self.raw = raw
        closeSink = CloseSink(closed)
        let box = unsafe Unmanaged.passRetained(closeSink).toOpaque()
        if unsafe virConnectRegisterCloseCallback(raw, closeCallback, box, releaseCloseSink) < 0 {
            virResetLastError()
            unsafe releaseCloseSink(box)
        }
    }

    deinit {
        // The close callback holds a reference of its own; with it, the connection would never close.
        let status = unsafe virConnectUnregisterCloseCallback(raw, closeCallback)
        if status < 0 { virResetLastError() }
        unsafe virConnectClose(raw)
        // A driver without a remote side says yes to both calls and does nothing: the box is still ours then.
        if status == 0, !closeSink.isReleased {
            unsafe releaseCloseSink(Unmanaged.passUnretained(closeSink).toOpaque())
        }
        closeSink.continuation.finish()
    }
}

/// The only owner of a `virDomainPtr`.
@safe package struct DomainHandle: ~Copyable {
    let raw: virDomainPtr

    init(adopting raw: virDomainPtr) { unsafe self.raw = raw }

    deinit { unsafe virDomainFree(raw) }
}

/// Why a connection ended without our doing. Source: `virConnectCloseReason`.
package enum CloseReason: Sendable, Equatable {
    case error, endOfFile, keepalive, client
    case other(Int)

    init(raw: CInt) {
        switch virConnectCloseReason(rawValue: UInt32(bitPattern: raw)) {
        case VIR_CONNECT_CLOSE_REASON_ERROR: self = .error
        case VIR_CONNECT_CLOSE_REASON_EOF: self = .endOfFile
        case VIR_CONNECT_CLOSE_REASON_KEEPALIVE: self = .keepalive
        case VIR_CONNECT_CLOSE_REASON_CLIENT: self = .client
        default: self = .other(Int(raw))
        }
    }
}

/// What the close callback may do: note the reason and end the stream.
final class CloseSink: Sendable {
    let continuation: AsyncStream<CloseReason>.Continuation
    private let released = Atomic(false)

    /// Whether libvirt has given its reference back.
    var isReleased: Bool { released.load(ordering: .acquiring) }

    fileprivate func noteRelease() { released.store(true, ordering: .releasing) }

    init(_ continuation: AsyncStream<CloseReason>.Continuation) { self.continuation = continuation }
}

let closeCallback: virConnectCloseFunc = { _, reason, opaque in
    guard let opaque = unsafe opaque else { return }
    let sink = unsafe Unmanaged<CloseSink>.fromOpaque(opaque).takeUnretainedValue()
    sink.continuation.yield(CloseReason(raw: reason))
    sink.continuation.finish()
}

let releaseCloseSink: virFreeCallback = { opaque in
    guard let opaque = unsafe opaque else { return }
    let sink = unsafe Unmanaged<CloseSink>.fromOpaque(opaque).takeRetainedValue()
    sink.noteRelease()
    sink.continuation.finish()
}
