/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What all parts of the simulation share: the lock, violations, counted and failing calls, the lost
 * device, random numbers, and the report at exit. Leaks are violations: the host is expected to
 * have closed the device. Also the calls that only tell about the device.
 */

#include "tests/cuda/sim/sim.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { COUNTERS_MAX = 128, NAME_BYTES = 48 };

static pthread_mutex_t lock;
static pthread_once_t once = PTHREAD_ONCE_INIT;

/* under lock */
static struct {
    char name[NAME_BYTES];
    uint64_t number;
} counters[COUNTERS_MAX];
static size_t counter_count;
static long violation_count;
static uint32_t seed;
static int device_count;
static char failing[NAME_BYTES];
static long fails_at;
static bool fails_lost;
static cudaError_t sticky;

static _Thread_local int current_device;
static _Thread_local cudaError_t last_error;

static void start(void) {
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_RECURSIVE);
    pthread_mutex_init(&lock, &attributes);
    const char *text = getenv("INFERD_SIM_SEED");
    seed = (text ? (uint32_t)strtoul(text, NULL, 10) : 1) * 2654435761u;
    text = getenv("INFERD_SIM_DEVICES");
    device_count = text ? atoi(text) : 1;
    text = getenv("INFERD_SIM_FAIL");
    char how[8] = "";
    if (text && sscanf(text, "%47[^:]:%ld:%7s", failing, &fails_at, how) >= 2)
        fails_lost = strcmp(how, "lost") == 0;
}

void sim_lock(void) {
    pthread_once(&once, start);
    pthread_mutex_lock(&lock);
}

void sim_unlock(void) {
    pthread_mutex_unlock(&lock);
}

void sim_violation(const char *format, ...) {
    char text[600];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    fprintf(stderr, "sim: VIOLATION: %s\n", text);
    violation_count++;
}

long sim_violations(void) {
    return violation_count;
}

void sim_count(const char *name, uint64_t number) {
    size_t i = 0;
    while (i < counter_count && strcmp(counters[i].name, name) != 0)
        i++;
    if (i == COUNTERS_MAX)
        return;
    if (i == counter_count)
        snprintf(counters[counter_count++].name, NAME_BYTES, "%s", name);
    counters[i].number += number;
}

bool sim_call(const char *name) {
    sim_count(name, 1);
    if (fails_at <= 0 || strcmp(failing, name) != 0 || --fails_at > 0)
        return true;
    if (!fails_lost)
        return false;
    sim_lose(cudaErrorIllegalAddress);
    return true;
}

cudaError_t sim_sticky(void) {
    return sticky;
}

void sim_lose(cudaError_t error) {
    sticky = error;
}

int sim_current_device(void) {
    return current_device;
}

uint64_t sim_counted(const char *name) {
    for (size_t i = 0; i < counter_count; i++)
        if (strcmp(counters[i].name, name) == 0)
            return counters[i].number;
    return 0;
}

uint32_t sim_draw(void) {
    seed = seed * 1664525u + 1013904223u;
    return seed >> 8;
}

static void write_counts(void) {
    const char *path = getenv("INFERD_SIM_STATS");
    FILE *file = path ? fopen(path, "w") : NULL;
    if (!file)
        return;
    for (size_t i = 0; i < counter_count; i++)
        fprintf(file, "%s %llu\n", counters[i].name, (unsigned long long)counters[i].number);
    fclose(file);
}

/* Behind the program's own atexit functions: everything should be gone. */
__attribute__((destructor)) static void finish(void) {
    sim_lock();
    if (sticky == cudaSuccess) { /* what a lost device held cannot be given back */
        sim_stream_report();
        sim_memory_report();
    }
    sim_launch_report();
    write_counts();
    if (violation_count > 0) {
        fprintf(stderr, "sim: %ld violations\n", violation_count);
        fflush(NULL);
        _exit(SIM_EXIT);
    }
    sim_unlock();
}

/* --- the device --- */

static cudaError_t tell(cudaError_t error) {
    cudaError_t told = sticky != cudaSuccess ? sticky : error;
    if (told != cudaSuccess)
        last_error = told;
    return told;
}

cudaError_t cudaGetDeviceCount(int *count) {
    sim_lock();
    bool ok = sim_call("cudaGetDeviceCount");
    int devices = device_count;
    sim_unlock();
    if (!ok)
        return tell(cudaErrorInsufficientDriver); /* and count is left alone */
    *count = devices;
    return tell(devices > 0 ? cudaSuccess : cudaErrorNoDevice);
}

cudaError_t cudaSetDevice(int device) {
    sim_lock();
    sim_call("cudaSetDevice");
    bool ok = device >= 0 && device < device_count;
    sim_unlock();
    if (ok)
        current_device = device;
    return tell(ok ? cudaSuccess : cudaErrorInvalidDevice);
}

cudaError_t cudaGetDevice(int *device) {
    *device = current_device;
    return cudaSuccess;
}

cudaError_t cudaDriverGetVersion(int *version) {
    *version = CUDART_VERSION;
    return cudaSuccess;
}

cudaError_t cudaRuntimeGetVersion(int *version) {
    *version = CUDART_VERSION;
    return cudaSuccess;
}

cudaError_t cudaDeviceGetAttribute(int *value, enum cudaDeviceAttr attribute, int device) {
    (void)device;
    *value = attribute == cudaDevAttrComputeCapabilityMajor ? 8
             : attribute == cudaDevAttrMultiProcessorCount  ? 4
                                                            : 0;
    return tell(cudaSuccess);
}

cudaError_t cudaGetLastError(void) {
    cudaError_t error = sticky != cudaSuccess ? sticky : last_error;
    last_error = cudaSuccess;
    return error;
}

cudaError_t cudaPeekAtLastError(void) {
    return sticky != cudaSuccess ? sticky : last_error;
}

static const char *name_of(cudaError_t error) {
    static _Thread_local char text[40];
    snprintf(text, sizeof text, "simulated error %d", (int)error);
    return error == cudaSuccess ? "no error" : text;
}

const char *cudaGetErrorString(cudaError_t error) {
    return name_of(error);
}

const char *cudaGetErrorName(cudaError_t error) {
    return name_of(error);
}
