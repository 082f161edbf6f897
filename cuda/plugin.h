/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The plugin's one table, and its one exported name. */

#include "runtime/device/device.h"

const DeviceApi *cuda_api(void);
const DeviceApi *inferd_device_api(uint32_t host_abi);
