/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Requests of more rows than a batch may have (enable_large_batch_splitting): their rows are
 * several requests to the queue, each a batch of its own or in company, and one to whoever asked.
 * Parts borrow inputs and lease of the whole, which lives until all of them have ended; then their
 * outputs are joined in memory of its own. A part that fails fails the whole; the others are
 * cancelled.
 *
 * Whoever submits counts as a part until all are submitted, so that none is cancelled on its way
 * in.
 *
 * A cancellation may meet the end: both look at whole->split under the scheduler's lock, and who
 * finds it there holds it by a reference.
 *
 * Threads: rpc, http, worker (submit); whoever ends a part.
 */

#include "runtime/schedule/scheduler_internal.h"

#include "runtime/base/size.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

struct SplitRequest {
    Scheduler *scheduler; /* fixed after new */
    InferRequest *whole;
    size_t count;
    void *memory; /* of the parts' tensors */
    atomic_size_t left, references;
    /* under the scheduler's lock */
    Status status;    /* of the first part that failed */
    bool is_complete; /* all parts are submitted */
    InferRequest parts[];
};

static void split_unref(SplitRequest *split) {
    if (atomic_fetch_sub(&split->references, 1) != 1)
        return;
    free(split->memory);
    free(split);
}

static void cancel_parts(SplitRequest *split) {
    for (size_t i = 0; i < split->count; i++)
        scheduler_cancel(split->scheduler, &split->parts[i]);
}

/* --- the end --- */

static Status join_output(SplitRequest *split, size_t output, OutputBlock *block) {
    Tensor *joined = &split->whole->outputs[output];
    *joined = split->parts[0].outputs[output];
    for (size_t i = 1; i < split->count; i++) {
        const Tensor *part = &split->parts[i].outputs[output];
        Shape shape = part->shape;
        joined->shape.dims[0] += shape.dims[0];
        shape.dims[0] = joined->shape.dims[0];
        if (!shape_equal(&shape, &joined->shape))
            return status_error(
                STATUS_INTERNAL, "output '%s': parts of one request have shapes %s and %s",
                split->whole->lease.version->signature.outputs[output].name,
                SHAPE_TEXT(&split->parts[0].outputs[output].shape), SHAPE_TEXT(&part->shape));
        joined->bytes += part->bytes;
    }
    joined->data = joined->bytes > 0 ? output_block_alloc(block, joined->bytes) : NULL;
    if (joined->bytes > 0 && !joined->data)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "no memory for outputs");
    size_t used = 0;
    for (size_t i = 0; i < split->count; i++) {
        const Tensor *part = &split->parts[i].outputs[output];
        if (part->bytes > 0)
            memcpy((char *)joined->data + used, part->data, part->bytes);
        used += part->bytes;
    }
    return status_ok();
}

static void release_parts(SplitRequest *split) {
    for (size_t i = 0; i < split->count; i++)
        request_release_outputs(&split->parts[i]);
}

/* Texts stay where they are: the joined views point into the parts' blocks. */
static void release_texts(void *user) {
    release_parts(user);
    split_unref(user);
}

static Status join(SplitRequest *split) {
    InferRequest *whole = split->whole;
    AUTO(output_block_unref) OutputBlock *block = NULL;
    TRY(output_block_new(split->scheduler->options.outputs, &block));
    for (size_t o = 0; o < whole->lease.version->signature.all_output_count; o++)
        TRY(join_output(split, o, block));
    bool has_texts = false;
    for (size_t o = 0; o < whole->lease.version->signature.all_output_count; o++)
        has_texts = has_texts || whole->outputs[o].dtype == DTYPE_STRING;
    if (has_texts) {
        atomic_fetch_add(&split->references, 1);
        output_block_hold(block, release_texts, split);
    } else {
        release_parts(split);
    }
    whole->block = TAKE(block);
    return status_ok();
}

static void end(SplitRequest *split) {
    InferRequest *whole = split->whole;
    Status status = split->status;
    {
        LOCKED(&split->scheduler->mutex);
        whole->split = NULL;
    }
    if (status_is_ok(&status))
        status = join(split);
    if (!status_is_ok(&status))
        release_parts(split);
    whole->times = split->parts[0].times;
    for (size_t i = 1; i < split->count;
         i++) { /* from the first that began to the last that ended */
        const RequestTimes *times = &split->parts[i].times;
        if (times->executed_ns > whole->times.executed_ns)
            whole->times.executed_ns = times->executed_ns;
    }
    whole->batch_rows = split->parts[0].batch_rows;
    if (whole->cache_use == CACHE_MISS && status_is_ok(&status))
        cached_reply_keep(whole);
    split_unref(split);
    whole->on_done(whole, &status);
}

static void leave(SplitRequest *split, const Status *status) {
    bool cancels_others = false;
    if (!status_is_ok(status)) {
        LOCKED(&split->scheduler->mutex);
        bool is_first = status_is_ok(&split->status);
        cancels_others = is_first && split->is_complete;
        if (is_first)
            split->status = *status;
    }
    if (cancels_others)
        cancel_parts(split); /* this part keeps the others' memory: it has not left yet */
    if (atomic_fetch_sub(&split->left, 1) == 1)
        end(split);
}

