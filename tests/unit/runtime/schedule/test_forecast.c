/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* Forecasts from a literal table, and how the stretch follows what is seen. */

#include "runtime/base/clock.h"
#include "runtime/base/size.h"
#include "runtime/schedule/forecast.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define VIEW(...)                                                                                  \
    { .class = CLASS_NORMAL, __VA_ARGS__ }

static const struct {
    const char *says;
    ForecastView view;
    uint64_t expected;
} ROWS[] = {
    { "nothing to wait for", VIEW(.lanes = 1), 0 },
    { "what runs", VIEW(.running_ns = 100), 100 },
    { "shared by the workers", VIEW(.running_ns = 100, .workers = 2), 50 },
    { "its own lane", VIEW(.queued_ns = { 0, 70, 0 }, .own_ns = 70, .lanes = 1), 70 },
    { "a place in the middle", VIEW(.queued_ns = { 0, 70, 0 }, .own_ns = 30, .lanes = 1), 30 },
    { "another flow has its turn too", VIEW(.queued_ns = { 0, 70, 0 }, .own_ns = 30, .lanes = 2),
      60 },
    { "but not beyond what it has", VIEW(.queued_ns = { 0, 40, 0 }, .own_ns = 30, .lanes = 2), 40 },
    { "the first of its flow", VIEW(.queued_ns = { 0, 500, 0 }, .lanes = 1), 0 },
    { "urgent work goes first", VIEW(.queued_ns = { 90, 30, 0 }, .own_ns = 30, .lanes = 1), 120 },
    { "background takes its share", VIEW(.queued_ns = { 0, 95, 10 }, .own_ns = 95, .lanes = 1),
      100 },
};

static void test_every_row_of_the_table(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(ROWS); i++) {
        ForecastView view = ROWS[i].view;
        view.workers = MAX_OF(view.workers, (size_t)1);
        uint64_t got = forecast_wait_ns(&view);
        if (got != ROWS[i].expected)
            fail_msg("%s: expected %llu, got %llu", ROWS[i].says,
                     (unsigned long long)ROWS[i].expected, (unsigned long long)got);
    }
}

static void test_stretch_rises_quickly_and_falls_slowly(void **state) {
    (void)state;
    uint32_t stretch = FORECAST_EXACT;
    for (int i = 0; i < 12; i++) /* twice as long as told, each time what is told follows */
        stretch = forecast_learn(stretch, 10 * NS_PER_MS * stretch / 100, 20 * NS_PER_MS);
    assert_in_range(stretch, 190, 200);
    assert_int_equal(forecast_total_ns(60, 40, 150), 150);
    uint32_t risen = stretch;
    stretch = forecast_learn(stretch, 10 * NS_PER_MS, 5 * NS_PER_MS);
    assert_in_range(stretch, risen - 8, risen - 1);
    for (int i = 0; i < 1000; i++)
        stretch = forecast_learn(stretch, 10 * NS_PER_MS, NS_PER_MS);
    assert_int_equal(stretch, FORECAST_EXACT);
}

static void test_short_waits_teach_nothing(void **state) {
    (void)state;
    assert_int_equal(forecast_learn(FORECAST_EXACT, 1000, NS_PER_S), FORECAST_EXACT);
    assert_int_equal(forecast_learn(FORECAST_EXACT, 0, NS_PER_S), FORECAST_EXACT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_row_of_the_table),
        cmocka_unit_test(test_stretch_rises_quickly_and_falls_slowly),
        cmocka_unit_test(test_short_waits_teach_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
