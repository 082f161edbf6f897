/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Models from bytes to answers, in tests: written with onnx_writer, imported, run with passes and
 * without, compared with floats that are given. Everything fails the test that should not happen.
 */

#include "runtime/tensor/tensor.h"
#include "tests/support/onnx_writer.h"

enum { FILE_INPUT = 11, FILE_OUTPUT = 12 }; /* of onnx_put_port */

extern const int64_t FILE_SCALAR[1], FILE_TWO[1], FILE_OPEN[1]; /* dims: none, 2, a name */

typedef struct FileCase {
    WireWriter writer;
    size_t graph; /* open */
} FileCase;

/* Group set-up and tear-down: the device and memory of a run, in *state. */
int file_world_new(void **state);
int file_world_free(void **state);

/* Opset 16; wire_writer_deinit(&file.writer) frees it. */
FileCase file_case_open(void);
/* Runs a copy on inputs; all outputs' elements, one behind the other, are what is expected. */
void file_case_run(void *world, const FileCase *file, const Tensor *inputs, size_t count,
                   const float *expected);
#define FILE_CASE_RUN(world, file, inputs, ...)                                                    \
    file_case_run(world, file, inputs, sizeof((float[]){ __VA_ARGS__ }) / sizeof(float),           \
                  (const float[]){ __VA_ARGS__ })
/* Fails, when imported, planned or run, in these words. Frees the file. @memory_limit  0: default
 */
void file_case_refused(void *world, FileCase *file, const Tensor *inputs, size_t memory_limit,
                       const char *words);

/* Tensors over the caller's memory: [count], and scalars. */
Tensor file_floats(float *items, int64_t count);
Tensor file_flag(uint8_t *item);
Tensor file_number(int64_t *item);
