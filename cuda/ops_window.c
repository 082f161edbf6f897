/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Convolution, pooling and resizing. Convolutions of two and three dims run in cuDNN, channels
 * last; what it has no plan for, and convolutions whose weights are computed, run in the plain
 * kernel, which takes either layout. A one-dimensional one is two-dimensional with a height of 1.
 *
 * Thread: whoever plans; cuDNN's planner is used under the device's plan lock.
 */

#include "cuda/build.h"

#include "runtime/base/size.h"
#include "runtime/graph/resize.h"
#include "runtime/graph/window.h"

#include <string.h>

/* --- windows, right-aligned in POOL_RANK dims --- */

static bool one_layout(const NodeBuild *build) {
    const Value *source = build_input(build, 0), *result = build_output(build, 0);
    return value_count(source) > 0 && value_count(result) > 0 &&
           build_layouts_agree(build, source, result) && source->shape.rank >= 3 &&
           source->shape.rank <= POOL_RANK + 2;
}

static bool node_window(NodeBuild *build, const int64_t *kernel, Window *window) {
    Status status = window_resolve(build->node, &build_input(build, 0)->shape, kernel, window);
    return status_is_ok(&status) || build_failed(build, status);
}

static void set_pool_dims(PoolArgs *args, const Window *window) {
    size_t shift = POOL_RANK - window->rank;
    for (size_t i = 0; i < POOL_RANK; i++) {
        bool real = i >= shift;
        size_t k = real ? i - shift : 0;
        args->out[i] = real ? (uint32_t)window->out[k] : 1;
        args->in[i] = real ? (int32_t)window->in[k] : 1;
        args->kernel[i] = real ? (int32_t)window->kernel[k] : 1;
        args->stride[i] = real ? (int32_t)window->stride[k] : 1;
        args->dilation[i] = real ? (int32_t)window->dilation[k] : 1;
        args->pad_begin[i] = real ? (int32_t)window->pad_begin[k] : 0;
        args->pad_end[i] = real ? (int32_t)window->pad_end[k] : 0;
    }
}

/* batch, channel, and the spatial ones right-aligned */
static void spread_strides(const Value *value, int32_t *batch, int32_t *channel, int32_t *steps) {
    int32_t strides[SHAPE_MAX_RANK], rank = value->shape.rank;
    value_strides(value, strides);
    *batch = strides[0];
    *channel = strides[1];
    for (int32_t i = 0; i < POOL_RANK; i++) {
        int32_t dim = i + rank - POOL_RANK;
        steps[i] = dim >= 2 ? strides[dim] : 0;
    }
}

static bool launch_pool(NodeBuild *build, PoolOp op, PoolArgs *args) {
    const Value *source = build_input(build, 0), *result = build_output(build, 0);
    args->count = value_count(result);
    args->channels = (uint32_t)result->shape.dims[1];
    spread_strides(source, &args->src_batch, &args->src_channel, args->src_step);
    spread_strides(result, &args->dst_batch, &args->dst_channel, args->dst_step);
    return BUILD_LAUNCH(build, kernel_pool(op, source->dtype), grid_elements(args->count),
                        arg_output(build, 0), arg_input(build, 0), ARG(*args));
}

static PoolOp pool_op(const char *name) {
    return strstr(name, "Max") ? POOL_MAX : strstr(name, "Lp") ? POOL_LP : POOL_AVERAGE;
}

/* The indices that MaxPool can give besides stay on the CPU. */
bool build_pool(NodeBuild *build) {
    Window window;
    if (!one_layout(build) || build_output(build, 1) || !node_window(build, NULL, &window))
        return false;
    PoolArgs args = { .count_include_pad = node_get_int(build->node, "count_include_pad", 0) != 0,
                      .p = (float)node_get_int(build->node, "p", 2) };
    set_pool_dims(&args, &window);
    return launch_pool(build, pool_op(build->node->op->name), &args);
}

