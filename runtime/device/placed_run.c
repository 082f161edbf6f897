/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A run of a placed program: its segments in order, each submitted when the one before is done. A
 * value that leaves a segment is written to the caller's memory if it is one of the graph's
 * outputs, else to memory of the run, which goes with it. A program of one segment is handed on as
 * it is.
 *
 * The next segment is submitted from where the last one's done is called: after a segment of the
 * primary that is a device thread, which then computes a CPU segment itself.
 */

#include "runtime/device/placed_internal.h"

#include "runtime/base/size.h"
#include "runtime/tensor/list.h"

#include <stdlib.h>
#include <string.h>

typedef struct Piece {
    struct Piece *next;
    _Alignas(TENSOR_ALIGNMENT) char bytes[];
} Piece;

typedef struct PlacedRun {
    Program *program;
    const ProgramIo *io;
    ProgramDone done;
    void *user;
    size_t segment;
    Tensor *values; /* by value of the whole graph */
    Tensor *inputs; /* of the segment at hand */
    Tensor *outputs;
    ProgramIo segment_io;
    Piece *pieces;
} PlacedRun;

static void run_free(PlacedRun *run) {
    while (run->pieces) {
        Piece *next = run->pieces->next;
        free(run->pieces);
        run->pieces = next;
    }
    free(run->values);
    free(run->inputs);
    free(run->outputs);
    free(run);
}

static void *segment_memory(void *user, size_t output, const Tensor *described) {
    PlacedRun *run = user;
    const Segment *segment = &run->program->segments[run->segment];
    size_t of_graph = run->program->output_of[segment->outputs[output]];
    if (of_graph != INDEX_NONE)
        return run->io->output_memory(run->io->output_user, of_graph, described);
    size_t bytes;
    if (!size_add(sizeof(Piece), described->bytes, &bytes) ||
        !size_align(bytes, TENSOR_ALIGNMENT, &bytes))
        return NULL;
    Piece *piece = aligned_alloc(TENSOR_ALIGNMENT, bytes);
    if (!piece)
        return NULL;
    piece->next = run->pieces;
    run->pieces = piece;
    return piece->bytes;
}

/* A graph output that no segment wrote itself: an input, a constant, or the same as another. */
static Status hand_over(PlacedRun *run, size_t index) {
    const Program *program = run->program;
    ValueId id = graph_output(program->graph, index)->value;
    Tensor *output = &run->io->outputs[index];
    *output = run->values[id];
    if (program->output_of[id] == index &&
        graph_value_const(program->graph, id)->producer != NODE_NONE)
        return status_ok();
    TRY(tensor_deep_bytes(&run->values[id], &output->bytes));
    output->data = run->io->output_memory(run->io->output_user, index, output);
    if (!output->data && output->bytes > 0)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "output %zu: no memory for %zu bytes", index,
                            output->bytes);
    if (output->bytes > 0)
        tensor_deep_copy(&run->values[id], output->data, output);
    return status_ok();
}

static void finish(PlacedRun *run, const Status *status) {
    Status result = *status;
    for (size_t i = 0; status_is_ok(&result) && i < graph_output_count(run->program->graph); i++)
        result = hand_over(run, i);
    ProgramDone done = run->done;
    void *user = run->user;
    run_free(run);
    done(user, &result);
}

static void submit_segment(PlacedRun *run);

static void segment_done(void *user, const Status *status) {
    PlacedRun *run = user;
    const Segment *segment = &run->program->segments[run->segment];
    if (!status_is_ok(status)) {
        finish(run, status);
        return;
    }
    for (size_t i = 0; i < segment->output_count; i++)
        run->values[segment->outputs[i]] = run->outputs[i];
    run->segment++;
    if (run->segment == run->program->segment_count)
        finish(run, status);
    else
        submit_segment(run);
}

static void submit_segment(PlacedRun *run) {
    const Segment *segment = &run->program->segments[run->segment];
    for (size_t i = 0; i < segment->input_count; i++)
        run->inputs[i] = run->values[segment->inputs[i]];
    run->segment_io = *run->io;
    run->segment_io.inputs = run->inputs;
    run->segment_io.outputs = run->outputs;
    run->segment_io.output_memory = segment_memory;
    run->segment_io.output_user = run;
    const Device *side = run->program->device->sides[segment->side];
    side->api->submit(segment->program, &run->segment_io, segment_done, run);
}

static Status run_new(Program *program, PlacedRun **ret_run) {
    PlacedRun *run = calloc(1, sizeof *run);
    if (!run)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "run: out of memory");
    size_t values = graph_value_count(program->graph) + 1;
    run->program = program;
    run->values = calloc(values, sizeof *run->values);
    run->inputs = calloc(values, sizeof *run->inputs);
    run->outputs = calloc(values, sizeof *run->outputs);
    if (!run->values || !run->inputs || !run->outputs) {
        run_free(run);
        return status_error(STATUS_RESOURCE_EXHAUSTED, "run: out of memory");
    }
    *ret_run = run;
    return status_ok();
}

static void bind_values(PlacedRun *run) {
    const Graph *graph = run->program->graph;
    for (ValueId id = 0; id < graph_value_count(graph); id++)
        if (graph_value_const(graph, id)->constant)
            run->values[id] = *graph_value_const(graph, id)->constant;
    for (size_t i = 0; i < graph_input_count(graph); i++)
        run->values[graph_input(graph, i)->value] = run->io->inputs[i];
}

void placed_submit(Program *program, const ProgramIo *io, ProgramDone done, void *user) {
    const Segment *first = &program->segments[0];
    if (!first->graph) {
        program->device->sides[first->side]->api->submit(first->program, io, done, user);
        return;
    }
    PlacedRun *run;
    Status status = run_new(program, &run);
    if (!status_is_ok(&status)) {
        done(user, &status);
        return;
    }
    run->io = io;
    run->done = done;
    run->user = user;
    bind_values(run);
    submit_segment(run);
}
