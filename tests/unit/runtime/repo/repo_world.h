/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* One test's world for test_repo.c: a directory, a fake clock, a repository, and a record of what
 * its hooks told. */

#include "runtime/repo/repo.h"

#include "runtime/base/size.h"
#include "runtime/base/thread.h"
#include "runtime/device/device_open.h"
#include "tests/support/onnx_writer.h"

#include <assert.h>
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { EVENTS_MAX = 256, SETTLE_S = 3600 };

typedef struct Event {
    char model[32];
    int64_t version;
    VersionState state;
    StatusCode code;
} Event;

/* One test's world. */
static struct {
    char root[64];
    int root_descriptor;
    Device *device;
    Repo *repo;
    Arena *arena;
    _Atomic uint64_t now_ns;
    Clock clock;
    Mutex mutex; /* guards the rest */
    Cond changed;
    Event events[EVENTS_MAX];
    size_t event_count, ready, gone;
    bool block_ready; /* version_ready waits, as a slow load would */
    bool in_ready;
} world;

static uint64_t fake_now(void *user) {
    (void)user;
    return world.now_ns;
}

static uint64_t patience(void) {
    return time_after(clock_now_ns(clock_monotonic()), 20 * NS_PER_S);
}

static Status version_ready(void *user, ModelVersion *version) {
    (void)user, (void)version;
    LOCKED(&world.mutex);
    world.ready++;
    world.in_ready = true;
    cond_broadcast(&world.changed);
    while (world.block_ready)
        cond_wait(&world.changed, &world.mutex);
    world.in_ready = false;
    return status_ok();
}

static void version_gone(void *user, ModelVersion *version) {
    (void)user, (void)version;
    LOCKED(&world.mutex);
    world.gone++;
    cond_broadcast(&world.changed);
}

static void state_changed(void *user, const char *model, int64_t version, VersionState state,
                          const Status *status) {
    (void)user;
    LOCKED(&world.mutex);
    assert(world.event_count < EVENTS_MAX);
    Event *event = &world.events[world.event_count++];
    *event = (Event){ .version = version, .state = state, .code = status->code };
    snprintf(event->model, sizeof event->model, "%s", model);
    cond_broadcast(&world.changed);
}

/* Waits for the n-th event of that kind (from 1). */
static void await_nth(const char *model, int64_t version, VersionState state, StatusCode code,
                      size_t nth) {
    uint64_t deadline_ns = patience();
    LOCKED(&world.mutex);
    for (;;) {
        size_t seen = 0;
        for (size_t i = 0; i < world.event_count; i++) {
            const Event *event = &world.events[i];
            seen += strcmp(event->model, model) == 0 && event->version == version &&
                    event->state == state && event->code == code;
        }
        if (seen >= nth)
            return;
        if (!cond_wait_until(&world.changed, &world.mutex, deadline_ns)) {
            for (size_t i = 0; i < world.event_count; i++)
                print_message("event %s %d state %d code %d\n", world.events[i].model,
                              (int)world.events[i].version, (int)world.events[i].state,
                              (int)world.events[i].code);
            fail_msg("no state %d of %s %d", (int)state, model, (int)version);
        }
    }
}

static void await(const char *model, int64_t version, VersionState state) {
    await_nth(model, version, state, STATUS_OK, 1);
}

static int remove_entry(const char *path, const struct stat *info, int kind, struct FTW *place) {
    (void)info, (void)kind, (void)place;
    return remove(path);
}

static int set_up(void **state) {
    (void)state;
    memset(&world, 0, sizeof world);
    world.now_ns = NS_PER_S;
    world.clock = (Clock){ .now_ns = fake_now };
    mutex_init(&world.mutex);
    cond_init(&world.changed);
    snprintf(world.root, sizeof world.root, "/tmp/inferd-repo-XXXXXX");
    if (!mkdtemp(world.root))
        return -1;
    world.root_descriptor = open(world.root, O_RDONLY | O_DIRECTORY);
    const char *note;
    DeviceHost host = { .abi = DEVICE_ABI, .struct_bytes = sizeof host };
    Status opened = device_open("cpu", &host, &world.device, &note);
    Status status = arena_new(4096, 1 << 20, &world.arena);
    return status_is_ok(&status) && status_is_ok(&opened) ? 0 : -1;
}

