/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * From a name in a configuration ("cpu", "cuda:0", "auto") to an opened device: the built-in one or
 * a plugin.
 */

#include "runtime/device/device.h"

/**
 * @name  "auto" (the best there is; why not a GPU is in ret_note), "cpu", or "<plugin>[:selector]"
 * @ret_note  for the log: what was chosen and why; a static or device-owned string
 *
 * Errors: FAILED_PRECONDITION (an explicit device that cannot be had, with the reason)
 * Thread: main
 */
Status device_open(const char *name, const DeviceHost *host, Device **ret_device,
                   const char **ret_note);
void device_close(Device *device);
DEFINE_AUTO(Device, device_close);
