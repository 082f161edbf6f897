/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Writes docs/OPERATORS.md from the operator table: one line per operator with its opsets, its
 * reference kernel and what it does. `./dev docs` runs it; a unit test fails when the file is not
 * what this prints.
 */

#include "runtime/cpu/kernel.h"
#include "runtime/graph/op_schema.h"
#include "runtime/onnx/contrib.h"

#include <stdio.h>

static const char *const TIER_NAMES[] = {
    "internal",
    "CNN classification",
    "shape arithmetic and elementwise",
    "detection, segmentation, OCR",
    "transformers",
    "quantised and bits",
    "recurrent and audio",
    "control flow",
    "rare operators",
    "classical machine learning",
};

static void print_arity(unsigned least, unsigned most) {
    if (most == ARITY_ANY)
        printf("%u+", least);
    else if (least == most)
        printf("%u", least);
    else
        printf("%u-%u", least, most);
}

static void print_row(const OpSchema *row) {
    printf("| %s | %u-%u | ", row->name, row->oldest_opset, row->newest_opset);
    print_arity(row->min_inputs, row->max_inputs);
    printf(" | ");
    print_arity(row->min_outputs, row->max_outputs);
    printf(" | %s | %s |\n", reference_kernel_find(row->domain, row->name) ? "yes" : "no",
           row->summary);
}

static void print_tier(const OpSchema *rows, size_t count, unsigned tier) {
    size_t found = 0;
    for (size_t i = 0; i < count; i++)
        found += rows[i].tier == tier;
    if (found == 0 || tier == 0)
        return;
    printf("\n## Tier %u: %s (%zu)\n\n", tier, TIER_NAMES[tier], found);
    printf("| operator | opsets | inputs | outputs | CPU | what it does "
           "|\n|---|---|---|---|---|---|\n");
    for (size_t i = 0; i < count; i++)
        if (rows[i].tier == tier)
            print_row(&rows[i]);
}

static void print_contributed(void) {
    size_t count;
    const ContribRow *rows = contrib_table(&count);
    printf("\n## com.microsoft and preview domains\n\n"
           "What optimising tools write, and what ONNX tries out; each becomes standard operators "
           "when a model is read "
           "(`runtime/onnx/contrib_table.c`).\n\n"
           "| domain | operator | inputs | what it does |\n|---|---|---|---|\n");
    for (size_t i = 0; i < count; i++)
        if (rows[i].summary)
            printf("| %s | %s | %s | %s |\n", rows[i].domain, rows[i].op,
                   rows[i].recipe.inputs ? rows[i].recipe.inputs : "any number", rows[i].summary);
}

int main(void) {
    size_t count;
    const OpSchema *rows = op_schema_table(&count);
    printf("# Operators\n\n"
           "Written by `./dev docs` from the operator table (`runtime/graph/op_table.c`); do not "
           "edit.\n\n"
           "Older forms of an operator are upgraded to the newest one when a model is read. "
           "\"opsets\" are the oldest form that\n"
           "is upgraded and the newest definition that is followed; a model of a later opset whose "
           "operators did not change\n"
           "runs as well. \"CPU\" says that a plain kernel exists for every element type the "
           "operator's text allows; Conv,\n"
           "MatMul, Gemm, pooling, softmax and the elementwise operators have faster ones for "
           "float32 beside it. A model that\n"
           "needs an operator that is not here fails when it is loaded, with the operator, its "
           "node and its opset.\n");
    for (unsigned tier = 0; tier < sizeof TIER_NAMES / sizeof TIER_NAMES[0]; tier++)
        print_tier(rows, count, tier);
    rows = op_schema_table_ml(&count);
    print_tier(rows, count, 9);
    print_contributed();
    return 0;
}