static int tear_down(void **state) {
    (void)state;
    repo_free(world.repo);
    device_close(world.device);
    arena_free(world.arena);
    close(world.root_descriptor);
    cond_deinit(&world.changed);
    mutex_deinit(&world.mutex);
    return nftw(world.root, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

static void write_bytes(const char *name, const void *bytes, size_t length) {
    int file = openat(world.root_descriptor, name, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    assert_true(file >= 0);
    assert_int_equal(write(file, bytes, length), (ssize_t)length);
    close(file);
}

static void write_text(const char *name, const char *text) {
    write_bytes(name, text, strlen(text));
}

static void make_directory(const char *name) {
    assert_int_equal(mkdirat(world.root_descriptor, name, 0755), 0);
}

/* y = x + bias, over [-1,2]. */
static void write_model(const char *name, float bias) {
    WireWriter writer = { 0 };
    size_t graph = onnx_open_model(&writer, 13);
    onnx_put_node(&writer, "Add", "x b", "y");
    const int64_t dims[] = { -1, 2 }, one = 1;
    onnx_put_tensor(&writer, 5, "b", DTYPE_F32, &one, 1, &bias, sizeof bias);
    onnx_put_port(&writer, 11, "x", DTYPE_F32, dims, 2);
    onnx_put_port(&writer, 12, "y", DTYPE_F32, dims, 2);
    wire_close(&writer, graph);
    write_bytes(name, writer.data, writer.length);
    wire_writer_deinit(&writer);
}

static void make_old(const char *name) {
    const struct timespec times[2] = { { .tv_sec = 1000 }, { .tv_sec = 1000 } };
    assert_int_equal(utimensat(world.root_descriptor, name, times, 0), 0);
}

/* model/version/model.onnx that has lain there for long. */
static void add_old_version(const char *model, const char *version, float bias) {
    char path[96];
    mkdirat(world.root_descriptor, model, 0755);
    snprintf(path, sizeof path, "%s/%s", model, version);
    make_directory(path);
    snprintf(path, sizeof path, "%s/%s/model.onnx", model, version);
    write_model(path, bias);
    make_old(path);
    snprintf(path, sizeof path, "%s/%s", model, version);
    make_old(path);
}

/* A new version put in place whole, by rename. */
[[maybe_unused]] static void move_version_in(const char *model, const char *version, float bias) {
    char path[96];
    make_directory(".incoming");
    write_model(".incoming/model.onnx", bias);
    snprintf(path, sizeof path, "%s/%s", model, version);
    assert_int_equal(renameat(world.root_descriptor, ".incoming", world.root_descriptor, path), 0);
}

/* Out of the repository in one step: file by file, a model would be seen without its versions. */
[[maybe_unused]] static void remove_version(const char *model, const char *version) {
    char path[160], away[160];
    snprintf(path, sizeof path, "%s/%s/%s", world.root, model, version);
    snprintf(away, sizeof away, "%s.away", world.root);
    assert_int_equal(rename(path, away), 0);
    assert_int_equal(nftw(away, remove_entry, 8, FTW_DEPTH | FTW_PHYS), 0);
}

static RepoOptions default_options(void) {
    static const char *roots[1];
    roots[0] = world.root;
    return (RepoOptions){ .repositories = roots,
                          .repository_count = 1,
                          .watch = true,
                          .poll_ns = TIME_NEVER,
                          .settle_ns = SETTLE_S * NS_PER_S,
                          .load_threads = 2,
                          .autocomplete = true,
                          .default_max_batch_size = 4,
                          .warm = true,
                          .file_limit_bytes = 1 << 20,
                          .device = world.device,
                          .clock = &world.clock,
                          .hooks = { .version_ready = version_ready,
                                     .version_gone = version_gone,
                                     .state_changed = state_changed } };
}

static void start(const RepoOptions *options) {
    Status status = repo_new(options, &world.repo);
    assert_string_equal(status.message, "");
    status = repo_start(world.repo);
    assert_string_equal(status.message, "");
}

static StringView view(const char *text) {
    return (StringView){ text, strlen(text) };
}

static Status acquire(const char *name, int64_t number, Lease *ret_lease) {
    VersionChoice choice = { .has_number = number > 0, .number = number };
    *ret_lease = (Lease){ 0 };
    return repo_acquire(world.repo, view(name), &choice, ret_lease);
}

static int64_t served_number(const char *name) {
    AUTO(lease_release) Lease lease = { 0 };
    Status status = acquire(name, 0, &lease);
    return status_is_ok(&status) ? lease.version->number : -1;
}

[[maybe_unused]] static VersionStatus status_of(const char *name, int64_t number) {
    VersionStatus *versions;
    size_t count;
    Status status = repo_model_status(world.repo, view(name), world.arena, &versions, &count);
    assert_true(status_is_ok(&status));
    for (size_t i = 0; i < count; i++)
        if (versions[i].number == number)
            return versions[i];
    fail_msg("no status of version %d", (int)number);
    return (VersionStatus){ 0 };
}
