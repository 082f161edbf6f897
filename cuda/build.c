/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What builders of operators share: a node's ports with their strides in either layout, and the
 * recording of steps. Recorded arguments lie in the program's arena. A place that a step names
 * lives at least until that step; scratch begins and ends with its node.
 *
 * Thread: whoever plans.
 */

#include "cuda/build.h"

#include "runtime/base/size.h"

#include <string.h>

enum { GRID_BLOCKS_MAX = 4096 };

const Value *build_input(const NodeBuild *build, uint32_t index) {
    if (index >= build->node->input_count || build->node->inputs[index] == VALUE_NONE)
        return NULL;
    return graph_value_const(build->graph, build->node->inputs[index]);
}

const Value *build_output(const NodeBuild *build, uint32_t index) {
    if (index >= build->node->output_count || build->node->outputs[index] == VALUE_NONE)
        return NULL;
    return graph_value_const(build->graph, build->node->outputs[index]);
}

uint32_t value_count(const Value *value) {
    size_t count;
    if (!value || !shape_is_known(&value->shape) || !shape_elements(&value->shape, &count) ||
        count > INT32_MAX)
        return 0;
    return (uint32_t)count;
}

bool value_is_plain(const Value *value) {
    return !value || value->layout == LAYOUT_PLAIN || value->shape.rank < 3;
}

bool build_layouts_agree(const NodeBuild *build, const Value *a, const Value *b) {
    return !build->program || a->layout == b->layout || a->shape.rank < 3;
}

void value_order(const Value *value, int32_t order[static SHAPE_MAX_RANK]) {
    int32_t rank = value->shape.rank;
    for (int32_t i = 0; i < rank; i++)
        order[i] = i;
    if (value_is_plain(value))
        return;
    for (int32_t i = 1; i < rank - 1; i++)
        order[i] = i + 1;
    order[rank - 1] = 1;
}

void value_strides(const Value *value, int32_t strides[static SHAPE_MAX_RANK]) {
    int32_t order[SHAPE_MAX_RANK];
    value_order(value, order);
    int64_t step = 1;
    for (int32_t i = value->shape.rank - 1; i >= 0; i--) {
        strides[order[i]] = (int32_t)step;
        step *= value->shape.dims[order[i]];
    }
}

const Tensor *build_constant(const NodeBuild *build, uint32_t index) {
    const Value *value = build_input(build, index);
    return value ? value->constant : NULL;
}

AxisArgs axis_args(const Shape *shape, size_t axis) {
    return (AxisArgs){ .outer = (uint32_t)shape_product(shape, 0, axis),
                       .axis = (uint32_t)shape->dims[axis],
                       .inner = (uint32_t)shape_product(shape, axis + 1, (size_t)shape->rank) };
}

PlaceId build_place(const NodeBuild *build, ValueId value) {
    return value == VALUE_NONE || !build->program ? 0 : build->place_of[value];
}

LaunchArg arg_place(PlaceId place) {
    return (LaunchArg){ .place = place };
}

LaunchArg arg_input(const NodeBuild *build, uint32_t index) {
    bool there = index < build->node->input_count;
    return arg_place(build_place(build, there ? build->node->inputs[index] : VALUE_NONE));
}

LaunchArg arg_output(const NodeBuild *build, uint32_t index) {
    bool there = index < build->node->output_count;
    return arg_place(build_place(build, there ? build->node->outputs[index] : VALUE_NONE));
}

Grid grid_elements(uint32_t count) {
    uint32_t blocks = count / KERNEL_BLOCK + (count % KERNEL_BLOCK != 0);
    return (Grid){ .grid = { MIN_OF(blocks, (uint32_t)GRID_BLOCKS_MAX), 1, 1 },
                   .block = { KERNEL_BLOCK, 1, 1 } };
}

Grid grid_rows(uint32_t rows) {
    return (Grid){ .grid = { MIN_OF(rows, (uint32_t)GRID_BLOCKS_MAX), 1, 1 },
                   .block = { KERNEL_ROW_BLOCK, 1, 1 } };
}

bool build_failed(NodeBuild *build, Status status) {
    if (status_is_ok(&build->status))
        build->status = status;
    return false;
}

Step *build_step(NodeBuild *build, const StepType *type) {
    Program *program = build->program;
    if (!program)
        return NULL;
    if (program->step_count == program->step_capacity) {
        size_t capacity = 2 * program->step_capacity + 16;
        Step *steps = arena_calloc(program->arena, capacity, sizeof *steps);
        if (!steps) {
            build_failed(build, arena_exhausted(program->arena));
            return NULL;
        }
        if (program->step_count > 0)
            memcpy(steps, program->steps, program->step_count * sizeof *steps);
        program->steps = steps;
        program->step_capacity = capacity;
    }
    Step *step = &program->steps[program->step_count++];
    *step = (Step){ .type = type, .node = build->node };
    return step;
}

static bool record_arg(NodeBuild *build, Launch *launch, const LaunchArg *arg) {
    uint32_t index = launch->arg_count++;
    launch->args[index].place = arg->place;
    if (!arg->bytes)
        return true;
    void *copy = arena_alloc(build->program->arena, arg->size);
    if (!copy)
        return build_failed(build, arena_exhausted(build->program->arena));
    memcpy(copy, arg->bytes, arg->size);
    launch->args[index].bytes = copy;
    return true;
}

bool build_launch(NodeBuild *build, const void *kernel, Grid grid, size_t count,
                  const LaunchArg *args) {
    if (!kernel)
        return false;
    if (!build->program)
        return true;
    Step *step = build_step(build, &launch_step);
    if (!step)
        return false;
    step->launch = (Launch){
        .kernel = kernel,
        .grid = { grid.grid[0], grid.grid[1], grid.grid[2] },
        .block = { grid.block[0], grid.block[1], grid.block[2] },
    };
    for (size_t i = 0; i < count; i++)
        if (!record_arg(build, &step->launch, &args[i]))
            return false;
    return true;
}

bool build_copy(NodeBuild *build, PlaceId dst, PlaceId src, size_t bytes) {
    if (!build->program)
        return true;
    Step *step = build_step(build, &copy_step);
    if (!step)
        return false;
    step->copy = (Copy){ .dst = dst, .src = src, .bytes = bytes };
    return true;
}

static bool add_place(NodeBuild *build, Place place, PlaceId *ret_place) {
    Program *program = build->program;
    if (program->place_count == program->place_capacity)
        return build_failed(build, status_error(STATUS_INTERNAL,
                                                "operator %s (node '%s'): too many places",
                                                build->node->op->name, build->node->name));
    *ret_place = (PlaceId)program->place_count;
    program->places[program->place_count++] = place;
    return true;
}

bool build_scratch(NodeBuild *build, size_t bytes, PlaceId *ret_place) {
    *ret_place = 0;
    if (!build->program)
        return true;
    return add_place(
        build,
        (Place){ .kind = PLACE_ARENA, .bytes = bytes, .first = build->step, .last = build->step },
        ret_place);
}

bool build_weights(NodeBuild *build, uint32_t input, WeightForm form, PlaceId *ret_place) {
    *ret_place = 0;
    if (!build->program)
        return true;
    const Value *value = build_input(build, input);
    WeightStore *store = value->is_lasting ? build->model->weights : build->program->own_weights;
    Place place = { .kind = PLACE_WEIGHT, .bytes = value->constant->bytes };
    Status status = weight_store_get(store, value->constant, form, &place.address);
    if (!status_is_ok(&status))
        return build_failed(build, status);
    return add_place(build, place, ret_place);
}