bool build_global_pool(NodeBuild *build) {
    if (!one_layout(build))
        return false;
    const Shape *x = &build_input(build, 0)->shape;
    Window window = { .rank = (size_t)x->rank - 2 };
    for (size_t i = 0; i < window.rank; i++) {
        window.kernel[i] = window.in[i] = x->dims[2 + i];
        window.stride[i] = window.dilation[i] = window.out[i] = 1;
    }
    PoolArgs args = { .p = (float)node_get_int(build->node, "p", 2) };
    set_pool_dims(&args, &window);
    return launch_pool(build, pool_op(build->node->op->name), &args);
}

/* --- convolution --- */

typedef struct ConvNode {
    const Value *source, *weights, *bias, *residual, *result;
    uint32_t residual_input;
    Window window;
    int64_t groups;
    bool relu;
} ConvNode;

static bool read_epilogue(NodeBuild *build, ConvNode *conv) {
    const Node *node = build->node;
    for (uint32_t i = 0; i < node->epilogue_count; i++) {
        const EpilogueStep *step = &node->epilogue[i];
        if (step->kind == EPILOGUE_ADD && i == 0) {
            conv->residual = build_input(build, step->input);
            conv->residual_input = step->input;
        } else if (step->kind == EPILOGUE_RELU && i + 1 == node->epilogue_count) {
            conv->relu = true;
        } else {
            return false;
        }
    }
    return !conv->residual || build_layouts_agree(build, conv->residual, conv->result);
}

static bool read_conv(NodeBuild *build, ConvNode *conv) {
    *conv = (ConvNode){ .source = build_input(build, 0),
                        .weights = build_input(build, 1),
                        .bias = build->node->op->max_inputs > 2 ? build_input(build, 2) : NULL,
                        .result = build_output(build, 0) };
    if (!one_layout(build) || value_count(conv->weights) == 0 || !value_is_plain(conv->weights))
        return false;
    conv->groups = node_get_int(build->node, "group", 1);
    return conv->groups > 0 && node_window(build, &conv->weights->shape.dims[2], &conv->window) &&
           read_epilogue(build, conv);
}

/* What an epilogue adds to the plain kernel's result, in place. */
static bool launch_residual(NodeBuild *build, const ConvNode *conv) {
    uint32_t count = value_count(conv->result);
    float unused = 0;
    DType dtype = conv->result->dtype;
    Walk2 walk = { .count = count, .rank = 1, .dims = { count }, .a = { 1 }, .b = { 1 } };
    LaunchArg dst = arg_output(build, 0);
    return BUILD_LAUNCH(build, kernel_binary(BINARY_ADD, dtype), grid_elements(count), dst, dst,
                        arg_input(build, conv->residual_input), ARG(walk)) &&
           (!conv->relu ||
            BUILD_LAUNCH(build, kernel_unary(UNARY_RELU, dtype), grid_elements(count), dst, dst,
                         ARG(count), ARG(unused), ARG(unused)));
}

static bool launch_plain_conv(NodeBuild *build, const ConvNode *conv) {
    PoolArgs dims = { .p = 0 };
    set_pool_dims(&dims, &conv->window);
    ConvArgs args = { .count = value_count(conv->result),
                      .channels = (uint32_t)conv->result->shape.dims[1],
                      .group_in = (uint32_t)conv->weights->shape.dims[1],
                      .group_out = (uint32_t)(conv->result->shape.dims[1] / conv->groups),
                      .relu = conv->relu && !conv->residual };
    memcpy(args.out, dims.out, sizeof args.out);
    memcpy(args.in, dims.in, sizeof args.in);
    memcpy(args.kernel, dims.kernel, sizeof args.kernel);
    memcpy(args.stride, dims.stride, sizeof args.stride);
    memcpy(args.dilation, dims.dilation, sizeof args.dilation);
    memcpy(args.pad_begin, dims.pad_begin, sizeof args.pad_begin);
    spread_strides(conv->source, &args.src_batch, &args.src_channel, args.src_step);
    spread_strides(conv->result, &args.dst_batch, &args.dst_channel, args.dst_step);
    spread_strides(conv->weights, &args.weight_out, &args.weight_in, args.weight_step);
    return BUILD_LAUNCH(build, kernel_conv(conv->source->dtype), grid_elements(args.count),
                        arg_output(build, 0), arg_input(build, 0), arg_input(build, 1),
                        conv->bias ? arg_input(build, 2) : ARG_NULL, ARG(args)) &&
           (!conv->residual || launch_residual(build, conv));
}

