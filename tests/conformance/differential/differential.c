/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * differential ROOT [--optimised]: runs every test under ROOT, in the official layout, each in a
 * child process, and prints one line a test: its name, then "pass" or what went wrong. Where a test
 * has no outputs it is run all the same, with nothing to compare. --optimised leaves out the run
 * without passes, which takes minutes for a whole network. differential.py and tests/models write
 * ROOT and judge.
 */

#include "tests/conformance/case_child.h"
#include "tests/conformance/case_data.h"
#include "tests/conformance/case_run.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SECONDS_MAX = 20, NETWORK_SECONDS_MAX = 120 };

static CaseFn choose(const char *root, const char *name, bool optimised) {
    char path[PATH_MAX];
    case_tensor_path(root, name, 0, "output", 0, path);
    if (!case_file_exists(path))
        return case_run_only;
    return optimised ? case_run_optimised : case_run;
}

int main(int argc, char **argv) {
    bool optimised = argc == 3 && strcmp(argv[2], "--optimised") == 0;
    if (argc != 2 && !optimised) {
        fprintf(stderr, "usage: differential ROOT [--optimised]\n");
        return EXIT_FAILURE;
    }
    CaseList cases = case_list_new(argv[1]);
    for (size_t i = 0; i < cases.count; i++) {
        char outcome[OUTCOME_BYTES];
        case_run_child(choose(argv[1], cases.names[i], optimised), argv[1], cases.names[i],
                       optimised ? NETWORK_SECONDS_MAX : SECONDS_MAX, outcome);
        printf("%s %s\n", cases.names[i], outcome);
    }
    case_list_free(&cases);
    return EXIT_SUCCESS;
}
