/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * differential ROOT: runs every test under ROOT, in the official layout, each in a child process,
 * and prints one line a test: its name, then "pass" or what went wrong. Where a test has no
 * outputs it is run all the same, with nothing to compare. differential.py writes ROOT and judges.
 */

#include "tests/conformance/case_child.h"
#include "tests/conformance/case_data.h"
#include "tests/conformance/case_run.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

enum { SECONDS_MAX = 20 };

int main(int argc, char **argv) {
    if (argc != 2) {
        fprintf(stderr, "usage: differential ROOT\n");
        return EXIT_FAILURE;
    }
    CaseList cases = case_list_new(argv[1]);
    for (size_t i = 0; i < cases.count; i++) {
        char outcome[OUTCOME_BYTES], path[PATH_MAX];
        case_tensor_path(argv[1], cases.names[i], 0, "output", 0, path);
        case_run_child(case_file_exists(path) ? case_run : case_run_only, argv[1], cases.names[i],
                       SECONDS_MAX, outcome);
        printf("%s %s\n", cases.names[i], outcome);
    }
    case_list_free(&cases);
    return EXIT_SUCCESS;
}
