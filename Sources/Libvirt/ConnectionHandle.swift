internal import CLibvirt

/// The only owner of a `virConnectPtr`.
///
/// `@unchecked Sendable`: libvirt documents a connection as usable from several threads at once, and the
/// pointer itself never changes; what must not interleave is put on one queue by `Connection`.
@safe struct ConnectionHandle: ~Copyable, @unchecked Sendable {
    let raw: virConnectPtr

    init(adopting raw: virConnectPtr) { unsafe self.raw = raw }

    deinit {
        // The close callback holds a reference of its own; with it, the connection would never close.
        unsafe virConnectUnregisterCloseCallback(raw, closeCallback)
        unsafe virConnectClose(raw)
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
    unsafe Unmanaged<CloseSink>.fromOpaque(opaque).takeRetainedValue().continuation.finish()
}
