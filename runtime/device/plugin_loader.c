/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Opens device plugins. A plugin is never closed again: libraries below it (CUDA) do not survive
 * that, and a process opens each once. RTLD_LOCAL keeps its symbols, and those of what it links,
 * away from ours.
 *
 * The abi number is read before anything else of the table; a table shorter than ours is refused, a
 * longer one is newer and fine. Thread: main.
 */

#include "runtime/device/plugin_loader.h"

#include <ctype.h>
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PLUGIN_ENTRY "inferd_device_api"
enum { PLUGIN_NAME_BYTES = 32, PLUGIN_PATH_BYTES = 4096 };

static const char *plugin_directory = INFERD_PLUGIN_DIR;

void plugin_set_directory(const char *directory) {
    plugin_directory = directory ? directory : INFERD_PLUGIN_DIR;
}

const char *plugin_directory_get(void) {
    return plugin_directory;
}

static bool is_plain_name(const char *name) {
    size_t length = strlen(name);
    if (length == 0 || length >= PLUGIN_NAME_BYTES)
        return false;
    for (size_t i = 0; i < length; i++)
        if (!isalnum((unsigned char)name[i]) && name[i] != '_')
            return false;
    return true;
}

bool plugin_is_there(const char *name) {
    char path[PLUGIN_PATH_BYTES];
    int length = snprintf(path, sizeof path, "%s/libinferd_%s.so", plugin_directory, name);
    return length > 0 && (size_t)length < sizeof path && access(path, F_OK) == 0;
}

static Status check_api(const char *name, const DeviceApi *api) {
    if (!api)
        return status_error(STATUS_FAILED_PRECONDITION,
                            "device '%s': the plugin does not speak abi %d", name, DEVICE_ABI);
    if (api->abi != DEVICE_ABI)
        return status_error(STATUS_FAILED_PRECONDITION,
                            "device '%s': the plugin has abi %u, expected %d", name,
                            (unsigned)api->abi, DEVICE_ABI);
    if (api->struct_bytes < sizeof *api)
        return status_error(STATUS_FAILED_PRECONDITION,
                            "device '%s': the plugin's table has %zu bytes, expected %zu", name,
                            api->struct_bytes, sizeof *api);
    return status_ok();
}

Status plugin_load(const char *name, const DeviceApi **ret_api) {
    if (!is_plain_name(name))
        return status_error(STATUS_INVALID_ARGUMENT, "'%.64s' is not the name of a device", name);
    char path[PLUGIN_PATH_BYTES];
    int length = snprintf(path, sizeof path, "%s/libinferd_%s.so", plugin_directory, name);
    if (length < 0 || (size_t)length >= sizeof path)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "device '%s': the plugin directory's name is too long", name);
    if (access(path, F_OK) != 0)
        return status_error(STATUS_NOT_FOUND, "device '%s': no plugin of that name is installed",
                            name);

    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!library)
        return status_error(STATUS_FAILED_PRECONDITION, "device '%s': %s", name, dlerror());
    DevicePluginEntry entry;
    *(void **)&entry = dlsym(library, PLUGIN_ENTRY); /* POSIX allows it, ISO C has no cast for it */
    if (!entry) {
        dlclose(library);
        return status_error(STATUS_FAILED_PRECONDITION,
                            "device '%s': the file is not a device plugin", name);
    }
    const DeviceApi *api = entry(DEVICE_ABI);
    TRY(check_api(name, api));
    *ret_api = api;
    return status_ok();
}
