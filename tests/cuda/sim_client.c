/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Finds the simulated runtime under the plugin by its name: it is loaded already, so asking for it
 * again gives the same one. The real one lacks our functions.
 */

#include "tests/cuda/sim_client.h"

#include "runtime/device/plugin_loader.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

enum { EXIT_SKIP = 77 };

static void *find(const char *name) {
    void *library = dlopen("libcudart.so.13", RTLD_NOW | RTLD_NOLOAD);
    void *symbol = library ? dlsym(library, name) : NULL;
    if (!symbol) {
        printf("skipped: the simulated CUDA libraries are not loaded\n");
        exit(EXIT_SKIP);
    }
    return symbol;
}

void sim_client_start(void) {
    const char *folder = getenv("INFERD_PLUGINS");
    const DeviceApi *api;
    if (folder)
        plugin_set_directory(folder);
    Status status = plugin_load("cuda", &api);
    if (!status_is_ok(&status)) {
        printf("skipped: %s\n", status.message);
        exit(EXIT_SKIP);
    }
    void (*prepare)(void);
    *(void **)&prepare = find("sim_launch_prepare");
    prepare();
}

long sim_client_violations(void) {
    long (*violations)(void);
    *(void **)&violations = find("sim_violations");
    return violations();
}

uint64_t sim_client_counted(const char *name) {
    uint64_t (*counted)(const char *);
    *(void **)&counted = find("sim_counted");
    return counted(name);
}

uint64_t sim_client_work(void) {
    return sim_client_counted("cudaLaunchKernel") + sim_client_counted("cublasLtMatmul") +
           sim_client_counted("cudnnBackendExecute") + sim_client_counted("copies_within");
}

size_t sim_client_uncovered(void (*tell)(const char *kernel), size_t *ret_total) {
    size_t (*uncovered)(void (*)(const char *), size_t *);
    *(void **)&uncovered = find("sim_launch_uncovered");
    return uncovered(tell, ret_total);
}
