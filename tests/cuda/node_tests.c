/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * node_tests EXPECTED_FOLDER OFFICIAL_ROOT DEBIAN_ROOT [--only TEXT]
 *
 * The official ONNX node tests on device cuda, under simulation: what passes on the CPU must pass
 * there, with the same tolerances, and without a violation. A test is claimed when the device did
 * some of its work; the rest ran on the CPU and says nothing about the device. Whole networks are
 * left out: the interpreter would take minutes.
 *
 * Last line: node_tests_claimed= node_tests_failed=.
 */

#include "tests/conformance/case_child.h"
#include "tests/conformance/case_data.h"
#include "tests/conformance/case_list.h"
#include "tests/conformance/case_run.h"
#include "tests/conformance/expectation.h"
#include "tests/cuda/sim_client.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { SECONDS_MAX = 60, EXIT_SKIP = 77 };

static uint64_t *shared_work; /* of the last child */

static Status run_on_cuda(const char *root, const char *name) {
    Status status = case_run_on("cuda", root, name);
    *shared_work = sim_client_work();
    if (status_is_ok(&status) && sim_client_violations() > 0)
        return status_error(STATUS_INTERNAL, "%ld violations", sim_client_violations());
    return status;
}

typedef struct Tally {
    size_t claimed, failed, total;
} Tally;

static void run_suite(const char *folder, const char *label, const char *root, const char *only,
                      Tally *tally) {
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/expected_%s.txt", folder, label);
    ExpectationList expected = expectation_list_read(path);
    CaseList cases = case_list_new(root);
    if (cases.count == 0)
        printf("skipped %s: no data\n", label);
    for (size_t i = 0; i < cases.count; i++) {
        const char *name = cases.names[i];
        const Expectation *item = expectation_find(&expected, name);
        if ((only && !strstr(name, only)) || case_is_light(name) || !item ||
            !outcome_is_pass(item->outcome))
            continue;
        char outcome[OUTCOME_BYTES];
        *shared_work = 0;
        case_run_child(run_on_cuda, root, name, SECONDS_MAX, outcome);
        bool is_claimed = *shared_work > 0;
        tally->total++;
        tally->claimed += is_claimed;
        tally->failed += !outcome_is_pass(outcome);
        if (!outcome_is_pass(outcome) || only)
            printf("%s%s: %s\n", name, is_claimed ? "" : " (on the CPU)", outcome);
    }
    expectation_list_free(&expected);
    case_list_free(&cases);
}

int main(int argc, char **argv) {
    if (argc < 4) {
        fprintf(stderr,
                "usage: node_tests EXPECTED_FOLDER OFFICIAL_ROOT DEBIAN_ROOT [--only TEXT]\n");
        return EXIT_FAILURE;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    const char *only = argc == 6 && strcmp(argv[4], "--only") == 0 ? argv[5] : NULL;
    shared_work =
        mmap(NULL, sizeof *shared_work, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared_work == MAP_FAILED)
        return EXIT_FAILURE;
    sim_client_start();
    Tally tally = { 0 };
    run_suite(argv[1], "official", argv[2], only, &tally);
    run_suite(argv[1], "debian", argv[3], only, &tally);
    printf("node_tests=%zu node_tests_claimed=%zu node_tests_failed=%zu\n", tally.total,
           tally.claimed, tally.failed);
    return tally.total == 0 ? EXIT_SKIP : tally.failed > 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
