/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * LSTM, GRU and RNN, one sequence of one direction at a time. A step projects input and state onto
 * all gates, then the cell of the operator makes the new state in place. Behind a sequence's own
 * length the result is 0 and the state stays; in reverse it starts at that length.
 *
 * The clip limits the input of every activation function, as the text says, that of the cell's
 * state included.
 *
 * Thread: any that runs kernels. Source: ONNX LSTM, GRU and RNN 22.
 */

#include "runtime/graph/recurrent.h"
#include "runtime/cpu/reference/gate_functions.h"
#include "runtime/cpu/reference/reference_kernels.h"
#include "runtime/cpu/reference/wide.h"

#include <math.h>
#include <string.h>

typedef struct Recurrent Recurrent;

/* Makes the next state (and cell) of one direction from input and state on all gates. */
typedef void (*CellStep)(const Recurrent *rnn, size_t direction);

struct Recurrent {
    const Wide *wide;
    CellStep step;
    size_t directions, steps, batch, inputs, hidden, gates;
    bool batch_first, reverse_first, linear_before_reset, couples_forget;
    double clip;
    size_t function_count; /* of a direction */
    GateFunction functions[GATE_FUNCTIONS_MAX];
    double *from_input, *from_state; /* gates * hidden: W x + Wb and R h + Rb */
    double *state, *cell, *reset;    /* hidden */
};

static double activate(const Recurrent *rnn, size_t direction, size_t function, double x) {
    return gate_apply(&rnn->functions[direction * rnn->function_count + function], x, rnn->clip);
}

static double dot(const double *a, const double *b, size_t count) {
    double sum = 0.0;
    for (size_t i = 0; i < count; i++)
        sum += a[i] * b[i];
    return sum;
}

static double gate_sum(const Recurrent *rnn, size_t gate, size_t unit) {
    size_t at = gate * rnn->hidden + unit;
    return rnn->from_input[at] + rnn->from_state[at];
}

static void step_rnn(const Recurrent *rnn, size_t direction) {
    for (size_t u = 0; u < rnn->hidden; u++)
        rnn->state[u] = activate(rnn, direction, 0, gate_sum(rnn, 0, u));
}

/* Gates: update, reset, hidden. */
static void step_gru(const Recurrent *rnn, size_t direction) {
    size_t hidden = rnn->hidden;
    const double *weights = rnn->wide->src[2] + (direction * 3 + 2) * hidden * hidden;
    const double *bias =
        rnn->wide->src[3] ? rnn->wide->src[3] + (direction * 6 + 5) * hidden : NULL;
    double *gates = rnn->from_input;
    for (size_t u = 0; u < hidden; u++) {
        rnn->reset[u] = activate(rnn, direction, 0, gate_sum(rnn, 1, u));
        gates[u] = activate(rnn, direction, 0, gate_sum(rnn, 0, u));
    }
    for (size_t u = 0; u < hidden && rnn->linear_before_reset; u++)
        gates[2 * hidden + u] += rnn->reset[u] * rnn->from_state[2 * hidden + u];
    for (size_t u = 0; u < hidden && !rnn->linear_before_reset; u++)
        rnn->reset[u] *= rnn->state[u];
    for (size_t u = 0; u < hidden && !rnn->linear_before_reset; u++)
        gates[2 * hidden + u] +=
            dot(weights + u * hidden, rnn->reset, hidden) + (bias ? bias[u] : 0.0);
    for (size_t u = 0; u < hidden; u++) {
        double fresh = activate(rnn, direction, 1, gates[2 * hidden + u]);
        rnn->state[u] = (1.0 - gates[u]) * fresh + gates[u] * rnn->state[u];
    }
}

