/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Writes docs/METRICS.md from the metrics table: one line a metric with its type, unit, labels and
 * help. `./dev docs` runs it; a unit test fails when the file is not what this prints.
 */

#include "runtime/base/size.h"
#include "server/observe/histogram.h"
#include "server/observe/scrape.h"

#include <stdio.h>
#include <string.h>

/* Sections by how names begin; the first that fits. */
static const struct {
    const char *prefix, *title;
} SECTIONS[] = {
    { "nv_", "Triton's names" },
    { ":tensorflow:", "TensorFlow Serving's names" },
    { "", "Our own" },
};

static size_t section_of(const char *name) {
    size_t section = 0;
    while (strncmp(name, SECTIONS[section].prefix, strlen(SECTIONS[section].prefix)) != 0)
        section++;
    return section;
}

static void print_row(void *user, const MetricWords *words) {
    if (section_of(words->name) != *(const size_t *)user)
        return;
    printf("| `%s` | %s | %s | %s | %s |\n", words->name, words->type, words->unit, words->labels,
           words->help);
}

static void print_bounds(void) {
    printf("Histograms of durations have the bounds of TensorFlow Serving, 10 us times 1.8^i: ");
    for (size_t i = 0; i < HISTOGRAM_BOUNDS; i++)
        printf("%s%.4g", i ? ", " : "", (double)HISTOGRAM_BOUND_NS[i] / 1e3);
    printf(" us, and beyond. Those of rows: 1, 2, 4 ... %u, and beyond.\n",
           1U << (ROWS_BOUNDS - 1));
}

int main(void) {
    printf(
        "# Metrics\n\n"
        "Generated from `server/observe/metrics_table.h` by `./dev docs`: do not edit. One page\n"
        "has them all, in Prometheus' text format: `GET /metrics` on the HTTP port and on\n"
        "`--metrics-port`, and the path of a monitoring file (TensorFlow Serving's is\n"
        "`/monitoring/prometheus/metrics`).\n\n"
        "A label is a name from the repository, a code, or one of a few words; never a client's\n"
        "text. A model's `metric_tags` are more labels, `_key=\"value\"`, of the metrics by model\n"
        "and version. Counters are a thread's own and summed when somebody looks; what is by\n"
        "version begins at 0 when it is loaded, all else when the server starts. Series of codes,\n"
        "statuses and methods are there once they have happened.\n\n");
    print_bounds();
    for (size_t i = 0; i < ARRAY_LENGTH(SECTIONS); i++) {
        printf(
            "\n## %s\n\n| metric | type | unit | labels | what it tells |\n|---|---|---|---|---|\n",
            SECTIONS[i].title);
        exposition_describe(print_row, &i);
    }
    return 0;
}
