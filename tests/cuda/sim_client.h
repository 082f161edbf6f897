/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The simulated libraries as tests see them, behind the plugin that was loaded. Every function
 * skips the program (exit 77) when the plugin runs on the real ones.
 */

#include <stddef.h>
#include <stdint.h>

/* Loads the plugin of INFERD_PLUGINS and the kernels. Thread: main, before others. */
void sim_client_start(void);
long sim_client_violations(void);
uint64_t sim_client_counted(const char *name);
/* Products, convolutions, launches and copies within the device so far. */
uint64_t sim_client_work(void);
/* Own kernels that nothing launched so far, of how many. */
size_t sim_client_uncovered(void (*tell)(const char *kernel), size_t *ret_total);
