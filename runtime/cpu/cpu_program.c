/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Compiles a graph for the CPU. For each node the fast kernels are asked in table order; the plain
 * reference kernel takes what they leave. Tensors get slots: outputs of a node in a row, so that a
 * kernel's dst is an array; constants and inputs when they are first met. A view has a slot but no
 * step.
 *
 * Values of known size are planned into one arena (runtime/plan); a graph output is written by its
 * step straight into the caller's memory when its value is not shared with an input, a constant or
 * another output, else copied at the end.
 *
 * Thread: whoever plans. Fails with UNIMPLEMENTED naming the node, or when memory is out; nothing
 * is left behind.
 */

#include "runtime/cpu/cpu_program.h"

#include "runtime/base/pages.h"
#include "runtime/base/size.h"
#include "runtime/cpu/epilogue.h"
#include "runtime/cpu/reorder.h"
#include "runtime/cpu/thread_arena.h"
#include "runtime/cpu/weights.h"
#include "runtime/plan/lifetime.h"
#include "runtime/plan/memory_plan.h"
#include "runtime/tensor/list.h"

#include <string.h>

enum { PROGRAM_ARENA_FIRST = 16 << 10, PROGRAM_ARENA_BUDGET = 256 << 20 };

/* While compiling. */
typedef struct Build {
    const Graph *graph;
    Program *program;
    PackedWeights *weights;
    Precision precision;
    Lifetime *lifetimes;
    uint32_t *slot_of; /* by value */
    size_t slot_capacity;
} Build;

static Status out_of_memory(void) {
    return status_error(STATUS_RESOURCE_EXHAUSTED, "compiling for cpu: out of memory");
}

static const char *node_label(const Node *node) {
    return node->name && node->name[0] ? node->name : "(unnamed)";
}

static void describe(const Value *value, Slot *slot) {
    slot->described =
        (Tensor){ .dtype = value->dtype, .layout = value->layout, .shape = value->shape };
    slot->known = value->dtype != DTYPE_INVALID && shape_is_known(&value->shape) &&
                  shape_bytes(&value->shape, value->dtype, &slot->described.bytes);
}

/* The slot of a value that a node reads, made when it is a constant met for the first time. */
static uint32_t source_slot(Build *build, ValueId id) {
    if (id == VALUE_NONE)
        return INDEX_SLOT_NONE;
    if (build->slot_of[id] != INDEX_SLOT_NONE)
        return build->slot_of[id];
    const Value *value = graph_value_const(build->graph, id);
    if (!value->constant)
        return INDEX_SLOT_NONE; /* the caller tells: read before it is written */
    Slot *slot = &build->program->slots[build->program->slot_count];
    *slot = (Slot){ .place = SLOT_CONSTANT, .known = true, .described = *value->constant };
    return build->slot_of[id] = (uint32_t)build->program->slot_count++;
}

static uint32_t result_slot(Build *build, ValueId id) {
    Slot *slot = &build->program->slots[build->program->slot_count];
    *slot = (Slot){ .place = SLOT_NONE };
    if (id != VALUE_NONE) {
        describe(graph_value_const(build->graph, id), slot);
        slot->place = SLOT_RUN; /* unless place_slots finds better */
        build->slot_of[id] = (uint32_t)build->program->slot_count;
    }
    return (uint32_t)build->program->slot_count++;
}

static bool ports_known(const Build *build, const Node *node) {
    const Slot *slots = build->program->slots;
    for (uint32_t i = 0; i < node->input_count; i++)
        if (node->inputs[i] != VALUE_NONE && !slots[build->slot_of[node->inputs[i]]].known)
            return false;
    for (uint32_t i = 0; i < node->output_count; i++)
        if (node->outputs[i] != VALUE_NONE && !slots[build->slot_of[node->outputs[i]]].known)
            return false;
    return true;
}

/* A reference kernel knows plain layout alone. */
static bool ports_plain(const Build *build, const Node *node) {
    const Slot *slots = build->program->slots;
    for (uint32_t i = 0; i < node->input_count; i++)
        if (node->inputs[i] != VALUE_NONE &&
            slots[build->slot_of[node->inputs[i]]].described.layout != LAYOUT_PLAIN)
            return false;
    for (uint32_t i = 0; i < node->output_count; i++)
        if (node->outputs[i] != VALUE_NONE &&
            slots[build->slot_of[node->outputs[i]]].described.layout != LAYOUT_PLAIN)
            return false;
    return true;
}

