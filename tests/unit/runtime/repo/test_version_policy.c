/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* The order in which versions come and go, as literal situations. */

#include "runtime/repo/version_policy.h"

#include "runtime/base/size.h"

#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

enum { SITUATION_VERSIONS = 4 };

typedef struct Situation {
    const char *sentence;
    VersionView versions[SITUATION_VERSIONS];
    size_t count;
    VersionActionKind kind;
    int64_t number;
} Situation;

static const Situation situations[] = {
    { "nothing known, nothing to do", { { 0 } }, 0, VERSION_NOTHING, 0 },
    { "a first version is loaded", { { 1, VERSION_START, true } }, 1, VERSION_LOAD, 1 },
    { "of several wanted the highest comes first",
      { { 1, VERSION_START, true }, { 2, VERSION_START, true } },
      2,
      VERSION_LOAD,
      2 },
    { "the rest follows while the first still loads",
      { { 1, VERSION_START, true }, { 2, VERSION_LOADING, true } },
      2,
      VERSION_LOAD,
      1 },
    { "the old version stays while the new one loads",
      { { 1, VERSION_AVAILABLE, false }, { 2, VERSION_LOADING, true } },
      2,
      VERSION_NOTHING,
      0 },
    { "the new version is loaded before the old one goes",
      { { 1, VERSION_AVAILABLE, false }, { 2, VERSION_START, true } },
      2,
      VERSION_LOAD,
      2 },
    { "the old version goes once the new one serves",
      { { 1, VERSION_AVAILABLE, false }, { 2, VERSION_AVAILABLE, true } },
      2,
      VERSION_UNLOAD,
      1 },
    { "a failed load leaves the old version serving",
      { { 1, VERSION_AVAILABLE, false }, { 2, VERSION_END, true } },
      2,
      VERSION_NOTHING,
      0 },
    { "of two old versions one goes even before the new one serves",
      { { 1, VERSION_AVAILABLE, false },
        { 2, VERSION_AVAILABLE, false },
        { 3, VERSION_START, true } },
      3,
      VERSION_UNLOAD,
      1 },
    { "nothing wanted any more: the lowest goes first",
      { { 1, VERSION_AVAILABLE, false }, { 2, VERSION_AVAILABLE, false } },
      2,
      VERSION_UNLOAD,
      1 },
    { "a version on its way out is left alone",
      { { 1, VERSION_UNLOADING, false }, { 2, VERSION_AVAILABLE, true } },
      2,
      VERSION_NOTHING,
      0 },
    { "unloads go before loads",
      { { 1, VERSION_AVAILABLE, false },
        { 2, VERSION_AVAILABLE, true },
        { 3, VERSION_START, true } },
      3,
      VERSION_UNLOAD,
      1 },
    { "a version nobody wants is not loaded",
      { { 1, VERSION_START, false } },
      1,
      VERSION_NOTHING,
      0 },
    { "a rollback loads the older one and keeps the newer meanwhile",
      { { 1, VERSION_START, true }, { 2, VERSION_AVAILABLE, false } },
      2,
      VERSION_LOAD,
      1 },
    { "a rollback ends with the newer one going",
      { { 1, VERSION_AVAILABLE, true }, { 2, VERSION_AVAILABLE, false } },
      2,
      VERSION_UNLOAD,
      2 },
};

static void test_next_action(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(situations); i++) {
        const Situation *situation = &situations[i];
        VersionAction action = version_next_action(situation->versions, situation->count);
        if (action.kind != situation->kind ||
            (action.kind != VERSION_NOTHING &&
             situation->versions[action.index].number != situation->number))
            fail_msg("%s", situation->sentence);
    }
}

/* Whatever is on disk, obeying the policy ends, with exactly the wanted versions in service. */
static void test_obeying_ends_in_what_is_wanted(void **state) {
    (void)state;
    static const VersionState states[] = { VERSION_START, VERSION_AVAILABLE };
    for (unsigned code = 0; code < 4 * 4 * 4 * 4; code++) {
        VersionView versions[4];
        for (unsigned i = 0; i < 4; i++) {
            unsigned digit = code >> (2 * i) & 3;
            versions[i] = (VersionView){ (int64_t)i + 1, states[digit & 1], digit >> 1 };
        }
        for (size_t step = 0;; step++) {
            assert_true(step < 10);
            VersionAction action = version_next_action(versions, 4);
            if (action.kind == VERSION_NOTHING)
                break;
            versions[action.index].state =
                action.kind == VERSION_LOAD ? VERSION_AVAILABLE : VERSION_END;
        }
        for (size_t i = 0; i < 4; i++)
            assert_int_equal(versions[i].state == VERSION_AVAILABLE, versions[i].aspired);
    }
}

static void test_select(void **state) {
    (void)state;
    static const int64_t numbers[] = { 1, 2, 5, 9 };
    static const int64_t some[] = { 2, 7, 9 };
    static const struct {
        VersionPolicy policy;
        bool aspired[4];
    } rows[] = {
        { { .kind = VERSIONS_LATEST, .latest_count = 1 }, { false, false, false, true } },
        { { .kind = VERSIONS_LATEST, .latest_count = 3 }, { false, true, true, true } },
        { { .kind = VERSIONS_LATEST, .latest_count = 9 }, { true, true, true, true } },
        { { .kind = VERSIONS_ALL }, { true, true, true, true } },
        { { .kind = VERSIONS_SPECIFIC, .specific = some, .specific_count = 3 },
          { false, true, false, true } },
        { { .kind = VERSIONS_SPECIFIC }, { false, false, false, false } },
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        bool aspired[4];
        version_policy_select(&rows[i].policy, numbers, 4, aspired);
        assert_memory_equal(aspired, rows[i].aspired, sizeof aspired);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_next_action),
        cmocka_unit_test(test_obeying_ends_in_what_is_wanted),
        cmocka_unit_test(test_select),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
