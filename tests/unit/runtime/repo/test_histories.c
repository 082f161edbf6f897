/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Seeded histories of one model's versions under a fake clock: copies that begin, pause, go on and
 * end, renames, removals, changes of policy, loads that take their time and may fail, leases that
 * are held on to. The decisions are the repository's own (settling, selection, the next action);
 * the disk, the loaders and the loop around them are simulated. Promises: nothing half-copied is
 * ever in service; a model that serves goes on serving while anything wanted could take its place;
 * in the end exactly what is wanted and can be loaded serves.
 */

#include "runtime/base/clock.h"
#include "runtime/base/size.h"
#include "runtime/repo/scan.h"
#include "runtime/repo/version_policy.h"
#include "tests/support/check.h"
#include "tests/support/seeds.h"

#include <string.h>

enum { HISTORIES = 3000, VERSIONS = 6, EVENTS = 120, SETTLE_MS = 1000 };

typedef struct Version {
    /* disk */
    bool on_disk, complete, moved_in, has_manifest, is_broken;
    uint64_t changed_ms;  /* last write, or rename */
    uint64_t fingerprint; /* counts changes */
    /* repository */
    VersionState state;
    bool settled, aspired;
    uint64_t ready_ms;  /* LOADING, UNLOADING: when that is over */
    uint64_t attempted; /* fingerprint of the last load */
    bool loaded_whole;  /* what a load saw */
    bool failed;
} Version;

typedef struct World {
    uint64_t random, now_ms;
    Version versions[VERSIONS];
    VersionPolicy policy;
    int64_t numbers[2];
    bool served; /* something has been available */
} World;

static uint64_t draw(World *world, uint64_t below) {
    world->random = world->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (world->random >> 33) % below;
}

/* --- the disk --- */

static void touch(World *world, Version *version) {
    version->changed_ms = world->now_ms;
    version->fingerprint++;
    version->moved_in = false;
}

static void begin_copy(World *world, Version *version) {
    *version = (Version){ .on_disk = true,
                          .has_manifest = draw(world, 2),
                          .is_broken = draw(world, 5) == 0,
                          .state = version->state,
                          .ready_ms = version->ready_ms,
                          .attempted = version->attempted,
                          .fingerprint = version->fingerprint,
                          .loaded_whole = version->loaded_whole };
    touch(world, version);
}

static void change_disk(World *world) {
    Version *version = &world->versions[draw(world, VERSIONS)];
    bool in_use = version->state == VERSION_AVAILABLE || version->state == VERSION_LOADING;
    switch (draw(world, 6)) {
    case 0: /* begins to arrive, byte by byte */
        if (!version->on_disk && !in_use)
            begin_copy(world, version);
        break;
    case 1: /* arrives whole */
        if (!version->on_disk && !in_use) {
            begin_copy(world, version);
            version->complete = version->moved_in = true;
        }
        break;
    case 2:
    case 3: /* the rest of it */
        if (version->on_disk && !version->complete) {
            touch(world, version);
            version->complete = true;
        }
        break;
    case 4: /* is repaired in place */
        if (version->on_disk && version->complete && version->is_broken) {
            touch(world, version);
            version->is_broken = false;
        }
        break;
    default:
        if (version->on_disk && draw(world, 3) == 0)
            version->on_disk = version->settled = false;
    }
}

/* Without a manifest nobody can tell a copy that pauses from one that is over: such copies write at
 * least once a settling time. */
static void keep_copying(World *world) {
    for (size_t i = 0; i < VERSIONS; i++) {
        Version *version = &world->versions[i];
        if (version->on_disk && !version->complete && !version->has_manifest)
            touch(world, version);
    }
}

static void change_policy(World *world) {
    static const VersionPolicyKind kinds[] = { VERSIONS_LATEST, VERSIONS_ALL, VERSIONS_SPECIFIC };
    world->numbers[0] = 1 + (int64_t)draw(world, VERSIONS);
    world->numbers[1] = 1 + (int64_t)draw(world, VERSIONS);
    world->policy = (VersionPolicy){ .kind = kinds[draw(world, 3)],
                                     .latest_count = 1 + (uint32_t)draw(world, 2),
                                     .specific = world->numbers,
                                     .specific_count = 2 };
}

/* --- the repository --- */

