/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* Admission as a table. */

#include "server/rpc/admission.h"

#include "runtime/base/size.h"

#include <setjmp.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const AdmissionLimits LIMITS = { .max_live_calls = 100,
                                        .max_bytes = 1000000,
                                        .max_message_bytes = 400000 };

static const struct {
    const char *what;
    AdmissionView view;
    StatusCode code;
    size_t reserve_bytes;
} DECISIONS[] = {
    { "an idle server takes the window at least", { .class = ADMIT_INFER }, STATUS_OK, 65536 },
    { "the estimate counts when it is larger",
      { .class = ADMIT_INFER, .estimate_bytes = 200000 },
      STATUS_OK,
      200000 },
    { "but not beyond what a message may have",
      { .class = ADMIT_INFER, .estimate_bytes = SIZE_MAX },
      STATUS_OK,
      400000 },
    { "the last call that fits", { .class = ADMIT_INFER, .live_calls = 99 }, STATUS_OK, 65536 },
    { "one more", { .class = ADMIT_INFER, .live_calls = 100 }, STATUS_RESOURCE_EXHAUSTED, 0 },
    { "bytes that just fit",
      { .class = ADMIT_INFER, .reserved_bytes = 1000000 - 65536 },
      STATUS_OK,
      65536 },
    { "one too many",
      { .class = ADMIT_INFER, .reserved_bytes = 1000000 - 65535 },
      STATUS_RESOURCE_EXHAUSTED,
      0 },
    { "no overflow",
      { .class = ADMIT_INFER, .reserved_bytes = SIZE_MAX },
      STATUS_RESOURCE_EXHAUSTED,
      0 },
    { "too late", { .class = ADMIT_INFER, .deadline_passed = true }, STATUS_DEADLINE_EXCEEDED, 0 },
    { "stopping", { .class = ADMIT_INFER, .stopping = true }, STATUS_UNAVAILABLE, 0 },
    { "stopping refuses control too",
      { .class = ADMIT_CONTROL, .stopping = true },
      STATUS_UNAVAILABLE,
      0 },
    { "probes always pass",
      { .class = ADMIT_PROBE,
        .stopping = true,
        .live_calls = SIZE_MAX,
        .reserved_bytes = SIZE_MAX,
        .deadline_passed = true },
      STATUS_OK,
      0 },
    { "control has a margin",
      { .class = ADMIT_CONTROL, .live_calls = 100 + 12 + 63 },
      STATUS_OK,
      0 },
    { "which ends",
      { .class = ADMIT_CONTROL, .live_calls = 100 + 12 + 64 },
      STATUS_RESOURCE_EXHAUSTED,
      0 },
    { "streams are counted like it",
      { .class = ADMIT_STREAM, .live_calls = 100 + 12 + 64 },
      STATUS_RESOURCE_EXHAUSTED,
      0 },
    { "bytes do not concern control",
      { .class = ADMIT_CONTROL, .reserved_bytes = SIZE_MAX },
      STATUS_OK,
      0 },
};

static void test_decisions(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(DECISIONS); i++) {
        size_t reserve_bytes = 0;
        Status status = admission_decide(&LIMITS, &DECISIONS[i].view, &reserve_bytes);
        if (status.code != DECISIONS[i].code || reserve_bytes != DECISIONS[i].reserve_bytes)
            fail_msg("%s: code %d, %zu bytes", DECISIONS[i].what, status.code, reserve_bytes);
    }
}

static void test_bodies(void **state) {
    (void)state;
    static const struct {
        size_t reserved_bytes, message_bytes;
        StatusCode code;
    } rows[] = {
        { 400000, 400000, STATUS_OK },
        { 1000000, 1, STATUS_OK },
        { 400001, 400001, STATUS_RESOURCE_EXHAUSTED },
        { 1000001, 1, STATUS_RESOURCE_EXHAUSTED },
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        Status status = admission_body(&LIMITS, rows[i].reserved_bytes, rows[i].message_bytes);
        assert_int_equal(status.code, rows[i].code);
    }
}

int main(void) {
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_decisions),
        cmocka_unit_test(test_bodies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
