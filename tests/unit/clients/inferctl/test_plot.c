/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* Scales, and that both drawings hold what they were given and nothing that could break out. */

#include "clients/inferctl/plot.h"
#include "runtime/base/cleanup.h"
#include "tests/support/check.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void test_scales_end_at_round_numbers(void **state) {
    (void)state;
    static const struct {
        double value, round;
    } CASES[] = { { 0, 1 },     { 0.03, 0.03 }, { 1, 1 },        { 1.01, 1.5 },
                  { 499, 500 }, { 7000, 8000 }, { 8001, 10000 }, { 23411, 25000 } };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++)
        assert_float_equal(plot_round_up(CASES[i].value), CASES[i].round, 1e-9);
}

static Plot *new_plot(void) {
    Plot *plot = calloc(1, sizeof *plot);
    assert_non_null(plot);
    plot->title = "a <b> & \"c\"";
    plot->x_label = "x";
    plot->y_label = "y";
    return plot;
}

static char *drawn(const Plot *plot, bool svg) {
    char *text = NULL;
    size_t bytes = 0;
    FILE *memory = open_memstream(&text, &bytes);
    assert_non_null(memory);
    if (svg)
        plot_write_svg(plot, 1, memory);
    else
        plot_print(plot, memory);
    fclose(memory);
    return text;
}

static size_t occurrences(const char *text, const char *word) {
    size_t count = 0;
    while ((text = strstr(text, word))) {
        count++;
        text += strlen(word);
    }
    return count;
}

static void test_an_svg_has_a_dot_a_point_and_escapes_its_texts(void **state) {
    (void)state;
    AUTO(free) Plot *plot = new_plot();
    PlotSeries *series = plot_add_series(plot, "%s", "<script>");
    for (int i = 0; i < 7; i++)
        plot_add_point(series, i, i * i);
    plot_add_point(series, NAN, 1);
    AUTO(free) char *text = drawn(plot, true);
    assert_int_equal(occurrences(text, "<circle"), 7);
    assert_null(strstr(text, "<script"));
    assert_null(strstr(text, "<b>"));
    assert_null(strstr(text, "nan"));
}

static void test_characters_stay_on_their_lines(void **state) {
    (void)state;
    AUTO(free) Plot *plot = new_plot();
    PlotSeries *first = plot_add_series(plot, "first"), *second = plot_add_series(plot, "second");
    plot_add_point(first, 0, 0);
    plot_add_point(first, 10, 10);
    plot_add_point(second, 10, 0);
    AUTO(free) char *text = drawn(plot, false);
    assert_non_null(strstr(text, "A first"));
    assert_non_null(strstr(text, "B second"));
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
        assert_true(strlen(line) < 100);
}

static void test_no_points_are_an_empty_plot(void **state) {
    (void)state;
    AUTO(free) Plot *plot = new_plot();
    AUTO(free) char *text = drawn(plot, true);
    assert_non_null(strstr(text, "</svg>"));
}

static void test_what_has_no_room_is_left_out(void **state) {
    (void)state;
    AUTO(free) Plot *plot = new_plot();
    PlotSeries *series = NULL;
    for (int i = 0; i <= PLOT_SERIES_MAX; i++)
        series = plot_add_series(plot, "%d", i);
    assert_null(series);
    plot_add_point(series, 1, 1);
    for (int i = 0; i < PLOT_POINTS_MAX + 5; i++)
        plot_add_point(&plot->series[0], i, i);
    assert_int_equal(plot->series[0].count, PLOT_POINTS_MAX);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scales_end_at_round_numbers),
        cmocka_unit_test(test_an_svg_has_a_dot_a_point_and_escapes_its_texts),
        cmocka_unit_test(test_characters_stay_on_their_lines),
        cmocka_unit_test(test_no_points_are_an_empty_plot),
        cmocka_unit_test(test_what_has_no_room_is_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