static Status choose_kernel(Build *build, Step *step) {
    const Node *node = step->node;
    if (!step->dynamic) {
        KernelBuild kernel_build = { .graph = build->graph,
                                     .node = node,
                                     .weights = build->weights,
                                     .own_weights = build->program->own_weights,
                                     .pool = build->program->pool,
                                     .precision = build->precision };
        size_t count;
        const KernelType *const *types = kernel_table(&count);
        for (size_t i = 0; i < count; i++) {
            TRY(types[i]->prepare(&kernel_build, &step->kernel));
            if (step->kernel)
                return status_ok();
        }
    }
    if (reorder_is(node->op)) {
        step->reference = reorder_kernel;
        return status_ok();
    }
    step->reference = reference_kernel_find(node->op->domain, node->op->name);
    if (!step->reference)
        return status_error(STATUS_UNIMPLEMENTED, "operator %s (node '%s'): no cpu kernel",
                            node->op->name, node_label(node));
    if (!ports_plain(build, node) || !epilogue_can_apply(build->graph, node))
        return status_error(STATUS_UNIMPLEMENTED,
                            "operator %s (node '%s'): no cpu kernel for its layout or epilogue",
                            node->op->name, node_label(node));
    return status_ok();
}

/* What the kernel will read as the model has it must be there when it runs. */
static Status keep_plain_weights(const Build *build, const Step *step) {
    if (step->kernel && step->kernel->weights_bound)
        return status_ok();
    for (uint32_t i = 0; i < step->node->input_count; i++)
        if (step->node->inputs[i] != VALUE_NONE)
            TRY(packed_weights_keep_plain(build->weights,
                                          graph_value_const(build->graph, step->node->inputs[i])));
    return status_ok();
}

static Status add_step(Build *build, const Node *node) {
    Program *program = build->program;
    uint32_t *src = arena_calloc(program->arena, node->input_count, sizeof *src);
    if (!src)
        return arena_exhausted(program->arena);
    for (uint32_t i = 0; i < node->input_count; i++) {
        src[i] = source_slot(build, node->inputs[i]);
        if (src[i] == INDEX_SLOT_NONE && node->inputs[i] != VALUE_NONE)
            return status_error(STATUS_INVALID_ARGUMENT,
                                "operator %s (node '%s'): input %u has no producer", node->op->name,
                                node_label(node), i);
    }
    uint32_t dst = (uint32_t)program->slot_count;
    for (uint32_t i = 0; i < node->output_count; i++)
        result_slot(build, node->outputs[i]);
    program->ports_max =
        MAX_OF(program->ports_max, (size_t)MAX_OF(node->input_count, node->output_count));
    if (lifetime_is_view(build->graph, node)) {
        program->slots[dst].place = SLOT_VIEW;
        program->slots[dst].index = src[0];
        return status_ok();
    }
    Step *step = &program->steps[program->step_count];
    *step = (Step){ .node = node, .src = src, .dst = dst, .dynamic = !ports_known(build, node) };
    program->step_count++; /* before it can fail, so that free sees the kernel */
    TRY(choose_kernel(build, step));
    return keep_plain_weights(build, step);
}

/* Results that a kernel puts where one of its inputs was, if nobody needs that any more. */
static void share_places(Build *build) {
    Program *program = build->program;
    for (size_t i = 0; i < program->step_count; i++) {
        const Step *step = &program->steps[i];
        uint32_t input = step->kernel ? step->kernel->in_place_input : UINT32_MAX;
        if (input == UINT32_MAX)
            continue;
        NodeId node = graph_value_const(build->graph, step->node->outputs[0])->producer;
        if (!lifetime_share(build->graph, build->lifetimes, node, input))
            continue;
        program->slots[step->dst].place = SLOT_VIEW;
        program->slots[step->dst].index = step->src[input];
    }
}

/* Upper bounds over all nodes, so that the arrays never move. */
static Status make_arrays(Build *build) {
    const Graph *graph = build->graph;
    Program *program = build->program;
    size_t slots = graph_value_count(graph), steps = 0;
    for (NodeId id = 0; id < graph_node_count(graph); id++) {
        const Node *node = graph_node_const(graph, id);
        steps += !node->removed;
        slots += node->removed ? 0 : node->output_count;
    }
    program->slots = arena_calloc(program->arena, slots, sizeof *program->slots);
    program->steps = arena_calloc(program->arena, steps, sizeof *program->steps);
    program->output_slots =
        arena_calloc(program->arena, program->output_count, sizeof *program->output_slots);
    program->output_direct =
        arena_calloc(program->arena, program->output_count, sizeof *program->output_direct);
    if (!program->slots || !program->steps || !program->output_slots || !program->output_direct)
        return arena_exhausted(program->arena);
    return status_ok();
}

static Status add_inputs(Build *build) {
    for (size_t i = 0; i < build->program->input_count; i++) {
        ValueId id = graph_input(build->graph, i)->value;
        uint32_t index = result_slot(build, id);
        Slot *slot = &build->program->slots[index];
        if (slot->described.dtype == DTYPE_INVALID && graph_use_count(build->graph, id) > 0)
            return status_error(STATUS_INVALID_ARGUMENT, "input '%s': its type is not known",
                                graph_input(build->graph, i)->name);
        slot->place = SLOT_INPUT;
        slot->index = (uint32_t)i;
    }
    return status_ok();
}

/* Graph outputs claim the root of their value, where a step writes it and nobody has claimed it
 * before. */