/* Gates: input, output, forget, cell; peepholes: input, output, forget. */
static void step_lstm(const Recurrent *rnn, size_t direction) {
    size_t hidden = rnn->hidden;
    const double *peep = rnn->wide->src[7] ? rnn->wide->src[7] + direction * 3 * hidden : NULL;
    for (size_t u = 0; u < hidden; u++) {
        double old = rnn->cell[u];
        double input = gate_sum(rnn, 0, u) + (peep ? peep[u] * old : 0.0);
        double forget = gate_sum(rnn, 2, u) + (peep ? peep[2 * hidden + u] * old : 0.0);
        input = activate(rnn, direction, 0, input);
        forget = rnn->couples_forget ? 1.0 - input : activate(rnn, direction, 0, forget);
        double fresh = activate(rnn, direction, 1, gate_sum(rnn, 3, u));
        rnn->cell[u] = forget * old + input * fresh;
        double output = gate_sum(rnn, 1, u) + (peep ? peep[hidden + u] * rnn->cell[u] : 0.0);
        rnn->state[u] =
            activate(rnn, direction, 0, output) * activate(rnn, direction, 2, rnn->cell[u]);
    }
}

static void project(const Recurrent *rnn, size_t direction, const double *x) {
    size_t rows = rnn->gates * rnn->hidden;
    const double *w = rnn->wide->src[1] + direction * rows * rnn->inputs;
    const double *r = rnn->wide->src[2] + direction * rows * rnn->hidden;
    const double *bias = rnn->wide->src[3] ? rnn->wide->src[3] + direction * 2 * rows : NULL;
    for (size_t i = 0; i < rows; i++) {
        rnn->from_input[i] = dot(w + i * rnn->inputs, x, rnn->inputs) + (bias ? bias[i] : 0.0);
        rnn->from_state[i] =
            dot(r + i * rnn->hidden, rnn->state, rnn->hidden) + (bias ? bias[rows + i] : 0.0);
    }
}

/* Where a direction's state of one sequence stands in initial and last states. */
static size_t state_offset(const Recurrent *rnn, size_t direction, size_t batch) {
    return (rnn->batch_first ? batch * rnn->directions + direction
                             : direction * rnn->batch + batch) *
           rnn->hidden;
}

static size_t result_offset(const Recurrent *rnn, size_t direction, size_t batch, size_t step) {
    size_t row = rnn->batch_first ? (batch * rnn->steps + step) * rnn->directions + direction
                                  : (step * rnn->directions + direction) * rnn->batch + batch;
    return row * rnn->hidden;
}

static void load_state(const Recurrent *rnn, const double *src, size_t offset, double *state) {
    for (size_t u = 0; u < rnn->hidden; u++)
        state[u] = src ? src[offset + u] : 0.0;
}

static void run_sequence(const Recurrent *rnn, size_t direction, size_t batch, size_t length) {
    size_t offset = state_offset(rnn, direction, batch), bytes = rnn->hidden * sizeof(double);
    bool reverse = direction == 1 || rnn->reverse_first;
    load_state(rnn, rnn->wide->src[5], offset, rnn->state);
    load_state(rnn, rnn->wide->src[6], offset, rnn->cell);
    for (size_t i = 0; i < rnn->steps; i++) {
        size_t t = reverse && i < length ? length - 1 - i : i;
        double *dst = rnn->wide->dst[0];
        if (dst)
            dst += result_offset(rnn, direction, batch, t);
        if (i >= length) {
            if (dst)
                memset(dst, 0, bytes);
            continue;
        }
        size_t row = rnn->batch_first ? batch * rnn->steps + t : t * rnn->batch + batch;
        project(rnn, direction, rnn->wide->src[0] + row * rnn->inputs);
        rnn->step(rnn, direction);
        if (dst)
            memcpy(dst, rnn->state, bytes);
    }
    if (rnn->wide->dst[1])
        memcpy(rnn->wide->dst[1] + offset, rnn->state, bytes);
    if (rnn->wide->dst[2])
        memcpy(rnn->wide->dst[2] + offset, rnn->cell, bytes);
}

