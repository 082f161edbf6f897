/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Compiles a graph for a GPU. Values get places first: inputs and outputs in a slot's blocks,
 * constants uploaded, the rest in the arena, views sharing their root's; then each node's builder
 * appends its steps; then the arena is planned from the lifetimes. A lifetime is counted in nodes,
 * not steps, so scratch of a node is alive while that node is.
 *
 * A graph output whose value is an input, a constant or another output is copied at the end; every
 * other is written in place.
 *
 * Thread: whoever plans. Nothing is left behind on failure.
 */

#include "cuda/build.h"

#include "runtime/base/size.h"
#include "runtime/plan/lifetime.h"
#include "runtime/plan/memory_plan.h"

#include <string.h>

enum {
    PROGRAM_ARENA_FIRST = 16 << 10,
    PROGRAM_ARENA_BUDGET = 256 << 20,
    SCRATCH_PLACES = 8, /* a node may ask for */
};

typedef struct Compile {
    DeviceModel *model;
    const Graph *graph;
    Program *program;
    Arena *scratch;
    Lifetime *lifetimes;
    PlaceId *place_of; /* by value */
} Compile;

static Status out_of_memory(void) {
    return status_error(STATUS_RESOURCE_EXHAUSTED, "compiling for cuda: out of memory");
}

static size_t aligned(size_t bytes) {
    return (bytes + DEVICE_ALIGNMENT - 1) & ~(size_t)(DEVICE_ALIGNMENT - 1);
}

static PlaceId add_place(Program *program, Place place) {
    program->places[program->place_count] = place;
    return (PlaceId)program->place_count++;
}

static Status describe(const Graph *graph, const Port *port, ProgramPort *ret_port) {
    const Value *value = graph_value_const(graph, port->value);
    Tensor *described = &ret_port->described;
    *described = (Tensor){ .dtype = value->dtype, .shape = value->shape, .layout = value->layout };
    if (value->dtype == DTYPE_INVALID || !shape_is_known(&value->shape) ||
        !shape_bytes(&value->shape, value->dtype, &described->bytes))
        return status_error(STATUS_UNIMPLEMENTED, "cuda: '%s' has no shape yet", port->name);
    return status_ok();
}

static Status place_inputs(Compile *compile) {
    Program *program = compile->program;
    for (size_t i = 0; i < program->input_count; i++) {
        const Port *port = graph_input(compile->graph, i);
        ProgramPort *input = &program->inputs[i];
        TRY(describe(compile->graph, port, input));
        input->offset = program->input_bytes;
        input->place = add_place(program, (Place){ .kind = PLACE_INPUT,
                                                   .offset = input->offset,
                                                   .bytes = input->described.bytes });
        compile->place_of[port->value] = input->place;
        program->input_bytes += aligned(input->described.bytes);
    }
    return status_ok();
}

/* The root's place becomes the output's, unless it has one already. */
static Status place_outputs(Compile *compile) {
    Program *program = compile->program;
    for (size_t i = 0; i < program->output_count; i++) {
        const Port *port = graph_output(compile->graph, i);
        ProgramPort *output = &program->outputs[i];
        TRY(describe(compile->graph, port, output));
        output->offset = program->output_bytes;
        output->place = add_place(program, (Place){ .kind = PLACE_OUTPUT,
                                                    .offset = output->offset,
                                                    .bytes = output->described.bytes });
        ValueId root = compile->lifetimes[port->value].root;
        const Value *value = graph_value_const(compile->graph, root);
        if (!value->constant && compile->place_of[root] == 0)
            compile->place_of[root] = output->place;
        program->output_bytes += aligned(output->described.bytes);
    }
    return status_ok();
}

