/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Finds device plugins: libinferd_<name>.so in the one directory that was compiled in (or set for
 * tests). Never searched along a path, so that a request or a model can not make the process load
 * something else.
 */

#include "runtime/device/device.h"

/* NULL restores the compiled-in directory. Lent for the life of the process. Thread: main, before
 * the first load. */
void plugin_set_directory(const char *directory);
const char *plugin_directory_get(void);

/* Is there a file for a plugin of that name? */
bool plugin_is_there(const char *name);

/**
 * Loads the plugin (it stays loaded) and gives its table, whose abi and size have been checked.
 *
 * @name  letters, digits and '_' only
 *
 * Errors: INVALID_ARGUMENT (name), NOT_FOUND (no such file), FAILED_PRECONDITION (not a plugin, or
 * of another abi) Thread: main
 */
Status plugin_load(const char *name, const DeviceApi **ret_api);