static void aspire(World *world) {
    int64_t numbers[VERSIONS];
    bool aspired[VERSIONS] = { 0 };
    size_t count = 0;
    for (size_t i = 0; i < VERSIONS; i++) {
        Version *version = &world->versions[i];
        SettleView view = { .newest_ns = version->changed_ms * NS_PER_MS,
                            .realtime_ns = world->now_ms * NS_PER_MS,
                            .unchanged_ns = (world->now_ms - version->changed_ms) * NS_PER_MS,
                            .moved_in = version->moved_in,
                            .settle_ns = SETTLE_MS * NS_PER_MS };
        bool quiet = version->on_disk && scan_has_settled(&view);
        version->settled = version->on_disk && (version->settled || quiet);
        if (version->settled)
            numbers[count++] = (int64_t)i + 1;
    }
    version_policy_select(&world->policy, numbers, count, aspired);
    for (size_t i = 0, k = 0; i < VERSIONS; i++) {
        Version *version = &world->versions[i];
        version->aspired = version->settled && aspired[k++];
        bool again = version->attempted != version->fingerprint || !version->failed;
        if (version->state == VERSION_END && version->aspired && again)
            version->state = VERSION_START;
    }
}

static void act(World *world) {
    for (size_t step = 0; step < 4 * VERSIONS; step++) {
        VersionView views[VERSIONS];
        for (size_t i = 0; i < VERSIONS; i++)
            views[i] = (VersionView){ (int64_t)i + 1, world->versions[i].state,
                                      world->versions[i].aspired };
        VersionAction action = version_next_action(views, VERSIONS);
        if (action.kind == VERSION_NOTHING)
            return;
        Version *version = &world->versions[action.index];
        version->ready_ms = world->now_ms + draw(world, 3000);
        if (action.kind == VERSION_LOAD) {
            assert_int_equal(version->state, VERSION_START);
            version->state = VERSION_LOADING;
            version->attempted = version->fingerprint;
            version->loaded_whole = version->complete;
        } else {
            version->state = VERSION_UNLOADING;
        }
    }
    fail_msg("it never comes to rest");
}

/* Loads that are over: a manifest finds out what is missing. */
static void finish(World *world) {
    for (size_t i = 0; i < VERSIONS; i++) {
        Version *version = &world->versions[i];
        if (version->ready_ms > world->now_ms)
            continue;
        if (version->state == VERSION_UNLOADING)
            version->state = VERSION_END;
        if (version->state != VERSION_LOADING)
            continue;
        bool whole = version->loaded_whole || !version->has_manifest;
        version->failed = !whole || version->is_broken || !version->on_disk;
        version->state = version->failed ? VERSION_END : VERSION_AVAILABLE;
    }
}

/* --- promises --- */

static size_t count_available(const World *world) {
    size_t count = 0;
    for (size_t i = 0; i < VERSIONS; i++)
        count += world->versions[i].state == VERSION_AVAILABLE;
    return count;
}

static void check(World *world, size_t before) {
    size_t now = count_available(world), wanted = 0;
    for (size_t i = 0; i < VERSIONS; i++) {
        const Version *version = &world->versions[i];
        if (version->state == VERSION_AVAILABLE)
            assert_true(version->loaded_whole); /* never half of one */
        wanted += version->aspired;
    }
    if (before > 0 && now == 0) /* nothing else was left to serve */
        assert_int_equal(wanted, 0);
}

static void step(World *world) {
    keep_copying(world);
    finish(world);
    aspire(world);
    size_t before = count_available(world);
    act(world);
    check(world, before);
}

/* All is quiet: what is wanted serves. */
static void settle(World *world) {
    for (size_t i = 0; i < VERSIONS; i++) {
        Version *version = &world->versions[i];
        if (version->on_disk && !version->complete) {
            touch(world, version);
            version->complete = true;
        }
    }
    for (size_t i = 0; i < 8 * VERSIONS; i++) {
        world->now_ms += 2 * SETTLE_MS;
        step(world);
    }
    size_t good = 0;
    for (size_t i = 0; i < VERSIONS; i++)
        good += world->versions[i].aspired && !world->versions[i].is_broken;
    for (size_t i = 0; i < VERSIONS; i++) {
        const Version *version = &world->versions[i];
        if (version->aspired && !version->is_broken)
            assert_int_equal(version->state, VERSION_AVAILABLE);
        else if (version->state == VERSION_AVAILABLE && !version->aspired)
            assert_int_equal(good, 0); /* it stays while nothing can take its place */
    }
}

static void live(uint64_t seed) {
    World world = { .random = seed * UINT64_C(0x9e3779b97f4a7c15) + 1, .now_ms = 1000000 };
    for (size_t i = 0; i < VERSIONS; i++)
        world.versions[i].state = VERSION_START;
    change_policy(&world);
    for (size_t i = 0; i < EVENTS; i++) {
        world.now_ms += draw(&world, 2) ? draw(&world, SETTLE_MS) : 0;
        change_disk(&world);
        if (draw(&world, 20) == 0)
            change_policy(&world);
        step(&world);
    }
    settle(&world);
}

static void test_histories_keep_every_promise(void **state) {
    (void)state;
    seeds_run(live, HISTORIES);
}

int main(void) {
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_histories_keep_every_promise) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