/* Constants are uploaded when a step turns out to read them: see settle_constants. */
static void place_values(Compile *compile) {
    for (ValueId id = 0; id < graph_value_count(compile->graph); id++) {
        const Value *value = graph_value_const(compile->graph, id);
        const Lifetime *lifetime = &compile->lifetimes[id];
        if (compile->place_of[id] != 0)
            continue;
        if (value->constant)
            compile->place_of[id] = add_place(
                compile->program, (Place){ .kind = PLACE_WEIGHT, .bytes = value->constant->bytes });
        else if (lifetime->root == id && lifetime->planned)
            compile->place_of[id] = add_place(compile->program, (Place){ .kind = PLACE_ARENA,
                                                                         .bytes = lifetime->bytes,
                                                                         .first = lifetime->first,
                                                                         .last = lifetime->last });
    }
    for (ValueId id = 0; id < graph_value_count(compile->graph); id++)
        if (compile->place_of[id] == 0)
            compile->place_of[id] = compile->place_of[compile->lifetimes[id].root];
}

static bool is_empty(const Graph *graph, const Node *node) {
    for (uint32_t i = 0; i < node->output_count; i++) {
        size_t count;
        if (node->outputs[i] != VALUE_NONE &&
            (!shape_elements(&graph_value_const(graph, node->outputs[i])->shape, &count) || count))
            return false;
    }
    return true;
}

static Status build_node(Compile *compile, NodeId id) {
    const Node *node = graph_node_const(compile->graph, id);
    if (node->removed || lifetime_is_view(compile->graph, node) || is_empty(compile->graph, node))
        return status_ok();
    const OpRow *row = op_row_find(node->op);
    NodeBuild build = { .graph = compile->graph,
                        .node = node,
                        .program = compile->program,
                        .model = compile->model,
                        .place_of = compile->place_of,
                        .step = id };
    build.status = status_ok();
    if (row && row->build(&build))
        return status_ok();
    if (!status_is_ok(&build.status))
        return status_prefix(&build.status, "operator %s (node '%s')", node->op->name, node->name);
    return status_error(STATUS_UNIMPLEMENTED, "operator %s (node '%s'): not on device cuda",
                        node->op->name, node->name);
}

static Status copy_outputs(Compile *compile) {
    Program *program = compile->program;
    NodeBuild build = { .graph = compile->graph, .program = program };
    for (size_t i = 0; i < program->output_count; i++) {
        const ProgramPort *output = &program->outputs[i];
        PlaceId place = compile->place_of[graph_output(compile->graph, i)->value];
        if (place != output->place && output->described.bytes > 0 &&
            !build_copy(&build, output->place, place, output->described.bytes))
            return build.status;
    }
    return status_ok();
}

static void mark_place(const Step *step, bool *used) {
    if (step->type == &launch_step)
        for (uint32_t i = 0; i < step->launch.arg_count; i++)
            used[step->launch.args[i].place] = true;
    if (step->type == &copy_step)
        used[step->copy.src] = true;
    if (step->type == &gemm_step)
        used[step->gemm.place_a] = used[step->gemm.place_b] = used[step->gemm.place_c] =
            used[step->gemm.bias] = true;
    if (step->type == &conv_step)
        used[step->conv.src] = used[step->conv.weights] = used[step->conv.bias] =
            used[step->conv.residual] = true;
}

/* Uploads those constants that some step reads as they are. */
static Status settle_constants(Compile *compile) {
    Program *program = compile->program;
    bool *used = arena_calloc(compile->scratch, program->place_count + 1, sizeof *used);
    if (!used)
        return arena_exhausted(compile->scratch);
    for (size_t i = 0; i < program->step_count; i++)
        mark_place(&program->steps[i], used);
    for (ValueId id = 0; id < graph_value_count(compile->graph); id++) {
        const Value *value = graph_value_const(compile->graph, id);
        if (!value->constant || !used[compile->place_of[id]])
            continue;
        WeightStore *store =
            value->is_lasting ? compile->model->weights : compile->program->own_weights;
        TRY(weight_store_get(store, value->constant, WEIGHT_PLAIN,
                             &program->places[compile->place_of[id]].address));
    }
    return status_ok();
}

