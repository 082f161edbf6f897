/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * From a configured name to an opened device. "auto" takes the best there is and says in its note
 * why it is not a GPU; an explicit name that cannot be had is an error, never a silent fall-back.
 *
 * Thread: main. Notes are static: the reason of the last failed GPU is kept in one buffer for the
 * process.
 */

#include "runtime/device/device_open.h"

#include "runtime/device/placed_device.h"
#include "runtime/device/plugin_loader.h"

#include <stdio.h>
#include <string.h>

enum { NAME_BYTES = 64 };

static char auto_note[STATUS_MESSAGE_BYTES + 32]; /* main thread only */

/* A plugin's device, with the CPU for what it lacks. */
static Status open_placed(const DeviceApi *api, const char *selector, const DeviceHost *host,
                          Device **ret_device) {
    Device *primary, *cpu;
    TRY(api->open(host, selector, &primary));
    Status status = cpu_device_api()->open(host, "", &cpu);
    if (!status_is_ok(&status)) {
        api->close(primary);
        return status;
    }
    status = placed_device_new(primary, cpu, ret_device);
    if (!status_is_ok(&status)) {
        api->close(primary);
        cpu->api->close(cpu);
    }
    return status;
}

static Status open_named(const char *name, const char *selector, const DeviceHost *host,
                         Device **ret_device) {
    const DeviceApi *api = cpu_device_api();
    if (strcmp(name, api->name) != 0) {
        Status status = plugin_load(name, &api);
        if (status.code == STATUS_NOT_FOUND) /* an explicit device that is not there */
            return status_error(STATUS_FAILED_PRECONDITION, "%s", status.message);
        TRY(status);
        return open_placed(api, selector, host, ret_device);
    }
    return api->open(host, selector, ret_device);
}

static Status open_best(const DeviceHost *host, Device **ret_device, const char **ret_note) {
    Status status = open_named("cuda", "", host, ret_device);
    if (status_is_ok(&status)) {
        *ret_note = "cuda: found";
        return status_ok();
    }
    TRY(open_named("cpu", "", host, ret_device));
    snprintf(auto_note, sizeof auto_note, "cpu: %s", status.message);
    *ret_note = auto_note;
    return status_ok();
}

Status device_open(const char *name, const DeviceHost *host, Device **ret_device,
                   const char **ret_note) {
    if (strcmp(name, "auto") == 0)
        return open_best(host, ret_device, ret_note);
    const char *colon = strchr(name, ':');
    size_t length = colon ? (size_t)(colon - name) : strlen(name);
    char kind[NAME_BYTES];
    if (length >= sizeof kind)
        return status_error(STATUS_FAILED_PRECONDITION, "'%.64s' is not the name of a device",
                            name);
    memcpy(kind, name, length);
    kind[length] = '\0';
    TRY(open_named(kind, colon ? colon + 1 : "", host, ret_device));
    *ret_note = "as configured";
    return status_ok();
}

void device_close(Device *device) {
    if (device)
        device->api->close(device);
}
