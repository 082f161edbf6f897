/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * LSTM and GRU in f32 with their usual activations and constant weights. The input's part of all
 * gates is computed for a chunk of steps at once, so that its weights are read once a chunk; then
 * each step multiplies the state with the recurrent weights straight into the gates and applies the
 * cell. Odd steps go through the gates backwards: half of what the last step read is still in the
 * second cache.
 *
 * Work is cut by direction and by slices of the batch. A sequence's bits depend on itself alone.
 *
 * Thread: prepared by a loader; run by any number at once. Source: ONNX LSTM 22, GRU 22.
 */

#include "runtime/graph/recurrent.h"

#include "runtime/base/size.h"
#include "runtime/cpu/kernel_types.h"
#include "runtime/cpu/kernel_util.h"
#include "runtime/cpu/panel_weights.h"
#include "runtime/cpu/vector_loops.h"
#include "runtime/cpu/vector_nn.h"

#include <stdatomic.h>
#include <string.h>

enum {
    CHUNK_BYTES = 128 << 10, /* of gates: beside the weights in the second cache */
    CHUNK_STEPS_MIN = 12,
    /* A slice reads all weights at each step: alone it is better to have few. */
    SLICE_ROWS_ALONE = 16,
    SLICE_ROWS_SHARED = 4,
    GATES_MAX = 4,
};

typedef enum RecurrentInput {
    INPUT_X,
    INPUT_W,
    INPUT_R,
    INPUT_BIAS,
    INPUT_LENGTHS,
    INPUT_STATE,
    INPUT_CELL,
    INPUT_PEEPHOLE,
} RecurrentInput;

/* The batch in slices of rows, and what a slice has in scratch, in floats. */
typedef struct RecurrentCut {
    size_t rows, slices, chunk_steps;
    size_t from_state_at, state_at, cell_at, bias_at, floats;
} RecurrentCut;

typedef struct RecurrentKernel {
    Kernel base;
    bool is_lstm, linear_before_reset, batch_first, reverse_first;
    size_t directions, steps, batch, inputs, hidden, gates;
    const float *w, *r; /* packed, a matrix a direction and gate */
    size_t w_matrix, r_matrix;
    RecurrentCut alone, shared; /* which of them: whether there is somebody to share with */
} RecurrentKernel;

static bool is_plain_f32(const Value *value) {
    return value_is_f32(value) && value->layout == LAYOUT_PLAIN;
}

static bool is_usual(const Node *node) {
    return !node_find_attribute(node, "activations") && !node_find_attribute(node, "clip") &&
           node_get_int(node, "input_forget", 0) == 0 && node->epilogue_count == 0;
}

static bool takes(const KernelBuild *build) {
    if (!is_usual(build->node) || build_input(build, INPUT_LENGTHS))
        return false;
    for (uint32_t i = 0; i < RECURRENT_INPUTS; i++) {
        const Value *value = build_input(build, i);
        if (i <= INPUT_R ? !is_plain_f32(value) : value && !is_plain_f32(value))
            return false;
    }
    for (uint32_t i = 0; i < build->node->output_count; i++)
        if (build_output(build, i) && !is_plain_f32(build_output(build, i)))
            return false;
    return build_input(build, INPUT_W)->constant && build_input(build, INPUT_R)->constant;
}

static Status bind(const KernelBuild *build, RecurrentKernel *rnn) {
    const Shape *shapes[RECURRENT_INPUTS];
    DimNames names;
    RecurrentDirection direction;
    for (uint32_t i = 0; i < RECURRENT_INPUTS; i++)
        shapes[i] = build_input(build, i) ? &build_input(build, i)->shape : NULL;
    TRY(recurrent_bind(build->node, shapes, &names));
    TRY(recurrent_direction(build->node, &direction));
    rnn->directions = (size_t)*dim_name(&names, 'n');
    rnn->steps = (size_t)*dim_name(&names, 's');
    rnn->batch = (size_t)*dim_name(&names, 'b');
    rnn->inputs = (size_t)*dim_name(&names, 'i');
    rnn->hidden = (size_t)*dim_name(&names, 'h');
    rnn->gates = (size_t)recurrent_gates(build->node);
    rnn->batch_first = recurrent_batch_first(build->node);
    rnn->reverse_first = direction == RECURRENT_REVERSE;
    rnn->linear_before_reset = node_get_int(build->node, "linear_before_reset", 0) != 0;
    return status_ok();
}