static void part_done(InferRequest *part, const Status *status) {
    leave(part->user, status);
}

/* --- the beginning --- */

/* Spans of [offset, offset + bytes) of the payload. */
static Spans cut(const Spans *payload, size_t offset, size_t bytes, Span *items) {
    Spans part = { .items = items, .bytes = bytes };
    for (size_t i = 0; i < payload->count && bytes > 0; i++) {
        const Span *span = &payload->items[i];
        if (offset >= span->bytes) {
            offset -= span->bytes;
            continue;
        }
        size_t taken = MIN_OF(span->bytes - offset, bytes);
        items[part.count++] = (Span){ (const char *)span->data + offset, taken };
        bytes -= taken;
        offset = 0;
    }
    return part;
}

typedef struct Room {
    RequestInput *inputs;
    Tensor *outputs;
    Span *spans;
} Room;

static void make_part(SplitRequest *split, size_t index, size_t first_row, size_t rows,
                      Room *room) {
    const InferRequest *whole = split->whole;
    const Signature *signature = &whole->lease.version->signature;
    InferRequest *part = &split->parts[index];
    *part = *whole;
    part->rows = rows;
    part->payload_bytes = whole->payload_bytes / whole->rows * rows;
    part->inputs = room->inputs;
    part->outputs = room->outputs;
    part->on_done = part_done;
    part->on_gathered = NULL;
    part->user = split;
    part->is_volatile = true; /* the whole was looked up */
    part->split = NULL;
    part->block = NULL;
    for (size_t i = 0; i < signature->all_input_count; i++) {
        const RequestInput *given = &whole->inputs[i];
        size_t row_bytes = given->payload.bytes / whole->rows;
        part->inputs[i] = *given;
        if (given->shape.rank > 0)
            part->inputs[i].shape.dims[0] = (int64_t)rows;
        part->inputs[i].payload =
            cut(&given->payload, first_row * row_bytes, rows * row_bytes, room->spans);
        room->spans += part->inputs[i].payload.count;
    }
    room->inputs += signature->all_input_count;
    room->outputs += signature->all_output_count;
}

static SplitRequest *split_new(Scheduler *scheduler, InferRequest *whole) {
    const Signature *signature = &whole->lease.version->signature;
    size_t most = whole->lease.version->queue->policy.split_rows;
    size_t count = (whole->rows + most - 1) / most, spans = 0;
    for (size_t i = 0; i < signature->all_input_count; i++)
        spans += whole->inputs[i].payload.count + count; /* a cut makes one more */
    size_t inputs = count * signature->all_input_count,
           outputs = count * signature->all_output_count;
    SplitRequest *split = calloc(1, sizeof *split + count * sizeof split->parts[0]);
    char *memory = calloc(1, inputs * sizeof(RequestInput) + outputs * sizeof(Tensor) +
                                 spans * sizeof(Span) + 1);
    if (!split || !memory) {
        free(split);
        free(memory);
        return NULL;
    }
    Room room = { .inputs = (RequestInput *)(void *)memory };
    room.outputs = (Tensor *)(void *)(room.inputs + inputs);
    room.spans = (Span *)(void *)(room.outputs + outputs);
    split->scheduler = scheduler;
    split->whole = whole;
    split->count = count;
    split->memory = memory;
    atomic_init(&split->left, count + 1);
    atomic_init(&split->references, 1);
    for (size_t i = 0; i < count; i++)
        make_part(split, i, i * most, MIN_OF(most, whole->rows - i * most), &room);
    return split;
}

bool split_is_wanted(const InferRequest *request) {
    const ModelQueue *model = request->lease.version->queue;
    if (model->policy.split_rows == 0 || request->rows <= model->policy.split_rows ||
        request->rows > model->rows_limit)
        return false;
    for (size_t i = 0; i < request->lease.version->signature.all_input_count; i++)
        if (request->inputs[i].payload.bytes % request->rows != 0)
            return false; /* rows do not end at whole bytes */
    return true;
}

Status split_submit(Scheduler *scheduler, InferRequest *request) {
    SplitRequest *split = split_new(scheduler, request);
    if (!split)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory");
    request->split = split;
    Status status = scheduler_submit(scheduler, &split->parts[0]);
    if (!status_is_ok(&status)) {
        request->split = NULL;
        split_unref(split);
        return status;
    }
    /* From here on a part that is not taken is a part that failed. */
    for (size_t i = 1; i < split->count; i++) {
        if (status_is_ok(&status))
            status = scheduler_submit(scheduler, &split->parts[i]);
        if (!status_is_ok(&status))
            leave(split, &status);
    }
    bool has_failed;
    {
        LOCKED(&scheduler->mutex);
        split->is_complete = true;
        has_failed = !status_is_ok(&split->status);
    }
    if (has_failed)
        cancel_parts(split);
    leave(split, &(Status){ .code = STATUS_OK });
    return status_ok();
}

bool split_cancel(Scheduler *scheduler, InferRequest *request) {
    SplitRequest *split;
    {
        LOCKED(&scheduler->mutex);
        split = request->split;
        if (split)
            atomic_fetch_add(&split->references, 1);
    }
    if (!split)
        return false;
    cancel_parts(split);
    split_unref(split);
    return true;
}
