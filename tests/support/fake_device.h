/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A device that completes late, as a GPU does: it compiles and computes with the CPU device, but
 * submit only queues, and done comes on the device's own thread, when the test allows it. It can
 * fail on demand. Proves that what is built on runtime/device/device.h does not rely on done coming
 * inside submit.
 */

#include "runtime/device/device.h"

/* Aborts when memory is out. Closed like any device, after everything submitted is done. */
Device *fake_device_new(void);

/* From now on submissions complete as soon as the device's thread gets to them (true, as after new)
 * or wait for fake_device_complete (false). */
void fake_device_set_automatic(Device *device, bool automatic);
/* Lets the next count submissions complete; may come before they are submitted. */
void fake_device_complete(Device *device, size_t count);
/* The next count completions fail with this code instead of being computed. */
void fake_device_fail(Device *device, size_t count, StatusCode code);
/* What health says. */
void fake_device_set_healthy(Device *device, bool healthy);

/* Waits until at least count have been submitted since new. */
void fake_device_wait_submitted(Device *device, size_t count);
/* Waits until at most count are submitted and not done. */
void fake_device_wait_pending(Device *device, size_t count);