static size_t round_up(size_t count) {
    return (count + 15) / 16 * 16;
}

/* The gates of one step are as many as rows of W, so nothing overflows. */
static RecurrentCut cut_batch(const RecurrentKernel *rnn, size_t threads, size_t rows_least) {
    size_t width = rnn->gates * rnn->hidden;
    RecurrentCut cut = { .rows = (rnn->batch + threads - 1) / threads };
    cut.rows = MIN_OF(rnn->batch, MAX_OF(cut.rows, rows_least));
    cut.slices = (rnn->batch + cut.rows - 1) / cut.rows;
    cut.chunk_steps = CHUNK_BYTES / sizeof(float) / (cut.rows * width);
    cut.chunk_steps = MAX_OF(cut.chunk_steps, (size_t)CHUNK_STEPS_MIN);
    cut.chunk_steps = MIN_OF(cut.chunk_steps, rnn->steps);
    cut.from_state_at = round_up(cut.chunk_steps * cut.rows * width);
    cut.state_at = cut.from_state_at + round_up(cut.rows * width);
    cut.cell_at = cut.state_at + round_up(cut.rows * rnn->hidden);
    cut.bias_at = cut.cell_at + round_up(cut.rows * rnn->hidden);
    cut.floats = cut.bias_at + round_up(width + rnn->hidden);
    return cut;
}

static void measure(const KernelBuild *build, RecurrentKernel *rnn) {
    size_t threads = build->pool ? pool_thread_count(build->pool) : 1;
    rnn->alone = cut_batch(rnn, threads, SLICE_ROWS_ALONE);
    rnn->shared = cut_batch(rnn, threads, SLICE_ROWS_SHARED);
    rnn->base.scratch_bytes = MAX_OF(rnn->alone.floats, rnn->shared.floats) * sizeof(float);
}

static Status recurrent_prepare(const KernelBuild *build, Kernel **ret_kernel) {
    *ret_kernel = NULL;
    bool is_lstm = node_is(build->node, "", "LSTM");
    if ((!is_lstm && !node_is(build->node, "", "GRU")) || !takes(build))
        return status_ok();
    RecurrentKernel found = { .is_lstm = is_lstm };
    TRY(bind(build, &found));
    if (found.steps * found.batch * found.inputs * found.hidden == 0)
        return status_ok();
    RecurrentKernel *rnn;
    TRY(kernel_alloc(&recurrent_kernel_type, sizeof *rnn, &rnn));
    Kernel base = rnn->base;
    *rnn = found;
    rnn->base = base;
    measure(build, rnn);
    size_t matrices = rnn->directions * rnn->gates;
    rnn->w_matrix = panel_weights_floats(rnn->hidden, rnn->inputs);
    rnn->r_matrix = panel_weights_floats(rnn->hidden, rnn->hidden);
    Status status = panel_weights_get(build, build_input(build, INPUT_W), matrices, rnn->hidden,
                                      rnn->inputs, &rnn->w);
    if (status_is_ok(&status))
        status = panel_weights_get(build, build_input(build, INPUT_R), matrices, rnn->hidden,
                                   rnn->hidden, &rnn->r);
    if (!status_is_ok(&status)) {
        kernel_free_plain(&rnn->base);
        return status;
    }
    *ret_kernel = &rnn->base;
    return status_ok();
}

typedef struct RecurrentRun {
    const RecurrentKernel *rnn;
    const RecurrentCut *cut;
    const VectorLoops *loops;
    const float *input[RECURRENT_INPUTS]; /* NULL where left out */
    float *dst, *last_state, *last_cell;  /* NULL where not wanted */
    _Atomic bool starved;                 /* a thread had no memory for its scratch */
} RecurrentRun;

