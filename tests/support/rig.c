/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The rig. What is seen of a request is written under its mutex by whoever ends it, so a test may
 * read it once it has waited.
 */

#include "tests/support/rig.h"

#include "runtime/base/size.h"
#include "runtime/device/device_open.h"
#include "runtime/schedule/response_cache.h"
#include "tests/support/check.h"

#include <stdlib.h>
#include <string.h>

static bool source(void *user, size_t worker_index) {
    return scheduler_take(user, worker_index);
}

Rig *rig_open(void) {
    Rig *rig = calloc(1, sizeof *rig);
    mutex_init(&rig->mutex);
    cond_init(&rig->changed);
    check_ok(pool_new(2, &rig->pool));
    DeviceHost host = { .abi = DEVICE_ABI, .struct_bytes = sizeof host, .pool = rig->pool };
    const char *note;
    check_ok(device_open("cpu", &host, &rig->device, &note));
    check_ok(output_pool_new(1 << 26, &rig->outputs));
    check_ok(response_cache_new(1 << 20, &rig->cache));
    SchedulerOptions options = {
        .clock = clock_monotonic(), .cache = rig->cache, .pool = rig->pool, .outputs = rig->outputs
    };
    check_ok(scheduler_new(&options, &rig->scheduler));
    check_ok(timer_new(rig->scheduler, &rig->timer));
    pool_set_source(rig->pool, source, rig->scheduler);
    return rig;
}

void rig_close(Rig *rig) {
    timer_free(rig->timer);
    pool_free(rig->pool);
    scheduler_free(rig->scheduler);
    response_cache_free(rig->cache);
    device_close(rig->device);
    assert_int_equal(output_pool_live_bytes(rig->outputs), 0);
    output_pool_free(rig->outputs);
    cond_deinit(&rig->changed);
    mutex_deinit(&rig->mutex);
    free(rig);
}

static Status acquire(void *user, const char *model, int64_t version, Lease *ret_lease) {
    Rig *rig = user;
    (void)version;
    for (size_t i = 0; i < RIG_TENSORS_MAX; i++) {
        if (!rig->versions[i] || strcmp(rig->versions[i]->name, model) != 0)
            continue;
        ret_lease->version = model_version_ref(rig->versions[i]);
        return status_ok();
    }
    return status_error(STATUS_FAILED_PRECONDITION, "model '%s' is not there", model);
}

Status rig_try_load(Rig *rig, const char *name, const char *config, ModelVersion **ret_version) {
    FileSource none = file_source_plain(-1);
    ModelLoad load = { .name = name,
                       .number = 1,
                       .files = &none,
                       .model_directory = -1,
                       .config_text = config,
                       .config_length = strlen(config),
                       .device = rig->device,
                       .pool = rig->pool,
                       .warm = true,
                       .autocomplete = true,
                       .steps = { acquire, rig } };
    TRY(model_version_load(&load, ret_version));
    check_ok(scheduler_add_version(rig->scheduler, *ret_version));
    size_t free_slot = 0;
    while (rig->versions[free_slot])
        free_slot++;
    assert_true(free_slot < RIG_TENSORS_MAX);
    rig->versions[free_slot] = *ret_version;
    return status_ok();
}

ModelVersion *rig_load(Rig *rig, const char *name, const char *config) {
    ModelVersion *version = NULL;
    check_ok(rig_try_load(rig, name, config, &version));
    return version;
}

void rig_unload(Rig *rig, ModelVersion *version) {
    assert_true(
        scheduler_wait_idle(rig->scheduler, time_after(clock_now_ns(clock_monotonic()), NS_PER_S)));
    for (size_t i = 0; i < RIG_TENSORS_MAX; i++)
        if (rig->versions[i] == version)
            rig->versions[i] = NULL;
    scheduler_remove_version(rig->scheduler, version);
    model_version_unref(version);
}

static void on_response(InferRequest *request) {
    RigRequest *rigged = request->user;
    LOCKED(&rigged->rig->mutex);
    assert_true(rigged->responses < RIG_RESPONSES_MAX);
    rigged->response_values[rigged->responses++] = *(const int64_t *)request->outputs[0].data;
}

static void on_done(InferRequest *request, const Status *status) {
    RigRequest *rigged = request->user;
    const Signature *signature = &request->lease.version->signature;
    LOCKED(&rigged->rig->mutex);
    rigged->status = *status;
    for (size_t i = 0; request->block && i < signature->output_count; i++) {
        const Tensor *output = &request->outputs[i];
        rigged->counts[i] = output->bytes / sizeof(int64_t);
        assert_true(rigged->counts[i] <= RIG_VALUES_MAX);
        if (output->bytes > 0)
            memcpy(rigged->values[i], output->data, output->bytes);
    }
    request_release_outputs(request);
    rigged->is_done = true;
    cond_broadcast(&rigged->rig->changed);
}

void rig_request_init(RigRequest *request, Rig *rig, ModelVersion *version, size_t rows,
                      size_t width, int64_t value) {
    *request = (RigRequest){ .rig = rig };
    const Signature *signature = &version->signature;
    bool batched = signature->batched;
    for (size_t i = 0; i < signature->input_count; i++) {
        for (size_t k = 0; k < rows * width; k++)
            request->payload[i][k] = value;
        request->spans[i] = (Span){ request->payload[i], rows * width * sizeof(int64_t) };
        request->inputs[i] =
            (RequestInput){ .dtype = DTYPE_I64,
                            .shape = batched ? SHAPE((int64_t)rows, (int64_t)width)
                                             : SHAPE((int64_t)width),
                            .payload = { &request->spans[i], 1, request->spans[i].bytes } };
    }
    request->request =
        (InferRequest){ .lease = { version },
                        .inputs = request->inputs,
                        .outputs = request->outputs,
                        .rows = batched ? rows : 1,
                        .payload_bytes = request->spans[0].bytes,
                        .deadline_ns = TIME_NEVER,
                        .on_done = on_done,
                        .on_response = version->config.decoupled ? on_response : NULL,
                        .user = request };
}

Status rig_submit(RigRequest *request) {
    Status status = scheduler_submit(request->rig->scheduler, &request->request);
    scheduler_kick(request->rig->scheduler);
    return status;
}

void rig_wait(RigRequest *request) {
    LOCKED(&request->rig->mutex);
    while (!request->is_done)
        cond_wait_until(&request->rig->changed, &request->rig->mutex, TIME_NEVER);
}

Status rig_run(RigRequest *request) {
    TRY(rig_submit(request));
    rig_wait(request);
    return request->status;
}