static Status bind(const KernelCall *call, DimNames *names) {
    const Shape *shapes[RECURRENT_INPUTS];
    const Tensor *src;
    for (size_t i = 0; i < 3; i++)
        TRY(call_get_src(call, i, &src));
    for (size_t i = 0; i < RECURRENT_INPUTS; i++) {
        src = call_find_src(call, i);
        shapes[i] = src ? &src->shape : NULL;
        bool fits = !src || (i == 4 ? dtype_info(src->dtype)->is_integer
                                    : dtype_info(src->dtype)->is_float);
        if (!fits)
            return call_lacks_dtype(call, src->dtype);
    }
    TRY(call_check_floats(call, 4));
    Status status = recurrent_bind(call->node, shapes, names);
    if (!status_is_ok(&status))
        return status_prefix(&status, "%s", call->node->op->name);
    for (size_t i = 0; i < call->node->output_count; i++)
        TRY(call_check_dst(call, names, i, recurrent_result_pattern(call->node, i)));
    return status_ok();
}

/* @defaults  activation functions of one direction */
static Status open(const KernelCall *call, const DimNames *names, const char *const *defaults,
                   Recurrent *rnn) {
    RecurrentDirection direction;
    const Attribute *clip = node_find_attribute(call->node, "clip");
    TRY(recurrent_direction(call->node, &direction));
    rnn->directions = call_dim(names, 'n');
    rnn->steps = call_dim(names, 's');
    rnn->batch = call_dim(names, 'b');
    rnn->inputs = call_dim(names, 'i');
    rnn->hidden = call_dim(names, 'h');
    rnn->gates = (size_t)recurrent_gates(call->node);
    rnn->batch_first = recurrent_batch_first(call->node);
    rnn->reverse_first = direction == RECURRENT_REVERSE;
    rnn->linear_before_reset = node_get_int(call->node, "linear_before_reset", 0) != 0;
    rnn->couples_forget = node_get_int(call->node, "input_forget", 0) != 0;
    rnn->clip = clip ? (double)node_get_float(call->node, "clip", 0.0f) : (double)INFINITY;
    if (rnn->clip < 0.0 || isnan(rnn->clip))
        return call_invalid(call, "clip: expected 0 or more, got %g", rnn->clip);
    return gate_functions_read(call, defaults, rnn->function_count,
                               rnn->function_count * rnn->directions, rnn->functions);
}

static Status run(const KernelCall *call, CellStep step, const char *const *defaults,
                  size_t function_count) {
    Recurrent rnn = { .step = step, .function_count = function_count };
    DimNames names;
    Wide wide;
    TRY(bind(call, &names));
    TRY(open(call, &names, defaults, &rnn));
    size_t rows = rnn.gates * rnn.hidden; /* R has rows * hidden elements: no overflow */
    TRY(wide_open(call, 2 * rows + 3 * rnn.hidden, &wide));
    rnn.wide = &wide;
    rnn.from_input = wide.work;
    rnn.from_state = rnn.from_input + rows;
    rnn.state = rnn.from_state + rows;
    rnn.cell = rnn.state + rnn.hidden;
    rnn.reset = rnn.cell + rnn.hidden;
    for (size_t b = 0; b < rnn.batch; b++) {
        double length = wide.src[4] ? wide.src[4][b] : (double)rnn.steps;
        if (!(length >= 0.0 && length <= (double)rnn.steps))
            return call_invalid(call, "sequence length %.0f is none of 0 to %zu", length,
                                rnn.steps);
        for (size_t direction = 0; direction < rnn.directions; direction++)
            run_sequence(&rnn, direction, b, (size_t)length);
    }
    wide_store(call, &wide);
    return status_ok();
}

Status reference_lstm(const KernelCall *call) {
    return run(call, step_lstm, (const char *[]){ "Sigmoid", "Tanh", "Tanh" }, 3);
}

Status reference_gru(const KernelCall *call) {
    return run(call, step_gru, (const char *[]){ "Sigmoid", "Tanh" }, 2);
}

Status reference_rnn(const KernelCall *call) {
    return run(call, step_rnn, (const char *[]){ "Tanh" }, 1);
}
