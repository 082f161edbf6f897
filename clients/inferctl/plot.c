/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Both drawings share the scale: from 0 to a round number, five steps. The SVG carries its own
 * colours for light and dark, and no script. Pure but for writing. Thread: any.
 */

#include "clients/inferctl/plot.h"

#include "runtime/base/size.h"

#include <math.h>
#include <stdarg.h>
#include <string.h>

enum { STEPS = 5, SVG_WIDTH = 760, SVG_HEIGHT = 420, LEFT = 80, RIGHT = 40, TOP = 48, BOTTOM = 84 };
enum { TEXT_COLUMNS = 64, TEXT_ROWS = 16 };

static const char *const COLOURS[PLOT_SERIES_MAX] = { "#2a6fdb", "#d9480f", "#2b8a3e", "#9c36b5",
                                                      "#0b7285", "#e67700", "#495057", "#c2255c" };

PlotSeries *plot_add_series(Plot *plot, const char *format, ...) {
    if (plot->series_count == PLOT_SERIES_MAX)
        return NULL;
    PlotSeries *series = &plot->series[plot->series_count++];
    va_list args;
    va_start(args, format);
    vsnprintf(series->name, sizeof series->name, format, args);
    va_end(args);
    series->count = 0;
    return series;
}

void plot_add_point(PlotSeries *series, double x, double y) {
    if (series && series->count < PLOT_POINTS_MAX && isfinite(x) && isfinite(y))
        series->points[series->count++] = (PlotPoint){ x, y };
}

double plot_round_up(double value) {
    if (!(value > 0))
        return 1;
    static const double rounds[] = { 1, 1.5, 2, 2.5, 3, 4, 5, 6, 8 }; /* a fifth of each is short */
    double power = pow(10, floor(log10(value)));
    for (size_t i = 0; i < ARRAY_LENGTH(rounds); i++)
        if (value <= power * rounds[i] * (1 + 1e-9))
            return power * rounds[i];
    return power * 10;
}

static PlotPoint scale_of(const Plot *plot) {
    PlotPoint most = { 0, 0 };
    for (size_t i = 0; i < plot->series_count; i++)
        for (size_t j = 0; j < plot->series[i].count; j++) {
            most.x = fmax(most.x, plot->series[i].points[j].x);
            most.y = fmax(most.y, plot->series[i].points[j].y);
        }
    for (size_t i = 0; i < plot->x_tick_count; i++)
        most.x = fmax(most.x, plot->x_ticks[i].at);
    return (PlotPoint){ plot->x_tick_count ? most.x : plot_round_up(most.x),
                        plot_round_up(most.y) };
}

/* --- SVG --- */

static void write_text(FILE *file, const char *text) {
    for (; *text; text++) {
        if (strchr("<>&\"", *text))
            fprintf(file, "&#%d;", *text);
        else
            fputc(*text, file);
    }
}

static void write_label(FILE *file, double x, double y, const char *anchor, const char *text) {
    fprintf(file, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">", x, y, anchor);
    write_text(file, text);
    fputs("</text>\n", file);
}

static void write_axes(FILE *file, const Plot *plot, PlotPoint most) {
    const double wide = SVG_WIDTH - LEFT - RIGHT, high = SVG_HEIGHT - TOP - BOTTOM;
    char text[32];
    for (int i = 0; i <= STEPS; i++) {
        double y = TOP + high * (1 - (double)i / STEPS);
        fprintf(file, "<line class=\"grid\" x1=\"%d\" y1=\"%.1f\" x2=\"%d\" y2=\"%.1f\"/>\n", LEFT,
                y, SVG_WIDTH - RIGHT, y);
        snprintf(text, sizeof text, "%g", most.y * i / STEPS);
        write_label(file, LEFT - 8, y + 4, "end", text);
        snprintf(text, sizeof text, "%g", most.x * i / STEPS);
        if (plot->x_tick_count == 0)
            write_label(file, LEFT + wide * i / STEPS, SVG_HEIGHT - BOTTOM + 20, "middle", text);
    }
    for (size_t i = 0; i < plot->x_tick_count; i++)
        write_label(file, LEFT + wide * plot->x_ticks[i].at / most.x, SVG_HEIGHT - BOTTOM + 20,
                    "middle", plot->x_ticks[i].label);
    write_label(file, LEFT + wide / 2, SVG_HEIGHT - BOTTOM + 40, "middle", plot->x_label);
    write_label(file, 8, TOP - 10, "start", plot->y_label);
    fputs("<g class=\"title\">", file);
    write_label(file, SVG_WIDTH / 2.0, 22, "middle", plot->title);
    fputs("</g>\n", file);
}

