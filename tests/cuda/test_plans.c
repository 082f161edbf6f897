/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * test_plans PLANS DEVICE.json ...: the real cuDNN planner, without a GPU or a driver, is asked for
 * every convolution that list_plans wrote, for each described device: an engine must be found and
 * its plan finalised. Descriptions are hand-written but for what NVIDIA publishes, so the ranking
 * of engines may differ on a real device; whether there is one is what counts here.
 *
 * Exit 77, and a line that says so, when this cuDNN rejects the descriptions. Last line: plans=
 * plans_failed=.
 */

#include "cuda/conv_plan.h"
#include "runtime/base/size.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EXIT_SKIP = 77, LINE_BYTES = 512, JSON_BYTES = 4096 };

static bool read_list(char **text, int64_t *numbers, int count) {
    for (int i = 0; i < count; i++) {
        char *end;
        numbers[i] = strtoll(*text, &end, 10);
        if (end == *text)
            return false;
        *text = end;
    }
    return true;
}

static bool read_spec(char *line, ConvSpec *spec) {
    int64_t head[6], tail[3];
    if (!read_list(&line, head, 6) || head[1] < 1 || head[1] > CONV_RANK)
        return false;
    *spec = (ConvSpec){ .dtype = head[0] == CUDNN_DATA_HALF       ? DTYPE_F16
                                 : head[0] == CUDNN_DATA_BFLOAT16 ? DTYPE_BF16
                                                                  : DTYPE_F32,
                        .rank = (int)head[1],
                        .batch = head[2],
                        .in_channels = head[3],
                        .out_channels = head[4],
                        .groups = head[5] };
    int64_t *const lists[] = { spec->in,       spec->out,       spec->kernel, spec->stride,
                               spec->dilation, spec->pad_begin, spec->pad_end };
    for (size_t i = 0; i < ARRAY_LENGTH(lists); i++)
        if (!read_list(&line, lists[i], spec->rank))
            return false;
    if (!read_list(&line, tail, 3))
        return false;
    spec->bias = tail[0];
    spec->residual = tail[1];
    spec->relu = tail[2];
    return true;
}

static cudnnBackendDescriptor_t describe(const char *path) {
    char json[JSON_BYTES];
    FILE *file = fopen(path, "r");
    size_t length = file ? fread(json, 1, sizeof json, file) : 0;
    if (file)
        fclose(file);
    while (length > 0 && json[length - 1] == '\n')
        length--;
    cudnnBackendDescriptor_t device = NULL;
    if (length == 0 || cudnnBackendCreateDescriptor(CUDNN_BACKEND_DEVICEPROP_DESCRIPTOR, &device) ||
        cudnnBackendSetAttribute(device, CUDNN_ATTR_DEVICEPROP_JSON_REPRESENTATION, CUDNN_TYPE_CHAR,
                                 (int64_t)length, json) ||
        cudnnBackendFinalize(device)) {
        printf("skipped: this cuDNN (%zu) rejects the description %s\n", cudnnGetVersion(), path);
        exit(EXIT_SKIP);
    }
    return device;
}

typedef struct Tally {
    size_t plans, failed;
} Tally;

static void try_plan(const ConvSpec *spec, cudnnBackendDescriptor_t device, const char *name,
                     const char *line, Tally *tally) {
    ConvPlan *plan = NULL;
    Status status = conv_plan_new(spec, &(ConvTarget){ .described = device }, &plan);
    tally->plans++;
    if (!status_is_ok(&status)) {
        tally->failed++;
        printf("%s: %s: %s", name, status.message, line);
        return;
    }
    conv_plan_free(plan);
}

int main(int argc, char **argv) {
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (argc < 3) {
        fprintf(stderr, "usage: test_plans PLANS DEVICE.json ...\n");
        return EXIT_FAILURE;
    }
    Tally tally = { 0 };
    for (int i = 2; i < argc; i++) {
        cudnnBackendDescriptor_t device = describe(argv[i]);
        FILE *plans = fopen(argv[1], "r");
        char line[LINE_BYTES];
        while (plans && fgets(line, sizeof line, plans)) {
            ConvSpec spec;
            char copy[LINE_BYTES];
            memcpy(copy, line, sizeof copy);
            if (read_spec(copy, &spec))
                try_plan(&spec, device, argv[i], line, &tally);
        }
        if (plans)
            fclose(plans);
        (void)cudnnBackendDestroyDescriptor(device);
    }
    printf("plans=%zu plans_failed=%zu\n", tally.plans, tally.failed);
    return tally.plans == 0 || tally.failed > 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
