/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Single elements of tensors as numbers: to print them, and to bring what a person gave into the
 * type a model takes. */

#include "clients/c/tensor.h"
#include "runtime/base/status.h"

typedef enum NumberKind { NUMBER_SIGNED, NUMBER_UNSIGNED, NUMBER_REAL, NUMBER_BOOL } NumberKind;

/* A value as exactly as its source had it. */
typedef struct Number {
    NumberKind kind;
    union {
        int64_t i;
        uint64_t u;
        double r;
        bool b;
    };
} Number;

/* Numeric and bool types; complex ones give their real part. */
Number number_read(const ClientType *type, const void *element);
double number_as_real(Number number);

/* Stores it. Whole numbers go into any numeric type that holds them, reals into reals only
 * (rounded), bools into bool; 0 and 1 are bools too. INVALID_ARGUMENT naming the value and the
 * type. */
Status number_write(Number number, const ClientType *type, void *element);

enum { NUMBER_TEXT_BYTES = 40 };
/* Reals with that many significant digits; returns buffer. */
const char *number_format(Number number, int digits, char buffer[static NUMBER_TEXT_BYTES]);