static ConvSpec conv_spec(const ConvNode *conv, bool tensor_cores) {
    ConvSpec spec = { .dtype = conv->source->dtype,
                      .rank = (int)MAX_OF(conv->window.rank, (size_t)2),
                      .batch = conv->source->shape.dims[0],
                      .in_channels = conv->source->shape.dims[1],
                      .out_channels = conv->result->shape.dims[1],
                      .groups = conv->groups,
                      .bias = conv->bias != NULL,
                      .residual = conv->residual != NULL,
                      .relu = conv->relu,
                      .tensor_cores = tensor_cores };
    size_t shift = (size_t)spec.rank - conv->window.rank;
    for (size_t i = 0; i < (size_t)spec.rank; i++) {
        bool real = i >= shift;
        size_t k = real ? i - shift : 0;
        spec.in[i] = real ? conv->window.in[k] : 1;
        spec.out[i] = real ? conv->window.out[k] : 1;
        spec.kernel[i] = real ? conv->window.kernel[k] : 1;
        spec.stride[i] = real ? conv->window.stride[k] : 1;
        spec.dilation[i] = real ? conv->window.dilation[k] : 1;
        spec.pad_begin[i] = real ? conv->window.pad_begin[k] : 0;
        int64_t overhang = real ? window_overhang(&conv->window, k) : 0;
        spec.pad_end[i] = MAX_OF(overhang, INT64_C(0));
    }
    return spec;
}

static Status make_plan(const NodeBuild *build, const ConvSpec *spec, ConvPlan **ret_plan) {
    CudaDevice *device = build->model->device;
    LOCKED(&device->plan_mutex);
    return conv_plan_new(spec, &(ConvTarget){ .handle = device->planner }, ret_plan);
}

/* In a row, channels last: both sides and constant weights; rank 3 looks the same as [n,1,w,c]. */
static bool suits_library(const NodeBuild *build, const ConvNode *conv) {
    return conv->weights->constant && conv->window.rank <= CONV_RANK &&
           kernel_conv(conv->source->dtype) && !value_is_plain(conv->source) &&
           (!conv->bias || build_input(build, 2)->dtype == conv->source->dtype);
}

static bool add_conv_step(NodeBuild *build, const ConvNode *conv, ConvPlan *plan) {
    PlaceId weights;
    if (!build_weights(build, 1, WEIGHT_CHANNELS_LAST, &weights)) {
        conv_plan_free(plan);
        return false;
    }
    Step *step = build_step(build, &conv_step);
    if (!step) {
        conv_plan_free(plan);
        return false;
    }
    step->conv =
        (ConvStep){ .plan = plan,
                    .src = arg_input(build, 0).place,
                    .weights = weights,
                    .bias = conv->bias ? arg_input(build, 2).place : 0,
                    .residual = conv->residual ? arg_input(build, conv->residual_input).place : 0,
                    .dst = arg_output(build, 0).place };
    Program *program = build->program;
    program->workspace_bytes = MAX_OF(program->workspace_bytes, conv_plan_workspace_bytes(plan));
    return true;
}

bool build_conv(NodeBuild *build) {
    ConvNode conv;
    if (!read_conv(build, &conv))
        return false;
    if (!build->program)
        return kernel_conv(conv.source->dtype) != NULL;
    if (!suits_library(build, &conv))
        return launch_plain_conv(build, &conv);
    ConvSpec spec = conv_spec(&conv, false);
    ConvPlan *plan = NULL;
    Status status = make_plan(build, &spec, &plan);
    if (status.code == STATUS_UNIMPLEMENTED)
        return launch_plain_conv(build, &conv);
    if (!status_is_ok(&status))
        return build_failed(build, status);
    return add_conv_step(build, &conv, plan);
}

static Status enqueue_conv(const Step *step, const Enqueue *enqueue) {
    const ConvStep *conv = &step->conv;
    ConvMemory memory = { .src = enqueue_address(enqueue, conv->src),
                          .weights = enqueue_address(enqueue, conv->weights),
                          .bias = enqueue_address(enqueue, conv->bias),
                          .residual = enqueue_address(enqueue, conv->residual),
                          .dst = enqueue_address(enqueue, conv->dst),
                          .workspace = enqueue->arena };
    return conv_plan_run(conv->plan, enqueue->dnn, &memory);
}