/* One direction of a slice of the batch. */
typedef struct Slice {
    const RecurrentRun *run;
    size_t direction, first, rows;
    bool reverse;
    float *from_input; /* [step, row, gates * hidden] of the chunk: x W + biases, then all gates */
    float *from_state; /* [row, gates * hidden]: GRU's h R + its own bias */
    float *state, *cell; /* [row, hidden]; GRU without linear_before_reset: cell is r * h */
    float *bias;         /* [gates * hidden] for from_input, then [hidden] for GRU's hidden gate */
} Slice;

static size_t state_offset(const RecurrentKernel *rnn, size_t direction, size_t row) {
    return (rnn->batch_first ? row * rnn->directions + direction : direction * rnn->batch + row) *
           rnn->hidden;
}

static size_t result_offset(const RecurrentKernel *rnn, size_t direction, size_t row, size_t step) {
    size_t at = rnn->batch_first ? (row * rnn->steps + step) * rnn->directions + direction
                                 : (step * rnn->directions + direction) * rnn->batch + row;
    return at * rnn->hidden;
}

/* Both biases in one, but for the hidden gate of a GRU whose reset comes after its product. */
static void sum_biases(const Slice *slice) {
    const RecurrentKernel *rnn = slice->run->rnn;
    size_t width = rnn->gates * rnn->hidden;
    const float *bias = slice->run->input[INPUT_BIAS];
    float *late = slice->bias + width;
    memset(slice->bias, 0, (width + rnn->hidden) * sizeof *bias);
    if (!bias)
        return;
    bias += slice->direction * 2 * width;
    size_t early = rnn->linear_before_reset ? width - rnn->hidden : width;
    memcpy(slice->bias, bias, width * sizeof *bias);
    slice->run->loops->accumulate(slice->bias, bias + width, early);
    if (early < width)
        memcpy(late, bias + width + early, rnn->hidden * sizeof *bias);
}

static void load_states(const Slice *slice) {
    const RecurrentKernel *rnn = slice->run->rnn;
    const float *const from[] = { slice->run->input[INPUT_STATE],
                                  rnn->is_lstm ? slice->run->input[INPUT_CELL] : NULL };
    float *const to[] = { slice->state, slice->cell };
    for (size_t i = 0; i < 2; i++)
        for (size_t row = 0; row < slice->rows; row++) {
            float *state = to[i] + row * rnn->hidden;
            size_t offset = state_offset(rnn, slice->direction, slice->first + row);
            if (from[i])
                memcpy(state, from[i] + offset, rnn->hidden * sizeof *state);
            else
                memset(state, 0, rnn->hidden * sizeof *state);
        }
}

/* Biases plus x W for steps [begin, begin + count). */
static void project(const Slice *slice, size_t begin, size_t count) {
    const RecurrentKernel *rnn = slice->run->rnn;
    const VectorNn *nn = slice->run->loops->nn;
    size_t width = rnn->gates * rnn->hidden;
    for (size_t i = 0; i < count * slice->rows; i++)
        memcpy(slice->from_input + i * width, slice->bias, width * sizeof(float));
    size_t step_floats = rnn->batch_first ? rnn->inputs : rnn->batch * rnn->inputs;
    size_t row_floats = rnn->batch_first ? rnn->steps * rnn->inputs : rnn->inputs;
    bool joined = !rnn->batch_first && slice->rows == rnn->batch; /* rows of all steps in a row */
    for (size_t gate = 0; gate < rnn->gates; gate++)
        for (size_t row = 0; row < (joined ? 1 : slice->rows); row++)
            nn->gemm(
                &(SmallGemm){ .rows = joined ? count * slice->rows : count,
                              .columns = rnn->hidden,
                              .inner = rnn->inputs,
                              .a = slice->run->input[INPUT_X] + begin * step_floats +
                                   (slice->first + row) * row_floats,
                              .a_step = joined ? rnn->inputs : step_floats,
                              .b = rnn->w + (slice->direction * rnn->gates + gate) * rnn->w_matrix,
                              .b_step = nn->panel_columns,
                              .b_panel = nn->panel_columns * rnn->inputs,
                              .c = slice->from_input + row * width + gate * rnn->hidden,
                              .c_step = joined ? width : slice->rows * width,
                              .accumulate = true });
}

