/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* Names of devices: what opens, what is refused and how it says so. */

#include "runtime/device/device_open.h"

#include "runtime/base/size.h"
#include "runtime/device/plugin_loader.h"
#include "tests/support/model_builder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const DeviceHost host = { .abi = DEVICE_ABI, .struct_bytes = sizeof host };

static void test_cpu_and_auto_open(void **state) {
    (void)state;
    static const char *const names[] = { "cpu", "auto", "cpu:" };
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
        Device *device;
        const char *note = NULL;
        model_check(device_open(names[i], &host, &device, &note));
        assert_string_equal(device->api->name, "cpu");
        assert_non_null(note);
        assert_true(device->api->health(device).healthy);
        device_close(device);
    }
}

static void test_what_cannot_be_had_is_an_error(void **state) {
    (void)state;
    static const struct {
        const char *name;
        StatusCode code;
    } rows[] = {
        { "cpu:1", STATUS_FAILED_PRECONDITION },    { "nosuch", STATUS_FAILED_PRECONDITION },
        { "nosuch:0", STATUS_FAILED_PRECONDITION }, { "", STATUS_INVALID_ARGUMENT },
        { "../evil", STATUS_INVALID_ARGUMENT },     { "a/b", STATUS_INVALID_ARGUMENT },
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        Device *device = NULL;
        const char *note;
        Status status = device_open(rows[i].name, &host, &device, &note);
        if (status.code != rows[i].code)
            fail_msg("'%s': %s: %s", rows[i].name, status_code_name(status.code), status.message);
        assert_null(device);
    }
}

static void test_auto_says_why_it_is_not_a_gpu(void **state) {
    (void)state;
    plugin_set_directory("/nonexistent");
    Device *device;
    const char *note;
    model_check(device_open("auto", &host, &device, &note));
    assert_non_null(strstr(note, "cuda"));
    assert_null(strstr(note, "/nonexistent"));
    device_close(device);
    plugin_set_directory(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cpu_and_auto_open),
        cmocka_unit_test(test_what_cannot_be_had_is_an_error),
        cmocka_unit_test(test_auto_says_why_it_is_not_a_gpu),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