static void write_series(FILE *file, const PlotSeries *series, size_t index, size_t count,
                         PlotPoint most) {
    const double wide = SVG_WIDTH - LEFT - RIGHT, high = SVG_HEIGHT - TOP - BOTTOM;
    double key = LEFT + wide * (double)index / (double)count;
    fprintf(file, "<polyline fill=\"none\" stroke=\"%s\" stroke-width=\"2\" points=\"",
            COLOURS[index]);
    for (size_t i = 0; i < series->count; i++)
        fprintf(file, "%.1f,%.1f ", LEFT + wide * series->points[i].x / most.x,
                TOP + high * (1 - series->points[i].y / most.y));
    fputs("\"/>\n", file);
    for (size_t i = 0; i < series->count; i++)
        fprintf(
            file,
            "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3\" fill=\"%s\"><title>%g, %g</title></circle>\n",
            LEFT + wide * series->points[i].x / most.x,
            TOP + high * (1 - series->points[i].y / most.y), COLOURS[index], series->points[i].x,
            series->points[i].y);
    fprintf(file, "<rect x=\"%.1f\" y=\"%d\" width=\"12\" height=\"4\" fill=\"%s\"/>\n", key,
            SVG_HEIGHT - 24, COLOURS[index]);
    write_label(file, key + 18, SVG_HEIGHT - 18, "start", series->name);
}

void plot_write_svg(const Plot *plots, size_t count, FILE *file) {
    fprintf(file,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%zu\" "
            "viewBox=\"0 0 %d %zu\" role=\"img\">\n"
            "<style>text{font:13px sans-serif;fill:#222}.title text{font-weight:bold}"
            ".grid{stroke:#ddd}svg{background:#fff}@media(prefers-color-scheme:dark){"
            "text{fill:#ddd}.grid{stroke:#444}svg{background:#181818}}</style>\n",
            SVG_WIDTH, count * SVG_HEIGHT, SVG_WIDTH, count * SVG_HEIGHT);
    for (size_t i = 0; i < count; i++) {
        PlotPoint most = scale_of(&plots[i]);
        fprintf(file, "<g transform=\"translate(0 %zu)\">\n", i * SVG_HEIGHT);
        write_axes(file, &plots[i], most);
        for (size_t j = 0; j < plots[i].series_count; j++)
            write_series(file, &plots[i].series[j], j, plots[i].series_count, most);
        fputs("</g>\n", file);
    }
    fputs("</svg>\n", file);
}

/* --- characters --- */

typedef char Canvas[TEXT_ROWS][TEXT_COLUMNS + 1];

static void mark(Canvas canvas, double x, double y, char letter) {
    long column = lround(x * (TEXT_COLUMNS - 1)), row = lround((1 - y) * (TEXT_ROWS - 1));
    if (column < 0 || column >= TEXT_COLUMNS || row < 0 || row >= TEXT_ROWS)
        return;
    char *cell = &canvas[row][column];
    if (*cell == ' ' || (*cell == '.' && letter != '.'))
        *cell = letter;
}

static void draw_series(Canvas canvas, const PlotSeries *series, char letter, PlotPoint most) {
    for (size_t i = 0; i < series->count; i++)
        mark(canvas, series->points[i].x / most.x, series->points[i].y / most.y, letter);
    for (size_t i = 1; i < series->count; i++) {
        PlotPoint a = series->points[i - 1], b = series->points[i];
        for (int step = 1; step < TEXT_COLUMNS; step++) {
            double share = (double)step / TEXT_COLUMNS;
            mark(canvas, (a.x + (b.x - a.x) * share) / most.x, (a.y + (b.y - a.y) * share) / most.y,
                 '.');
        }
    }
}

static void print_x_axis(const Plot *plot, PlotPoint most, FILE *file) {
    char line[TEXT_COLUMNS + 24];
    memset(line, ' ', sizeof line);
    size_t count = plot->x_tick_count ? plot->x_tick_count : STEPS + 1;
    for (size_t i = 0; i < count; i++) {
        char text[16];
        double at = plot->x_tick_count ? plot->x_ticks[i].at / most.x : (double)i / STEPS;
        int length = snprintf(text, sizeof text, plot->x_tick_count ? "%s" : "%.0s%g",
                              plot->x_tick_count ? plot->x_ticks[i].label : "", at * most.x);
        size_t start = (size_t)lround(at * (TEXT_COLUMNS - 1));
        if (length > 0 && start + (size_t)length < sizeof line)
            memcpy(line + start, text, (size_t)length);
    }
    size_t end = sizeof line;
    while (end > 0 && line[end - 1] == ' ')
        end--;
    fprintf(file, "%10s %.*s  %s\n", "", (int)end, line, plot->x_label);
}

void plot_print(const Plot *plot, FILE *file) {
    PlotPoint most = scale_of(plot);
    Canvas canvas;
    memset(canvas, ' ', sizeof canvas);
    for (size_t i = 0; i < plot->series_count; i++)
        draw_series(canvas, &plot->series[i], (char)('A' + i), most);
    fprintf(file, "\n  %s (%s)\n", plot->title, plot->y_label);
    for (int row = 0; row < TEXT_ROWS; row++) {
        bool has_label = row % STEPS == 0 || row == TEXT_ROWS - 1;
        canvas[row][TEXT_COLUMNS] = '\0';
        if (has_label)
            fprintf(file, "%9.4g |%s\n", most.y * (1 - (double)row / (TEXT_ROWS - 1)), canvas[row]);
        else
            fprintf(file, "%9s |%s\n", "", canvas[row]);
    }
    print_x_axis(plot, most, file);
    for (size_t i = 0; i < plot->series_count; i++)
        fprintf(file, "%10s %c %s\n", "", (char)('A' + i), plot->series[i].name);
}
