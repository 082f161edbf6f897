/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* See fake_serving.h. The scheduler keeps the contract: on_done exactly once, without a lock,
 * before scheduler_cancel returns when the request was still queued. */

#include "tests/support/fake_serving.h"

#include "runtime/base/clock.h"
#include "runtime/base/thread.h"

#include <stdio.h>
#include <string.h>

Repo *const FAKE_REPO = (Repo *)(uintptr_t)16;
Scheduler *const FAKE_SCHEDULER = (Scheduler *)(uintptr_t)32;

static Mutex mutex;
static Cond changed;
static ListNode queued;
static size_t queued_count, cancelled_count, submitted_count;
static bool hold, ready;
static ModelVersion version;

void fake_serving_reset(void) {
    mutex_init(&mutex);
    cond_init(&changed);
    list_init(&queued);
    queued_count = cancelled_count = submitted_count = 0;
    hold = false;
    ready = true;
    version = (ModelVersion){ .name = "m", .number = 1 };
}

void fake_repo_set_ready(bool value) {
    LOCKED(&mutex);
    ready = value;
}

static bool is_ready(void) {
    LOCKED(&mutex);
    return ready;
}

static bool is_m(StringView name) {
    return name.length == 1 && name.data[0] == 'm';
}

Status repo_acquire(Repo *repo, StringView name, const VersionChoice *choice, Lease *ret_lease) {
    (void)repo, (void)choice;
    if (!is_m(name))
        return status_error(STATUS_NOT_FOUND, "no model '%.*s'", (int)name.length, name.data);
    if (!is_ready())
        return status_error(STATUS_FAILED_PRECONDITION, "not ready");
    ret_lease->version = &version;
    return status_ok();
}

Status repo_model_status(Repo *repo, StringView name, Arena *arena, VersionStatus **ret_versions,
                         size_t *ret_count) {
    (void)repo;
    if (!is_m(name))
        return status_error(STATUS_NOT_FOUND, "no model");
    *ret_versions = arena_calloc(arena, 1, sizeof **ret_versions);
    *ret_count = 1;
    return status_ok();
}

Status repo_model_names(Repo *repo, Arena *arena, const char ***ret_names, size_t *ret_count) {
    (void)repo;
    *ret_names = arena_calloc(arena, 1, sizeof **ret_names);
    (*ret_names)[0] = "m";
    *ret_count = 1;
    return status_ok();
}

bool repo_is_ready(Repo *repo) {
    (void)repo;
    return is_ready();
}

bool repo_model_is_ready(Repo *repo, StringView name) {
    (void)repo;
    return is_m(name) && is_ready();
}

void lease_release(Lease *lease) {
    lease->version = NULL;
}

void request_release_outputs(InferRequest *request) {
    if (request->block)
        output_block_unref(request->block);
    request->block = NULL;
}

/* --- scheduler --- */

bool scheduler_submit_is_slow(const InferRequest *request) {
    (void)request;
    return false;
}

Status scheduler_submit(Scheduler *scheduler, InferRequest *request) {
    (void)scheduler;
    LOCKED(&mutex);
    list_init(&request->queue_node);
    list_push_back(&queued, &request->queue_node);
    queued_count++;
    submitted_count++;
    cond_broadcast(&changed);
    return status_ok();
}

void scheduler_cancel(Scheduler *scheduler, InferRequest *request) {
    (void)scheduler;
    mutex_lock(&mutex);
    bool was_queued = !list_is_empty(&request->queue_node);
    if (was_queued) {
        list_remove(&request->queue_node);
        queued_count--;
    }
    mutex_unlock(&mutex);
    Status status = status_error(STATUS_CANCELLED, "cancelled");
    if (was_queued)
        request->on_done(request, &status);
    mutex_lock(&mutex);
    cancelled_count += was_queued;
    cond_broadcast(&changed);
    mutex_unlock(&mutex);
}

void fake_scheduler_release(void) {
    for (;;) {
        mutex_lock(&mutex);
        ListNode *node = list_pop_front(&queued);
        queued_count -= node != NULL;
        mutex_unlock(&mutex);
        if (!node)
            return;
        InferRequest *request = LIST_ITEM(node, InferRequest, queue_node);
        Status status = status_ok();
        request->on_done(request, &status);
    }
}

bool scheduler_run_inline(Scheduler *scheduler) {
    (void)scheduler;
    return false;
}

bool scheduler_has_lone_core(const Scheduler *scheduler) {
    (void)scheduler;
    return false;
}

void scheduler_kick(Scheduler *scheduler) {
    (void)scheduler;
    mutex_lock(&mutex);
    bool held = hold;
    mutex_unlock(&mutex);
    if (!held)
        fake_scheduler_release();
}

void fake_scheduler_hold(bool value) {
    LOCKED(&mutex);
    hold = value;
}

static void wait_until(const size_t *counter, size_t count) {
    uint64_t limit_ns = time_after(clock_now_ns(clock_monotonic()), 30 * NS_PER_S);
    LOCKED(&mutex);
    while (*counter < count)
        if (!cond_wait_until(&changed, &mutex, limit_ns)) {
            fprintf(stderr, "fake_scheduler: waited in vain for %zu, have %zu\n", count, *counter);
            abort();
        }
}

size_t fake_scheduler_submitted(void) {
    LOCKED(&mutex);
    return submitted_count;
}

void fake_scheduler_wait_queued(size_t count) {
    wait_until(&queued_count, count);
}

void fake_scheduler_wait_cancelled(size_t count) {
    wait_until(&cancelled_count, count);
}

/* --- output blocks --- */

struct OutputBlock {
    atomic_size_t references;
};
static atomic_size_t live_blocks;

OutputBlock *fake_block_new(void) {
    OutputBlock *block = calloc(1, sizeof *block);
    atomic_store(&block->references, 1);
    atomic_fetch_add(&live_blocks, 1);
    return block;
}

size_t fake_block_live(void) {
    return atomic_load(&live_blocks);
}

OutputBlock *output_block_ref(OutputBlock *block) {
    atomic_fetch_add(&block->references, 1);
    return block;
}

void output_block_unref(OutputBlock *block) {
    if (!block || atomic_fetch_sub(&block->references, 1) != 1)
        return;
    free(block);
    atomic_fetch_sub(&live_blocks, 1);
}
