/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Cuts a graph into segments and compiles each. Nodes are taken as soon as what they read is there,
 * all that one side has before the other's turn, so that there are few segments and few crossings.
 * A segment is a graph of its own: nodes keep their attributes, epilogues and names; constants are
 * lent; what it reads of other segments are its inputs, what others or the caller read its outputs.
 *
 * Thread: whoever plans. Nothing is left behind on failure.
 */

#include "runtime/device/placed_internal.h"

#include "runtime/base/size.h"

#include <stdlib.h>
#include <string.h>

enum { ARENA_FIRST = 16 << 10, ARENA_BUDGET = 64 << 20, GRAPH_BUDGET = 64 << 20 };
#define SEGMENT_NONE UINT32_MAX

typedef struct Cut {
    const Graph *graph;
    DeviceModel *model;
    Program *program;
    uint32_t *segment_of; /* by node */
    ValueId *inner;       /* by value: in the segment at hand, or VALUE_NONE */
} Cut;

static Status out_of_memory(void) {
    return status_error(STATUS_RESOURCE_EXHAUSTED, "placing nodes: out of memory");
}

/* --- which node in which segment --- */

static bool is_ready(const Cut *cut, const Node *node) {
    for (uint32_t i = 0; i < node->input_count; i++) {
        if (node->inputs[i] == VALUE_NONE)
            continue;
        NodeId producer = graph_value_const(cut->graph, node->inputs[i])->producer;
        if (producer != NODE_NONE && cut->segment_of[producer] == SEGMENT_NONE)
            return false;
    }
    return true;
}

/* Takes all nodes of a side that are ready or become so; gives how many. Nodes are in order. */
static size_t take_side(Cut *cut, const Side *sides, Side side, uint32_t segment) {
    size_t taken = 0;
    for (NodeId id = 0; id < graph_node_count(cut->graph); id++) {
        const Node *node = graph_node_const(cut->graph, id);
        if (node->removed || cut->segment_of[id] != SEGMENT_NONE || sides[id] != side ||
            !is_ready(cut, node))
            continue;
        cut->segment_of[id] = segment;
        taken++;
    }
    return taken;
}

static Status assign_segments(Cut *cut) {
    size_t nodes = graph_node_count(cut->graph), left = 0;
    AUTO(free) Side *sides = calloc(nodes + 1, sizeof *sides);
    if (!sides)
        return out_of_memory();
    for (NodeId id = 0; id < nodes; id++) {
        cut->segment_of[id] = SEGMENT_NONE;
        if (graph_node_const(cut->graph, id)->removed)
            continue;
        sides[id] = placed_side(cut->model->device, cut->graph, id);
        left++;
    }
    /* each turn but the first takes a node */
    Program *program = cut->program;
    program->segments = arena_calloc(program->arena, left + 2, sizeof *program->segments);
    if (!program->segments)
        return arena_exhausted(program->arena);
    for (Side side = SIDE_PRIMARY; left > 0; side = side == SIDE_CPU ? SIDE_PRIMARY : SIDE_CPU) {
        size_t taken = take_side(cut, sides, side, (uint32_t)program->segment_count);
        left -= taken;
        if (taken > 0)
            program->segments[program->segment_count++].side = side;
    }
    return status_ok();
}

/* --- a segment's graph --- */

static Status add_constant(Cut *cut, Segment *segment, ValueId id) {
    const Value *value = graph_value_const(cut->graph, id);
    TRY(graph_add_constant(segment->graph, NULL, value->constant, &cut->inner[id]));
    Value *inner = graph_value(segment->graph, cut->inner[id]);
    inner->layout = value->layout;
    /* not is_weights: the other side may want the plain bytes later */
    inner->is_lasting = value->is_lasting;
    return status_ok();
}

static Status add_value(Cut *cut, Segment *segment, ValueId id) {
    const Value *value = graph_value_const(cut->graph, id);
    TRY(graph_add_value(segment->graph, NULL, value->dtype, &value->shape, &cut->inner[id]));
    graph_value(segment->graph, cut->inner[id])->layout = value->layout;
    return status_ok();
}

static Status add_port(const Cut *cut, ValueId id, Status (*add)(Graph *, const Port *),
                       Graph *graph) {
    const Value *value = graph_value_const(cut->graph, id);
    Port port = {
        .name = value->name, .value = cut->inner[id], .dtype = value->dtype, .shape = value->shape
    };
    return add(graph, &port);
}

/* What the node reads is known to the segment then. */
static Status import_inputs(Cut *cut, Segment *segment, const Node *node) {
    for (uint32_t i = 0; i < node->input_count; i++) {
        ValueId id = node->inputs[i];
        if (id == VALUE_NONE || cut->inner[id] != VALUE_NONE)
            continue;
        if (graph_value_const(cut->graph, id)->constant) {
            TRY(add_constant(cut, segment, id));
            continue;
        }
        TRY(add_value(cut, segment, id));
        TRY(add_port(cut, id, graph_add_input, segment->graph));
        segment->inputs[segment->input_count++] = id;
    }
    return status_ok();
}