/* gates [row, width] += state R, of one gate */
static void multiply_state(const Slice *slice, const float *state, size_t gate, float *gates) {
    const RecurrentKernel *rnn = slice->run->rnn;
    const VectorNn *nn = slice->run->loops->nn;
    nn->gemm(&(SmallGemm){ .rows = slice->rows,
                           .columns = rnn->hidden,
                           .inner = rnn->hidden,
                           .a = state,
                           .a_step = rnn->hidden,
                           .b = rnn->r + (slice->direction * rnn->gates + gate) * rnn->r_matrix,
                           .b_step = nn->panel_columns,
                           .b_panel = nn->panel_columns * rnn->hidden,
                           .c = gates + gate * rnn->hidden,
                           .c_step = rnn->gates * rnn->hidden,
                           .accumulate = true });
}

/* Gates [first, end), every other time from the last. */
static void multiply_states(const Slice *slice, size_t end, bool backwards, float *gates) {
    for (size_t i = 0; i < end; i++)
        multiply_state(slice, slice->state, backwards ? end - 1 - i : i, gates);
}

static void step_lstm(const Slice *slice, float *gates, bool backwards) {
    const RecurrentKernel *rnn = slice->run->rnn;
    const float *peephole = slice->run->input[INPUT_PEEPHOLE];
    multiply_states(slice, GATES_MAX, backwards, gates);
    for (size_t row = 0; row < slice->rows; row++)
        slice->run->loops->nn->lstm_cell(
            slice->state + row * rnn->hidden, slice->cell + row * rnn->hidden,
            gates + row * GATES_MAX * rnn->hidden,
            peephole ? peephole + slice->direction * 3 * rnn->hidden : NULL, rnn->hidden);
}

/* r * h, where the reset comes before the product; gates are z, r, h. */
static void reset_states(const Slice *slice, const float *gates) {
    const RecurrentKernel *rnn = slice->run->rnn;
    const VectorLoops *loops = slice->run->loops;
    for (size_t row = 0; row < slice->rows; row++) {
        float *reset = slice->cell + row * rnn->hidden;
        loops->unary[UNARY_SIGMOID](reset, gates + (row * rnn->gates + 1) * rnn->hidden,
                                    rnn->hidden, 0, 0);
        loops->binary[BINARY_MUL](reset, reset, slice->state + row * rnn->hidden, rnn->hidden);
    }
}

static void step_gru(const Slice *slice, float *gates, bool backwards) {
    const RecurrentKernel *rnn = slice->run->rnn;
    size_t width = rnn->gates * rnn->hidden;
    memset(slice->from_state, 0, slice->rows * width * sizeof *gates);
    if (rnn->linear_before_reset) {
        for (size_t row = 0; row < slice->rows; row++)
            memcpy(slice->from_state + row * width + 2 * rnn->hidden, slice->bias + width,
                   rnn->hidden * sizeof *gates);
        multiply_states(slice, rnn->gates, backwards, slice->from_state);
    } else {
        multiply_states(slice, 2, backwards, gates);
        reset_states(slice, gates);
        multiply_state(slice, slice->cell, 2, gates);
    }
    for (size_t row = 0; row < slice->rows; row++)
        slice->run->loops->nn->gru_cell(slice->state + row * rnn->hidden, gates + row * width,
                                        slice->from_state + row * width, rnn->hidden);
}

static void store_result(const Slice *slice, size_t step) {
    const RecurrentKernel *rnn = slice->run->rnn;
    for (size_t row = 0; row < slice->rows && slice->run->dst; row++)
        memcpy(slice->run->dst + result_offset(rnn, slice->direction, slice->first + row, step),
               slice->state + row * rnn->hidden, rnn->hidden * sizeof(float));
}

