/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A model repository of a test's own, in a folder that mkdtemp makes. Versions arrive as a deploy
 * tool brings them: written beside the repository, then renamed into it.
 */

#include "runtime/base/cleanup.h"

#include "tests/support/onnx_writer.h"

typedef struct TempRepository {
    char path[128];  /* the repository */
    char stage[128]; /* beside it, on the same file system */
    char flag[160];  /* "--model-repository=PATH" */
} TempRepository;

void temp_repository_init(TempRepository *repository);
/* Removes all of it. */
void temp_repository_deinit(TempRepository *repository);
DEFINE_AUTO_VALUE(TempRepository, temp_repository_deinit);

/* One version, by rename. bytes: of model.onnx. */
void temp_repository_add(TempRepository *repository, const char *model, int version,
                         const void *bytes, size_t length);
/* The same from a file. */
void temp_repository_add_file(TempRepository *repository, const char *model, int version,
                              const char *path);
/* Takes a version away, by rename. */
void temp_repository_remove(TempRepository *repository, const char *model, int version);
/* Makes <model>/config.pbtxt, replacing one that is there by rename. */
void temp_repository_configure(TempRepository *repository, const char *model, const char *text);
/* A file below the repository, written in place; folders on the way are made. append: added to its
 * end. */
void temp_repository_write(TempRepository *repository, const char *path, const void *bytes,
                           size_t length, bool append);

/* --- models to put there --- */

/* y = x + addend for F32 [N, columns]: tells versions apart. */
void model_write_add(WireWriter *writer, int64_t columns, float addend);
/* y = x through as many MatMuls with a unit matrix: takes its time. */
void model_write_slow(WireWriter *writer, int64_t columns, size_t layers);
/* One node of an operator that nobody has. */
void model_write_unknown(WireWriter *writer, const char *op, const char *node, int64_t opset);