static void deinit_conv(Step *step) {
    conv_plan_free(step->conv.plan);
}

const StepType conv_step = { .name = "cudnn", .enqueue = enqueue_conv, .deinit = deinit_conv };

/* --- resize --- */

typedef struct Named {
    const char *name;
    int number;
} Named;

static bool find_named(const Named *rows, size_t count, StringView text, int *ret_number) {
    for (size_t i = 0; i < count; i++)
        if (strlen(rows[i].name) == text.length &&
            memcmp(rows[i].name, text.data, text.length) == 0) {
            *ret_number = rows[i].number;
            return true;
        }
    return false;
}

static bool read_modes(const Node *node, ResizeArgs *args) {
    static const Named modes[] = { { "nearest", RESIZE_NEAREST },
                                   { "linear", RESIZE_LINEAR },
                                   { "cubic", RESIZE_CUBIC } };
    static const Named coordinates[] = { { "half_pixel", RESIZE_HALF_PIXEL },
                                         { "pytorch_half_pixel", RESIZE_PYTORCH_HALF_PIXEL },
                                         { "align_corners", RESIZE_ALIGN_CORNERS },
                                         { "asymmetric", RESIZE_ASYMMETRIC } };
    static const Named rounds[] = { { "round_prefer_floor", RESIZE_ROUND_PREFER_FLOOR },
                                    { "round_prefer_ceil", RESIZE_ROUND_PREFER_CEIL },
                                    { "floor", RESIZE_FLOOR },
                                    { "ceil", RESIZE_CEIL } };
    int mode, coordinate, round;
    if (!find_named(modes, ARRAY_LENGTH(modes), node_get_string(node, "mode", "nearest"), &mode) ||
        !find_named(coordinates, ARRAY_LENGTH(coordinates),
                    node_get_string(node, "coordinate_transformation_mode", "half_pixel"),
                    &coordinate) ||
        !find_named(rounds, ARRAY_LENGTH(rounds),
                    node_get_string(node, "nearest_mode", "round_prefer_floor"), &round))
        return false;
    args->mode = (ResizeMode)mode;
    args->coordinate = (ResizeCoordinate)coordinate;
    args->round = (ResizeRound)round;
    args->cubic = node_get_float(node, "cubic_coeff_a", -0.75f);
    return node_get_int(node, "antialias", 0) == 0 && node_get_int(node, "exclude_outside", 0) == 0;
}

bool build_resize(NodeBuild *build) {
    const Value *source = build_input(build, 0), *result = build_output(build, 0);
    ResizeArgs args = { .count = value_count(result) };
    ResizeDims dims;
    if (!one_layout(build) || source->shape.rank != 4 || !read_modes(build->node, &args) ||
        (build_input(build, 2) && !build_constant(build, 2)) ||
        (build_input(build, 3) && !build_constant(build, 3)))
        return false;
    Status status = resize_resolve(build->node, &source->shape, NULL, build_constant(build, 2),
                                   build_constant(build, 3), &dims);
    if (!status_is_ok(&status))
        return build_failed(build, status);
    Walk1 walk = { .count = args.count };
    int32_t strides[SHAPE_MAX_RANK];
    value_strides(source, strides);
    value_strides(result, walk.dst);
    for (int32_t i = 0; i < 4; i++) {
        args.src[i] = strides[i];
        args.in[i] = (int32_t)source->shape.dims[i];
        args.out[i] = (uint32_t)result->shape.dims[i];
    }
    if (args.in[0] != (int32_t)args.out[0] || args.in[1] != (int32_t)args.out[1])
        return false;
    args.scale[0] = (float)dims.scale[2];
    args.scale[1] = (float)dims.scale[3];
    return BUILD_LAUNCH(build, kernel_resize(source->dtype), grid_elements(args.count),
                        arg_output(build, 0), arg_input(build, 0), ARG(args), ARG(walk));
}
