/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The identity engine. Without a delay it copies on the calling worker. With one it is a device
 * that is busy: the worker hands the batch over and goes on, and the engine's own thread answers
 * when the time has come; since all delays of one model are equal, a list in order of arrival is in
 * order of time. A decoupled batch stands in that list once a response.
 *
 * Delays are of the monotonic clock: tests of decisions use a simulated device instead.
 *
 * Threads: worker (submit), device (answers).
 */

#include "runtime/model/identity.h"

#include "runtime/base/clock.h"
#include "runtime/base/list.h"
#include "runtime/base/size.h"
#include "runtime/base/thread.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

typedef struct Job {
    EngineRun *run;
    ListNode node;
    uint64_t due_ns;
    uint64_t left; /* responses */
} Job;

typedef struct Identity {
    Engine engine;
    /* fixed after new */
    IdentityConfig config;
    bool decoupled;
    size_t tensors;
    Thread thread; /* with a delay */
    /* any thread */
    atomic_uint_fast64_t batches;
    Mutex mutex;
    /* under mutex */
    Cond changed;
    ListNode jobs;
    bool is_stopping;
    bool is_orphan; /* freed by its own thread, which gave back the last lease: it frees the rest */
} Identity;

static Status copy_outputs(const Identity *identity, EngineRun *run) {
    for (size_t i = 0; i < identity->tensors; i++) {
        Tensor *output = &run->args.outputs[i];
        *output = run->args.inputs[i];
        output->data =
            output->bytes > 0 ? output_block_alloc(run->args.block, output->bytes) : NULL;
        if (output->bytes > 0 && !output->data)
            return status_error(STATUS_RESOURCE_EXHAUSTED, "no memory for outputs");
        if (output->bytes > 0)
            memcpy(output->data, run->args.inputs[i].data, output->bytes);
    }
    return status_ok();
}

/* The first element of the first input. */
static uint64_t asked_responses(const Identity *identity, const EngineRun *run) {
    const Tensor *input = &run->args.inputs[0];
    if (!identity->config.responses_follow)
        return identity->config.responses;
    size_t bytes = dtype_info(input->dtype)->bits / 8;
    int64_t count = 0;
    if (!dtype_info(input->dtype)->is_integer || input->bytes < bytes || bytes > sizeof count)
        return 0;
    memcpy(&count, input->data, bytes); /* little-endian */
    return count > 0 ? (uint64_t)count : 0;
}

static bool is_stopped(const EngineRun *run) {
    return run->args.stop && atomic_load(run->args.stop);
}

/* One answer, or one response of several. true: that was the last, and done has been called. */
static bool answer(Identity *identity, EngineRun *run, uint64_t *left) {
    Status status = status_ok();
    uint64_t number = identity->config.fail_every ? atomic_fetch_add(&identity->batches, 1) + 1 : 0;
    if (is_stopped(run))
        status = status_error(STATUS_CANCELLED, "nobody waits for it");
    else if (identity->config.fail_every && number % identity->config.fail_every == 0)
        status = status_error(STATUS_INTERNAL, "the identity engine fails every %llu. time",
                              (unsigned long long)identity->config.fail_every);
    else if (*left > 0 || !identity->decoupled)
        status = copy_outputs(identity, run);
    bool is_last = !status_is_ok(&status) || !identity->decoupled || *left == 0;
    if (!is_last) {
        --*left;
        is_last = !run->respond(run->user) || *left == 0;
    }
    if (is_last)
        run->done(run->user, &status);
    return is_last;
}

static void destroy(Identity *identity) {
    assert(list_is_empty(&identity->jobs));
    cond_deinit(&identity->changed);
    mutex_deinit(&identity->mutex);
    free(identity);
}