static Status plan_arena(Compile *compile) {
    Program *program = compile->program;
    MemoryInterval *intervals =
        arena_calloc(compile->scratch, program->place_count, sizeof *intervals);
    Place **owners = arena_calloc(compile->scratch, program->place_count, sizeof *owners);
    if (!intervals || !owners)
        return arena_exhausted(compile->scratch);
    size_t count = 0, bytes = 0;
    for (size_t i = 0; i < program->place_count; i++) {
        Place *place = &program->places[i];
        if (place->kind != PLACE_ARENA)
            continue;
        owners[count] = place;
        intervals[count++] = (MemoryInterval){ .first = place->first,
                                               .last = place->last,
                                               .bytes = aligned(place->bytes) };
    }
    TRY(memory_plan_assign(intervals, count, compile->model->device->memory_bytes, &bytes));
    program->workspace_bytes = aligned(program->workspace_bytes);
    for (size_t i = 0; i < count; i++)
        owners[i]->offset = program->workspace_bytes + intervals[i].offset;
    program->arena_bytes = program->workspace_bytes + bytes;
    return status_ok();
}

static Status make_arrays(Compile *compile) {
    Program *program = compile->program;
    const Graph *graph = compile->graph;
    program->input_count = graph_input_count(graph);
    program->output_count = graph_output_count(graph);
    program->place_capacity = 2 + graph_value_count(graph) + program->input_count +
                              program->output_count + SCRATCH_PLACES * graph_node_count(graph);
    program->places =
        arena_calloc(program->arena, program->place_capacity, sizeof *program->places);
    program->inputs = arena_calloc(program->arena, program->input_count, sizeof *program->inputs);
    program->outputs =
        arena_calloc(program->arena, program->output_count, sizeof *program->outputs);
    compile->place_of =
        arena_calloc(compile->scratch, graph_value_count(graph), sizeof *compile->place_of);
    if (!program->places || !program->inputs || !program->outputs || !compile->place_of)
        return out_of_memory();
    program->place_count = 1; /* number 0 is nowhere */
    return status_ok();
}

static Status compile_graph(Compile *compile) {
    TRY(make_arrays(compile));
    TRY(lifetime_compute(compile->graph, compile->scratch, &compile->lifetimes));
    TRY(place_inputs(compile));
    TRY(place_outputs(compile));
    place_values(compile);
    for (NodeId id = 0; id < graph_node_count(compile->graph); id++)
        TRY(build_node(compile, id));
    TRY(copy_outputs(compile));
    TRY(settle_constants(compile));
    return plan_arena(compile);
}

Status program_new(DeviceModel *model, const Graph *graph, Program **ret_program) {
    TRY(cuda_device_enter(model->device));
    AUTO(arena_free) Arena *scratch = NULL;
    TRY(arena_new(PROGRAM_ARENA_FIRST, PROGRAM_ARENA_BUDGET, &scratch));
    AUTO(program_free) Program *program = calloc(1, sizeof *program);
    if (!program)
        return out_of_memory();
    program->device = model->device;
    program->graph = graph;
    TRY(arena_new(PROGRAM_ARENA_FIRST, PROGRAM_ARENA_BUDGET, &program->arena));
    TRY(weight_store_new(model->device, &program->own_weights));
    Compile compile = { .model = model, .graph = graph, .program = program, .scratch = scratch };
    Status status = compile_graph(&compile);
    cuda_device_note(model->device, &status);
    TRY(status);
    *ret_program = TAKE(program);
    return status_ok();
}

void program_free(Program *program) {
    if (!program)
        return;
    for (size_t i = 0; i < program->step_count; i++)
        if (program->steps[i].type->deinit)
            program->steps[i].type->deinit(&program->steps[i]);
    weight_store_free(program->own_weights);
    arena_free(program->arena);
    free(program);
}
