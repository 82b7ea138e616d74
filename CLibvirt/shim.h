// What Swift cannot see of libvirt's headers by itself: function-like macros and newer constants.
#ifndef APUS_CLIBVIRT_SHIM_H
#define APUS_CLIBVIRT_SHIM_H

#include <stddef.h>
#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>
#include <libvirt/libvirt-qemu.h>

// VIR_DOMAIN_EVENT_CALLBACK casts each event's own callback type to the generic one.
static inline virConnectDomainEventGenericCallback
apus_lifecycle_callback(virConnectDomainEventCallback callback) {
    return VIR_DOMAIN_EVENT_CALLBACK(callback);
}

static inline virConnectDomainEventGenericCallback
apus_iteration_callback(virConnectDomainEventMigrationIterationCallback callback) {
    return VIR_DOMAIN_EVENT_CALLBACK(callback);
}

static inline virConnectDomainEventGenericCallback
apus_job_completed_callback(virConnectDomainEventJobCompletedCallback callback) {
    return VIR_DOMAIN_EVENT_CALLBACK(callback);
}

static inline virConnectDomainEventGenericCallback
apus_device_removed_callback(virConnectDomainEventDeviceRemovedCallback callback) {
    return VIR_DOMAIN_EVENT_CALLBACK(callback);
}

static inline virConnectDomainEventGenericCallback
apus_device_removal_failed_callback(virConnectDomainEventDeviceRemovalFailedCallback callback) {
    return VIR_DOMAIN_EVENT_CALLBACK(callback);
}

// Reasons that came after libvirt 9.0.0 (Debian 12). Named here by their documented numbers, so that the
// same source compiles on both sides of the change and an older header still names a newer daemon's reason.
#if LIBVIR_CHECK_VERSION(9, 2, 0)
#define APUS_PAUSED_API_ERROR VIR_DOMAIN_PAUSED_API_ERROR
#else
#define APUS_PAUSED_API_ERROR 14
#endif

#endif
