/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The table of reference kernels, made from the list in reference_kernels.h, and its lookup. The
 * list is sorted by domain and name (tests check it), so that a plan finds its kernels by
 * bisection.
 */

#include "runtime/base/size.h"
#include "runtime/cpu/reference/reference_kernels.h"

#include <stdlib.h>
#include <string.h>

#define REFERENCE_ROW(domain, name, function) { domain, name, reference_##function },
static const ReferenceRow TABLE[] = { REFERENCE_KERNELS(REFERENCE_ROW) };
#undef REFERENCE_ROW

static int compare_rows(const void *left, const void *right) {
    const ReferenceRow *a = left, *b = right;
    int order = strcmp(a->domain, b->domain);
    return order ? order : strcmp(a->name, b->name);
}

ReferenceKernel reference_kernel_find(const char *domain, const char *name) {
    ReferenceRow key = { .domain = strcmp(domain, "ai.onnx") == 0 ? "" : domain, .name = name };
    const ReferenceRow *row =
        bsearch(&key, TABLE, ARRAY_LENGTH(TABLE), sizeof TABLE[0], compare_rows);
    return row ? row->run : NULL;
}