static Status add_node(Cut *cut, Segment *segment, const Node *node) {
    TRY(import_inputs(cut, segment, node));
    for (uint32_t i = 0; i < node->output_count; i++)
        if (node->outputs[i] != VALUE_NONE)
            TRY(add_value(cut, segment, node->outputs[i]));
    size_t ports = (size_t)node->input_count + node->output_count;
    AUTO(free) ValueId *inner = calloc(ports + 1, sizeof *inner);
    if (!inner)
        return out_of_memory();
    for (size_t i = 0; i < ports; i++) {
        ValueId id = i < node->input_count ? node->inputs[i] : node->outputs[i - node->input_count];
        inner[i] = id == VALUE_NONE ? VALUE_NONE : cut->inner[id];
    }
    NodeSpec spec = { .op = node->op,
                      .name = node->name,
                      .inputs = inner,
                      .outputs = inner + node->input_count,
                      .attributes = node->attributes,
                      .input_count = node->input_count,
                      .output_count = node->output_count,
                      .attribute_count = node->attribute_count,
                      .capture_count = node->capture_count };
    NodeId id;
    TRY(graph_add_node(segment->graph, &spec, &id));
    Node *copy = graph_node(segment->graph, id);
    copy->epilogue_count = node->epilogue_count;
    memcpy(copy->epilogue, node->epilogue, sizeof copy->epilogue);
    return status_ok();
}

static bool is_read_elsewhere(const Cut *cut, ValueId value, uint32_t segment) {
    for (size_t i = 0; i < graph_output_count(cut->graph); i++)
        if (graph_output(cut->graph, i)->value == value)
            return true;
    for (NodeId id = 0; id < graph_node_count(cut->graph); id++) {
        const Node *node = graph_node_const(cut->graph, id);
        if (node->removed || cut->segment_of[id] == segment)
            continue;
        for (uint32_t i = 0; i < node->input_count; i++)
            if (node->inputs[i] == value)
                return true;
    }
    return false;
}

static Status export_outputs(Cut *cut, Segment *segment, uint32_t number) {
    for (NodeId id = 0; id < graph_node_count(cut->graph); id++) {
        const Node *node = graph_node_const(cut->graph, id);
        if (node->removed || cut->segment_of[id] != number)
            continue;
        for (uint32_t i = 0; i < node->output_count; i++) {
            ValueId value = node->outputs[i];
            if (value == VALUE_NONE || !is_read_elsewhere(cut, value, number))
                continue;
            TRY(add_port(cut, value, graph_add_output, segment->graph));
            segment->outputs[segment->output_count++] = value;
        }
    }
    return status_ok();
}

static Status build_segment(Cut *cut, uint32_t number) {
    Program *program = cut->program;
    Segment *segment = &program->segments[number];
    size_t values = graph_value_count(cut->graph);
    segment->inputs = arena_calloc(program->arena, values, sizeof *segment->inputs);
    segment->outputs = arena_calloc(program->arena, values, sizeof *segment->outputs);
    if (!segment->inputs || !segment->outputs)
        return arena_exhausted(program->arena);
    for (ValueId id = 0; id < values; id++)
        cut->inner[id] = VALUE_NONE;
    TRY(graph_new(GRAPH_BUDGET, &segment->graph));
    for (NodeId id = 0; id < graph_node_count(cut->graph); id++)
        if (!graph_node_const(cut->graph, id)->removed && cut->segment_of[id] == number)
            TRY(add_node(cut, segment, graph_node_const(cut->graph, id)));
    return export_outputs(cut, segment, number);
}

/* --- the program --- */

static Status compile_segment(const Cut *cut, Segment *segment) {
    const Device *side = cut->model->device->sides[segment->side];
    return side->api->compile(cut->model->sides[segment->side],
                              segment->graph ? segment->graph : cut->graph, &segment->program);
}

/* One side has it all: its program is the program. No node at all is the CPU's affair. */
static Status compile_whole(Cut *cut) {
    Program *program = cut->program;
    program->segments[0].side = program->segment_count ? program->segments[0].side : SIDE_CPU;
    program->segment_count = 1;
    return compile_segment(cut, &program->segments[0]);
}

static Status compile_cut(Cut *cut) {
    Program *program = cut->program;
    size_t values = graph_value_count(cut->graph);
    cut->segment_of =
        arena_calloc(program->arena, graph_node_count(cut->graph), sizeof *cut->segment_of);
    cut->inner = arena_calloc(program->arena, values, sizeof *cut->inner);
    program->output_of = arena_calloc(program->arena, values, sizeof *program->output_of);
    if (!cut->segment_of || !cut->inner || !program->output_of)
        return arena_exhausted(program->arena);
    TRY(assign_segments(cut));
    if (program->segment_count <= 1)
        return compile_whole(cut);
    for (size_t i = 0; i < values; i++)
        program->output_of[i] = INDEX_NONE;
    for (size_t i = graph_output_count(cut->graph); i-- > 0;)
        program->output_of[graph_output(cut->graph, i)->value] = i;
    for (uint32_t i = 0; i < program->segment_count; i++) {
        TRY(build_segment(cut, i));
        TRY(compile_segment(cut, &program->segments[i]));
    }
    return status_ok();
}

Status placed_program_new(DeviceModel *model, const Graph *graph, Program **ret_program) {
    AUTO(placed_program_free) Program *program = calloc(1, sizeof *program);
    if (!program)
        return out_of_memory();
    program->device = model->device;
    program->graph = graph;
    TRY(arena_new(ARENA_FIRST, ARENA_BUDGET, &program->arena));
    Cut cut = { .graph = graph, .model = model, .program = program };
    TRY(compile_cut(&cut));
    *ret_program = TAKE(program);
    return status_ok();
}

void placed_program_free(Program *program) {
    if (!program)
        return;
    for (size_t i = 0; i < program->segment_count; i++) {
        Segment *segment = &program->segments[i];
        if (segment->program)
            program->device->sides[segment->side]->api->program_free(segment->program);
        graph_free(segment->graph);
    }
    arena_free(program->arena);
    free(program);
}
