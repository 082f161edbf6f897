/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Traces on disk, as Triton writes them: a JSON list of objects, two a traced request. A thread of
 * its own writes, so that a slow disk holds up nobody: what waits for it is bounded and dropped
 * beyond that, as is what comes when the files together have reached their limit. The file that is
 * being written has the name given; one that is closed before the end gets a number behind it
 * (trace.json.0, .1 ...) and is whole from then on.
 */

#include "runtime/base/cleanup.h"
#include "runtime/base/status.h"
#include "runtime/schedule/request.h"

typedef struct TraceFile TraceFile;

/**
 * @path  kept: the command line's
 *
 * Errors: INVALID_ARGUMENT (it cannot be written; names it)
 * Thread: main
 */
Status trace_file_new(const char *path, TraceFile **ret_file);
/* Writes what waits and ends the file; is_numbered: as one of several. NULL is fine. */
void trace_file_free(TraceFile *file, bool is_numbered);
const char *trace_file_path(const TraceFile *file);

typedef struct TraceEntry {
    uint64_t id;
    const InferRequest *request; /* with its lease */
    const char *request_id;
    bool timestamps;
    bool ends_file;
    uint64_t ended_ns;
} TraceEntry;

/* Thread: any. */
void trace_file_add(TraceFile *file, const TraceEntry *entry);
