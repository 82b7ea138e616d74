internal import CLibvirt
internal import Glibc

/// libvirt's event loop, on a thread of its own: it delivers events and answers keepalive probes.
///
/// It has to be registered before the first connection is opened, once per process.
enum EventLoop {
    /// Starts the loop at the first call; later calls do nothing.
    static func start() {
        _ = started
    }

    private static let started: Bool = {
        virInitialize()
        virEventRegisterDefaultImpl()
        // Errors travel as `LibvirtError`; without this, libvirt also prints each of them on stderr.
        unsafe virSetErrorFunc(nil) { _, _ in }
        var thread = pthread_t()
        let body: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = { _ in
            while true {
                // A failure here is a passing poll(2) failure: the loop must go on, events hang on it.
                if virEventRunDefaultImpl() < 0 { virResetLastError() }
            }
        }
        let status = unsafe pthread_create(&thread, nil, body, nil)
        return status == 0
    }()
}
