/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * One node on device cuda, under simulation, against the CPU's reference kernel in double precision
 * (floats) or in the same type (whole numbers). Inputs are random numbers of the case's type, so
 * both sides start from the same values.
 */

#include "runtime/device/device.h"
#include "tests/support/model_builder.h"

enum { CUDA_CASE_INPUTS = 6, CUDA_CASE_LIST = 8 };

typedef struct CudaCaseInput {
    Shape shape;
    DType dtype; /* INVALID: the case's */
    double low, high;
    bool whole;  /* whole numbers only */
    bool absent; /* left out */
    /* a constant list of int64 instead (axes, pads) */
    int64_t list[CUDA_CASE_LIST];
    size_t list_count;
} CudaCaseInput;

typedef struct CudaCase {
    const char *op;
    DType dtype;
    CudaCaseInput inputs[CUDA_CASE_INPUTS];
    size_t input_count, output_count;
    Attribute attributes[6];
    size_t attribute_count;
    bool optimise;    /* with layouts and fusions: cuDNN's side of a convolution */
    bool same_type;   /* the reference in the case's own type, exactly */
    double tolerance; /* 0: of the type */
} CudaCase;

/* Opens the device; ends the program with 77 where it is not simulated. */
void cuda_case_start(void);
/* Runs and compares; tells on stdout what is wrong, and counts. */
void cuda_case_run(const CudaCase *test);
size_t cuda_case_count(void);
size_t cuda_case_failed(void);
void cuda_case_end(void);
