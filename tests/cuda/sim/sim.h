/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A CUDA runtime without a GPU: the plugin's own binary runs on it, since the libraries have the
 * real names and the real headers' signatures. "Device" memory is memory that the host cannot touch
 * but while a device operation runs; streams are queues that run as late as they may, in an order
 * drawn from a seed; pinned memory is read when a copy runs, not when it is asked for. Kernels run
 * in the PTX interpreter. Whatever a GPU would let pass, or fault on much later, is a violation:
 * told on stderr, and the process ends with SIM_EXIT.
 *
 * Set by the environment: INFERD_SIM_SEED; INFERD_SIM_DEVICES (1); INFERD_SIM_MEMORY bytes;
 * INFERD_SIM_PTX, files by ':'; INFERD_SIM_FAIL "call:n" makes the n-th such call fail as it would,
 * "call:n:lost" loses the device there; INFERD_SIM_STATS, a file for the counts at exit.
 *
 * This is between the simulated libraries; all under one lock (sim_lock).
 */

#include <cuda_runtime_api.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SIM_EXIT = 99, SIM_DEVICES_MAX = 8 };

void sim_lock(void);
void sim_unlock(void);
void sim_violation(const char *format, ...) __attribute__((format(printf, 1, 2)));
long sim_violations(void);

/* Counts a call of that name. false: it is the one that was to fail (not lost: then sticky). */
bool sim_call(const char *name);
void sim_count(const char *name, uint64_t number);
uint64_t sim_counted(const char *name);
/* The error of a lost device, or success. */
cudaError_t sim_sticky(void);
void sim_lose(cudaError_t error);
int sim_current_device(void);
uint32_t sim_draw(void);

/* Memory. */
bool sim_is_device(const void *address);
/* Is all of it in one live allocation? Empty ranges are. */
bool sim_range_ok(const void *address, size_t bytes);
bool sim_find_range(uint64_t address, uint64_t *ret_begin, uint64_t *ret_end);
bool sim_is_pinned(const void *address);
/* Device memory may be touched between these; nests. Closing looks at the canaries. */
void sim_memory_open(void);
void sim_memory_close(void);
void sim_memory_report(void);

/* Streams. run is called when the stream gets there, with a copy of the context. */
typedef void (*SimRun)(void *context);
cudaError_t sim_enqueue(cudaStream_t stream, const char *what, SimRun run, const void *context,
                        size_t bytes);
bool sim_stream_ok(cudaStream_t stream);
void sim_drain(cudaStream_t stream);
void sim_drain_all(void);
void sim_stream_report(void);

void sim_launch_report(void);
/* Kernels that nothing launched so far, of how many. */
size_t sim_launch_uncovered(void (*tell)(const char *kernel), size_t *ret_total);
/* Reads the PTX now; else the first launch does. */
void sim_launch_prepare(void);
