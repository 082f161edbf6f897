/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A device that lacks some operators, and the CPU for those: one device to everybody else. Each
 * graph is cut into segments that run on one of the two, in turn; values that cross go through host
 * memory. A graph that the device has whole is handed through untouched.
 */

#include "runtime/device/device.h"

/* Both are taken on success and closed with it. Its name is the primary's. Thread: main. */
Status placed_device_new(Device *primary, Device *cpu, Device **ret_device);

/* How many of the graph's nodes the primary would not run, telling each; 0 for a device that is not
 * placed. */
size_t placed_device_list(const Device *device, const Graph *graph,
                          void (*tell)(void *user, const Node *node), void *user);

/* Of a placed device and its model the CPU's; others stay as they are. */
void placed_device_to_cpu(Device **device, DeviceModel **model);
