/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What the table promises to the passes holds: where cpu_supports_layout says channels-last, some
 * row takes the node in that layout, also with an epilogue where cpu_fuses says so; and where it
 * must not say so it does not.
 */

#include "runtime/base/size.h"
#include "runtime/cpu/kernel_types.h"
#include "tests/support/check.h"
#include "tests/support/kernel_case.h"

typedef struct PromiseCase {
    const char *op;
    Shape src, other, dst; /* other of rank -1: none */
    bool supported, preferred;
    int64_t axis; /* for those that have one */
    bool constant;
} PromiseCase;

#define IMAGE                                                                                      \
    {                                                                                              \
        4, {                                                                                       \
            2, 6, 8, 8                                                                             \
        }                                                                                          \
    }
#define NONE                                                                                       \
    {                                                                                              \
        -1, {                                                                                      \
            0                                                                                      \
        }                                                                                          \
    }

static const PromiseCase cases[] = {
    { "Conv",
      IMAGE,
      { 4, { 12, 6, 3, 3 } },
      { 4, { 2, 12, 6, 6 } },
      .supported = true,
      .preferred = true,
      .constant = true },
    { "Conv",
      IMAGE,
      { 4, { 12, 6, 3, 3 } },
      { 4, { 2, 12, 6, 6 } },
      .supported = true,
      .preferred = true },
    { "Conv", { 3, { 2, 6, 8 } }, { 3, { 12, 6, 3 } }, { 3, { 2, 12, 6 } }, .supported = true },
    { "Conv",
      { 4, { 0, 6, 8, 8 } },
      { 4, { 12, 6, 3, 3 } },
      { 4, { 0, 12, 6, 6 } },
      .supported = false },
    { "Conv",
      { 6, { 1, 2, 3, 3, 3, 3 } },
      { 6, { 2, 2, 1, 1, 1, 1 } },
      { 6, { 1, 2, 3, 3, 3, 3 } },
      .supported = false },
    { "Conv", IMAGE, { 4, { 12, 5, 3, 3 } }, { 4, { 2, 12, 6, 6 } }, .supported = false },
    { "MaxPool", IMAGE, NONE, { 4, { 2, 6, 7, 7 } }, .supported = true, .preferred = true },
    { "AveragePool", IMAGE, NONE, { 4, { 2, 6, 7, 7 } }, .supported = true, .preferred = true },
    { "GlobalAveragePool", IMAGE, NONE, { 4, { 2, 6, 1, 1 } }, .supported = true },
    { "GlobalMaxPool", IMAGE, NONE, { 4, { 2, 6, 1, 1 } }, .supported = true },
    { "Relu", IMAGE, NONE, IMAGE, .supported = true },
    { "Gelu", IMAGE, NONE, IMAGE, .supported = true },
    { "Clip", IMAGE, { 0, { 0 } }, IMAGE, .supported = true },
    { "Add", IMAGE, IMAGE, IMAGE, .supported = true },
    { "Mul", IMAGE, { 3, { 6, 1, 1 } }, IMAGE, .supported = true },
    { "Softmax", IMAGE, NONE, IMAGE, .axis = 1, .supported = true },
    { "Softmax", IMAGE, NONE, IMAGE, .axis = -3, .supported = true },
    { "Softmax", IMAGE, NONE, IMAGE, .axis = 2 },
    { "Concat", IMAGE, IMAGE, { 4, { 2, 12, 8, 8 } }, .axis = 1, .supported = true },
    { "Concat", IMAGE, IMAGE, { 4, { 2, 6, 16, 8 } }, .axis = 2, .supported = true },
    { "MatMul", IMAGE, { 2, { 8, 8 } }, IMAGE, .supported = false },
    { "Transpose", IMAGE, NONE, { 4, { 8, 8, 6, 2 } }, .supported = false },
    { "NonZero", IMAGE, NONE, IMAGE, .supported = false },
};

/* Nobody asks this row: it only has the graph built. */
static Status take_nothing(const KernelBuild *build, Kernel **ret_kernel) {
    (void)build;
    *ret_kernel = NULL;
    return status_ok();
}

static void build_case(KernelCase *test, const PromiseCase *row, Layout layout, bool with_steps) {
    static const KernelType nothing = { .name = "nothing", .prepare = take_nothing };
    static const int64_t window[] = { 2, 2 };
    case_start(test, row->op);
    case_input(test, row->src, layout, false, 1);
    bool weights = row->other.rank == row->src.rank && !shape_equal(&row->other, &row->src);
    if (row->other.rank >= 0)
        case_input(test, row->other, weights ? LAYOUT_PLAIN : layout, row->constant, 2);
    if (row->op[0] == 'M' || row->op[0] == 'A')
        case_ints(test, "kernel_shape", window, 2);
    if (row->axis != 0)
        case_int(test, "axis", row->axis);
    for (int kind = EPILOGUE_RELU; with_steps && kind < EPILOGUE_MAX; kind++)
        case_step(test, (EpilogueStep){ .kind = (EpilogueKind)kind, .alpha = 0.5f, .beta = 1 });
    case_prepare(test, &nothing, row->dst, layout);
}

static bool some_row_takes(const KernelCase *test) {
    size_t count;
    const KernelType *const *rows = kernel_table(&count);
    KernelBuild build = { .graph = test->graph,
                          .node = graph_node_const(test->graph, test->node),
                          .weights = test->weights };
    for (size_t i = 0; i < count; i++) {
        Kernel *kernel;
        check_ok(rows[i]->prepare(&build, &kernel));
        if (!kernel)
            continue;
        rows[i]->free(kernel);
        return true;
    }
    return false;
}

static void test_promised_layouts_are_taken(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        const PromiseCase *row = &cases[i];
        KernelCase plain, last;
        build_case(&plain, row, LAYOUT_PLAIN, false);
        if (cpu_supports_layout(plain.graph, plain.node, LAYOUT_CHANNELS_LAST) != row->supported)
            fail_msg("row %zu, %s: supported is not %d", i, row->op, row->supported);
        Layout preferred = cpu_preferred_layout(plain.graph, plain.node);
        if ((preferred == LAYOUT_CHANNELS_LAST) != row->preferred)
            fail_msg("row %zu, %s: preferred is not %d", i, row->op, row->preferred);
        assert_true(cpu_supports_layout(plain.graph, plain.node, LAYOUT_PLAIN));
        bool fuses = cpu_fuses(plain.graph, plain.node, EPILOGUE_RELU);
        case_end(&plain);
        for (int steps = 0; row->supported && steps <= fuses; steps++) {
            build_case(&last, row, LAYOUT_CHANNELS_LAST, steps);
            if (!some_row_takes(&last))
                fail_msg("row %zu, %s: promised, and not taken", i, row->op);
            case_end(&last);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_promised_layouts_are_taken) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