static void answer_in_time(Identity *identity) {
    for (;;) {
        Job *job;
        {
            LOCKED(&identity->mutex);
            while (!identity->is_stopping && list_is_empty(&identity->jobs))
                cond_wait_until(&identity->changed, &identity->mutex, TIME_NEVER);
            if (list_is_empty(&identity->jobs))
                return;
            job = LIST_ITEM(identity->jobs.next, Job, node);
            if (clock_now_ns(clock_monotonic()) < job->due_ns) {
                cond_wait_until(&identity->changed, &identity->mutex, job->due_ns);
                continue;
            }
            list_remove(&job->node);
        }
        if (answer(identity, job->run, &job->left)) {
            free(job);
            continue;
        }
        LOCKED(&identity->mutex);
        job->due_ns = time_after(clock_now_ns(clock_monotonic()), identity->config.delay_ns);
        list_push_back(&identity->jobs, &job->node);
    }
}

static void identity_main(void *user) {
    Identity *identity = user;
    answer_in_time(identity);
    if (!identity->is_orphan)
        return; /* somebody waits for this thread */
    pthread_detach(pthread_self());
    destroy(identity);
}

static void identity_submit(Engine *engine, EngineRun *run) {
    Identity *identity = (Identity *)engine;
    uint64_t left = identity->decoupled ? asked_responses(identity, run) : 1;
    if (identity->config.delay_ns == 0) {
        while (!answer(identity, run, &left))
            continue;
        return;
    }
    Job *job = calloc(1, sizeof *job);
    if (!job) {
        Status status = status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory");
        run->done(run->user, &status);
        return;
    }
    job->run = run;
    job->left = left;
    LOCKED(&identity->mutex);
    job->due_ns = time_after(clock_now_ns(clock_monotonic()), identity->config.delay_ns);
    list_push_back(&identity->jobs, &job->node);
    cond_signal(&identity->changed);
}

static void identity_free(Engine *engine) {
    Identity *identity = (Identity *)engine;
    bool is_own =
        identity->thread.running && pthread_equal(pthread_self(), identity->thread.handle);
    {
        LOCKED(&identity->mutex);
        identity->is_stopping = true;
        identity->is_orphan = is_own;
        cond_signal(&identity->changed);
    }
    if (is_own)
        return;
    thread_join(&identity->thread);
    destroy(identity);
}

static Status check_pairs(const ModelConfig *config) {
    if (config->input_count == 0 || config->input_count != config->output_count)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "model '%s': an identity model names as many inputs as outputs, got "
                            "%zu and %zu",
                            config->name, config->input_count, config->output_count);
    for (size_t i = 0; i < config->input_count; i++) {
        const ConfigTensor *input = &config->inputs[i], *output = &config->outputs[i];
        if (input->dtype != output->dtype || !shape_equal(&input->dims, &output->dims))
            return status_error(STATUS_INVALID_ARGUMENT,
                                "model '%s': input '%s' is %s %s, its output '%s' is %s %s",
                                config->name, input->name, dtype_name(input->dtype),
                                SHAPE_TEXT(&input->dims), output->name, dtype_name(output->dtype),
                                SHAPE_TEXT(&output->dims));
    }
    return status_ok();
}

Status identity_engine_new(const ModelConfig *config, Engine **ret_engine) {
    static const EngineApi api = { identity_submit, identity_free };
    TRY(check_pairs(config));
    Identity *identity = calloc(1, sizeof *identity);
    if (!identity)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory");
    identity->engine.api = &api;
    identity->config = config->identity;
    identity->decoupled = config->decoupled;
    identity->tensors = config->input_count;
    mutex_init(&identity->mutex);
    cond_init(&identity->changed);
    list_init(&identity->jobs);
    Status status = status_ok();
    if (config->identity.delay_ns > 0)
        status =
            thread_start(&identity->thread, THREAD_DEVICE, "identity", identity_main, identity);
    if (!status_is_ok(&status)) {
        identity_free(&identity->engine);
        return status;
    }
    *ret_engine = &identity->engine;
    return status_ok();
}