static Status place_outputs(Build *build) {
    Program *program = build->program;
    for (size_t i = 0; i < program->output_count; i++) {
        ValueId id = graph_output(build->graph, i)->value;
        uint32_t index = source_slot(build, id);
        if (index == INDEX_SLOT_NONE)
            return status_error(STATUS_INVALID_ARGUMENT, "output '%s': nothing produces it",
                                graph_output(build->graph, i)->name);
        program->output_slots[i] = index;
        if (program->slots[index].place == SLOT_CONSTANT)
            continue;
        Slot *root = &program->slots[build->slot_of[build->lifetimes[id].root]];
        if (root->place == SLOT_RUN && root->known && !tensor_refers(&root->described)) {
            root->place = SLOT_OUTPUT;
            root->index = (uint32_t)i;
            program->output_direct[i] = true;
        }
    }
    return status_ok();
}

static Status place_values(Build *build, Arena *scratch) {
    Program *program = build->program;
    size_t value_count = graph_value_count(build->graph), count = 0, bytes = 0;
    MemoryInterval *intervals = arena_calloc(scratch, value_count, sizeof *intervals);
    Slot **owners = arena_calloc(scratch, value_count, sizeof *owners);
    if (!intervals || !owners)
        return arena_exhausted(scratch);
    for (ValueId id = 0; id < value_count; id++) {
        const Lifetime *lifetime = &build->lifetimes[id];
        if (!lifetime->planned || lifetime->root != id || build->slot_of[id] == INDEX_SLOT_NONE)
            continue;
        Slot *slot = &program->slots[build->slot_of[id]];
        if (slot->place != SLOT_RUN)
            continue;
        owners[count] = slot;
        intervals[count++] = (MemoryInterval){ .first = lifetime->first,
                                               .last = lifetime->last,
                                               .bytes = lifetime->bytes };
    }
    /* Every worker has an arena of its own; a model of a few bytes must not get all there is. */
    TRY(memory_plan_assign(intervals, count, pages_memory_limit_bytes() / 4, &bytes));
    for (size_t i = 0; i < count; i++) {
        owners[i]->place = SLOT_ARENA;
        owners[i]->offset = program->values_offset + intervals[i].offset;
    }
    if (!size_add(program->values_offset, bytes, &program->arena_bytes))
        return out_of_memory();
    return status_ok();
}

/* Tensors of all slots, the src pointers of one step, the ports of one inference. */
static Status measure_state(Program *program) {
    size_t tensors, ports, bytes;
    if (!size_mul(program->slot_count, sizeof(Tensor), &tensors) ||
        !size_mul(program->ports_max, sizeof(Tensor *) + 2 * sizeof(InferPort), &ports) ||
        !size_add(tensors, ports, &bytes) ||
        !size_align(bytes, TENSOR_ALIGNMENT, &program->values_offset))
        return out_of_memory();
    return status_ok();
}

static Status compile_graph(Build *build, Arena *scratch) {
    Program *program = build->program;
    TRY(make_arrays(build));
    TRY(add_inputs(build));
    for (NodeId id = 0; id < graph_node_count(build->graph); id++) {
        const Node *node = graph_node_const(build->graph, id);
        if (!node->removed)
            TRY(add_step(build, node));
    }
    share_places(build);
    TRY(place_outputs(build));
    TRY(measure_state(program));
    return place_values(build, scratch);
}

Status cpu_program_new(const ProgramSource *source, const Graph *graph, Program **ret_program) {
    AUTO(arena_free) Arena *scratch = NULL;
    TRY(arena_new(PROGRAM_ARENA_FIRST, PROGRAM_ARENA_BUDGET, &scratch));
    AUTO(cpu_program_free) Program *program = calloc(1, sizeof *program);
    if (!program)
        return out_of_memory();
    program->model = source->model;
    program->graph = graph;
    program->pool = source->pool;
    program->input_count = graph_input_count(graph);
    program->output_count = graph_output_count(graph);
    TRY(arena_new(PROGRAM_ARENA_FIRST, PROGRAM_ARENA_BUDGET, &program->arena));
    TRY(packed_weights_new(&program->own_weights));

    Lifetime *lifetimes;
    TRY(lifetime_compute(graph, scratch, &lifetimes));
    size_t value_count = graph_value_count(graph);
    uint32_t *slot_of = arena_calloc(scratch, value_count, sizeof *slot_of);
    if (!slot_of)
        return arena_exhausted(scratch);
    memset(slot_of, 0xff, value_count * sizeof *slot_of); /* INDEX_SLOT_NONE */
    Build build = { .graph = graph,
                    .program = program,
                    .weights = source->weights,
                    .precision = source->precision,
                    .lifetimes = lifetimes,
                    .slot_of = slot_of };
    TRY(compile_graph(&build, scratch));
    thread_arena_publish(program->arena_bytes);
    *ret_program = TAKE(program);
    return status_ok();
}

void cpu_program_free(Program *program) {
    if (!program)
        return;
    for (size_t i = 0; i < program->step_count; i++)
        if (program->steps[i].kernel)
            program->steps[i].kernel->type->free(program->steps[i].kernel);
    packed_weights_free(program->own_weights);
    arena_free(program->arena);
    free(program);
}
