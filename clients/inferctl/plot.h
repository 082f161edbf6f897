/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Lines over two axes, as a picture (SVG) and in a terminal's characters. Axes begin at 0. */

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum { PLOT_SERIES_MAX = 8, PLOT_POINTS_MAX = 64, PLOT_TICKS_MAX = 8 };

typedef struct PlotPoint {
    double x, y;
} PlotPoint;

typedef struct PlotSeries {
    char name[96];
    PlotPoint points[PLOT_POINTS_MAX]; /* in the order that the line takes */
    size_t count;
} PlotSeries;

typedef struct PlotTick {
    double at;
    const char *label;
} PlotTick;

typedef struct Plot {
    const char *title, *x_label, *y_label;
    PlotSeries series[PLOT_SERIES_MAX];
    size_t series_count;
    PlotTick x_ticks[PLOT_TICKS_MAX]; /* none: round numbers */
    size_t x_tick_count;
} Plot;

/* NULL when there is no room. */
PlotSeries *plot_add_series(Plot *plot, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* What does not fit, and what is no number, is left out. */
void plot_add_point(PlotSeries *series, double x, double y);

/* One plot below the other, in one document. */
void plot_write_svg(const Plot *plots, size_t count, FILE *file);
/* Each series has a letter, A the first; where two meet the first stays. */
void plot_print(const Plot *plot, FILE *file);

/* The least number of up to two digits, times a power of ten, that is not less and whose fifth is
 * as short; 1 for 0. */
double plot_round_up(double value);
