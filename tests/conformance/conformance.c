/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * conformance EXPECTED_FOLDER OFFICIAL_ROOT DEBIAN_ROOT [--record] [--only TEXT]
 *
 * Runs every official ONNX test, each in a child process with a time limit, and compares with what
 * is checked in (EXPECTED_FOLDER/expected_official.txt and expected_debian.txt): a test that passed
 * and no longer does fails the run, and so does one that passes and is not recorded as such.
 * --record writes the lists anew, but keeps a reason that begins with "known: ": that one was
 * written by hand, for a test that is not meant to pass. --only runs the tests whose name contains
 * TEXT, tells each outcome, and judges nothing.
 *
 * An absent root is skipped and said; exit 77 when both are. Last line: RESULT official_passed=
 * official_total= debian_passed= debian_total=.
 */

#include "runtime/base/size.h"
#include "tests/conformance/case_child.h"
#include "tests/conformance/case_data.h"
#include "tests/conformance/case_run.h"
#include "tests/conformance/expectation.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EXIT_SKIP = 77, SECONDS_MAX = 20, LIGHT_SECONDS_MAX = 90 };

typedef struct Options {
    const char *expected_folder;
    const char *only; /* NULL: all */
    bool record;
} Options;

typedef struct Suite {
    const char *label, *root;
    size_t passed, total, wrong;
    size_t light_passed, light_total; /* whole networks, counted apart */
} Suite;

/* Is the outcome what the list says? Tells where not. */
static bool judge(ExpectationList *expected, const char *name, const char *outcome) {
    Expectation *item = expectation_find(expected, name);
    if (!item) {
        printf("%s: not in the list: %s\n", name, outcome);
        return false;
    }
    item->seen = true;
    if (outcome_is_pass(item->outcome) == outcome_is_pass(outcome))
        return true;
    if (outcome_is_pass(outcome))
        printf("%s: passes now: record it (expected: %s)\n", name, item->outcome);
    else
        printf("%s: passed before: %s\n", name, outcome);
    return false;
}

static FILE *open_record(const char *path, const Suite *suite) {
    FILE *file = fopen(path, "w");
    if (!file) {
        fprintf(stderr, "conformance: the list cannot be written\n");
        exit(EXIT_FAILURE);
    }
    fprintf(
        file,
        "# SPDX-FileCopyrightText: 2026 The inferd authors\n# SPDX-License-Identifier: Apache-2.0\n"
        "# What each official test is expected to do (%s data). Written by `conformance "
        "--record`.\n",
        suite->label);
    return file;
}

static void record_outcome(FILE *record, ExpectationList *expected, const char *name,
                           const char *outcome) {
    const Expectation *item = expectation_find(expected, name);
    bool keeps = item && !outcome_is_pass(outcome) && strncmp(item->outcome, "known: ", 7) == 0;
    fprintf(record, "%s %s\n", name, keeps ? item->outcome : outcome);
}

static void run_suite(const Options *options, Suite *suite) {
    CaseList cases = case_list_new(suite->root);
    if (cases.count == 0)
        printf("skipped %s: no data\n", suite->label);
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/expected_%s.txt", options->expected_folder, suite->label);
    ExpectationList expected = expectation_list_read(path);
    FILE *record = options->record && cases.count > 0 ? open_record(path, suite) : NULL;
    for (size_t i = 0; i < cases.count; i++) {
        if (options->only && !strstr(cases.names[i], options->only))
            continue;
        char outcome[OUTCOME_BYTES];
        bool light = case_is_light(cases.names[i]);
        case_run_child(case_run, suite->root, cases.names[i],
                       light ? LIGHT_SECONDS_MAX : SECONDS_MAX, outcome);
        *(light ? &suite->light_total : &suite->total) += 1;
        *(light ? &suite->light_passed : &suite->passed) += outcome_is_pass(outcome);
        if (record)
            record_outcome(record, &expected, cases.names[i], outcome);
        else if (options->only)
            printf("%s: %s\n", cases.names[i], outcome);
        else
            suite->wrong += !judge(&expected, cases.names[i], outcome);
    }
    for (size_t i = 0; i < expected.count && cases.count > 0 && !options->only && !record; i++)
        if (!expected.items[i].seen) {
            printf("%s: in the list, not in the data\n", expected.items[i].name);
            suite->wrong++;
        }
    if (record)
        fclose(record);
    expectation_list_free(&expected);
    case_list_free(&cases);
}

int main(int argc, char **argv) {
    if (argc < 4) {
        fprintf(stderr, "usage: conformance EXPECTED_FOLDER OFFICIAL_ROOT DEBIAN_ROOT [--record] "
                        "[--only TEXT]\n");
        return EXIT_FAILURE;
    }
    Options options = { .expected_folder = argv[1] };
    for (int i = 4; i < argc; i++) {
        if (strcmp(argv[i], "--record") == 0)
            options.record = true;
        else if (strcmp(argv[i], "--only") == 0 && i + 1 < argc)
            options.only = argv[++i];
    }
    Suite suites[] = { { .label = "official", .root = argv[2] },
                       { .label = "debian", .root = argv[3] } };
    size_t total = 0, wrong = 0;
    for (size_t i = 0; i < ARRAY_LENGTH(suites); i++) {
        run_suite(&options, &suites[i]);
        total += suites[i].total;
        wrong += suites[i].wrong;
    }
    if (total == 0)
        return EXIT_SKIP;
    if (suites[0].light_total > 0)
        printf("light: %zu of %zu whole networks pass\n", suites[0].light_passed,
               suites[0].light_total);
    printf("RESULT official_passed=%zu official_total=%zu debian_passed=%zu debian_total=%zu\n",
           suites[0].passed, suites[0].total, suites[1].passed, suites[1].total);
    return wrong > 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
