/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* Percentiles against sorted values: the promise is 1.1 %, and exact ends. */

#include "clients/load/histogram.h"
#include "tests/support/check.h"

#include <string.h>

static Histogram histogram; /* large */

static void test_an_empty_histogram_says_zero(void **state) {
    (void)state;
    memset(&histogram, 0, sizeof histogram);
    assert_int_equal(histogram_percentile(&histogram, 0.5), 0);
}

static void test_one_value_is_every_percentile(void **state) {
    (void)state;
    memset(&histogram, 0, sizeof histogram);
    histogram_add(&histogram, 123456789);
    static const double FRACTIONS[] = { 0, 0.5, 0.99, 1 };
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(histogram_percentile(&histogram, FRACTIONS[i]), 123456789);
}

static void test_percentiles_are_within_their_promise(void **state) {
    (void)state;
    memset(&histogram, 0, sizeof histogram);
    for (uint64_t i = 1; i <= 100000; i++)
        histogram_add(&histogram, i * 1000);
    static const double FRACTIONS[] = { 0.01, 0.5, 0.9, 0.99, 0.999 };
    for (size_t i = 0; i < 5; i++) {
        double exact = FRACTIONS[i] * 1e8,
               told = (double)histogram_percentile(&histogram, FRACTIONS[i]);
        assert_true(told > exact * 0.989 && told < exact * 1.011);
    }
    assert_int_equal(histogram_percentile(&histogram, 1), 100000000);
    assert_int_equal(histogram.min_ns, 1000);
}

static void test_extreme_values_fit(void **state) {
    (void)state;
    memset(&histogram, 0, sizeof histogram);
    histogram_add(&histogram, 0);
    histogram_add(&histogram, UINT64_MAX);
    assert_int_equal(histogram_percentile(&histogram, 0), 0);
    assert_int_equal(histogram.max_ns, UINT64_MAX);
    assert_true(histogram_percentile(&histogram, 1) > (UINT64_MAX >> 1));
}

static void test_merged_histograms_are_one(void **state) {
    (void)state;
    static Histogram other;
    memset(&histogram, 0, sizeof histogram);
    memset(&other, 0, sizeof other);
    for (uint64_t i = 0; i < 10; i++) {
        histogram_add(&histogram, 100);
        histogram_add(&other, 10);
    }
    histogram_merge(&histogram, &other);
    assert_int_equal(histogram.total, 20);
    assert_int_equal(histogram.sum_ns, 1100);
    assert_int_equal(histogram.min_ns, 10);
    assert_int_equal(histogram_percentile(&histogram, 0.25), 10);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_empty_histogram_says_zero),
        cmocka_unit_test(test_one_value_is_every_percentile),
        cmocka_unit_test(test_percentiles_are_within_their_promise),
        cmocka_unit_test(test_extreme_values_fit),
        cmocka_unit_test(test_merged_histograms_are_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