static void store_states(const Slice *slice) {
    const RecurrentKernel *rnn = slice->run->rnn;
    for (size_t row = 0; row < slice->rows; row++) {
        size_t offset = state_offset(rnn, slice->direction, slice->first + row);
        if (slice->run->last_state)
            memcpy(slice->run->last_state + offset, slice->state + row * rnn->hidden,
                   rnn->hidden * sizeof(float));
        if (slice->run->last_cell)
            memcpy(slice->run->last_cell + offset, slice->cell + row * rnn->hidden,
                   rnn->hidden * sizeof(float));
    }
}

static void run_slice(const Slice *slice) {
    const RecurrentKernel *rnn = slice->run->rnn;
    size_t step_floats = slice->rows * rnn->gates * rnn->hidden;
    sum_biases(slice);
    load_states(slice);
    for (size_t done = 0; done < rnn->steps;) {
        size_t count = MIN_OF(slice->run->cut->chunk_steps, rnn->steps - done);
        size_t begin = slice->reverse ? rnn->steps - done - count : done;
        project(slice, begin, count);
        for (size_t i = 0; i < count; i++) {
            size_t inside = slice->reverse ? count - 1 - i : i;
            float *gates = slice->from_input + inside * step_floats;
            if (rnn->is_lstm)
                step_lstm(slice, gates, (done + i) & 1);
            else
                step_gru(slice, gates, (done + i) & 1);
            store_result(slice, begin + inside);
        }
        done += count;
    }
    store_states(slice);
}

static void run_items(void *user, size_t begin, size_t end) {
    RecurrentRun *run = user;
    const RecurrentKernel *rnn = run->rnn;
    const RecurrentCut *cut = run->cut;
    float *scratch = thread_scratch(rnn->base.scratch_bytes);
    if (!scratch) {
        atomic_store(&run->starved, true);
        return;
    }
    for (size_t item = begin; item < end; item++) {
        size_t first = item % cut->slices * cut->rows, direction = item / cut->slices;
        Slice slice = { .run = run,
                        .direction = direction,
                        .first = first,
                        .rows = MIN_OF(cut->rows, rnn->batch - first),
                        .reverse = direction == 1 || rnn->reverse_first,
                        .from_input = scratch,
                        .from_state = scratch + cut->from_state_at,
                        .state = scratch + cut->state_at,
                        .cell = scratch + cut->cell_at,
                        .bias = scratch + cut->bias_at };
        run_slice(&slice);
    }
}

static float *wanted(const KernelCall *call, uint32_t index) {
    return index < call->node->output_count && call->dst[index].dtype == DTYPE_F32
               ? call->dst[index].data
               : NULL;
}

static Status recurrent_run(const Kernel *kernel, const KernelCall *call) {
    const RecurrentKernel *rnn = (const RecurrentKernel *)kernel;
    RecurrentRun run = { .rnn = rnn,
                         .cut = pool_helper_count(call->pool) > 0 ? &rnn->shared : &rnn->alone,
                         .loops = vector_loops(),
                         .dst = wanted(call, 0),
                         .last_state = wanted(call, 1),
                         .last_cell = wanted(call, 2) };
    for (uint32_t i = 0; i < MIN_OF(call->node->input_count, (uint32_t)RECURRENT_INPUTS); i++)
        run.input[i] = call->src[i] ? call->src[i]->data : NULL;
    pool_for(call->pool, rnn->directions * run.cut->slices, 1, run_items, &run);
    if (atomic_load(&run.starved))
        return status_error(STATUS_RESOURCE_EXHAUSTED, "no memory for %zu bytes of scratch",
                            rnn->base.scratch_bytes);
    return status_ok();
}

const KernelType recurrent_kernel_type = {
    .name = "vector_recurrent",
    .prepare = recurrent_prepare,
    .run = recurrent_run,
    .free = kernel_free_plain,
};
