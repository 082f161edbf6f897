/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * One run: check the inputs, cut the rows into pieces, find each piece's plan, give outputs their
 * memory, submit. The state of a run is taken from the executor's idle list and grows to the
 * largest cut seen, so a warm executor does not call malloc.
 *
 * `remaining` counts pieces not done plus one for the submitter; whoever brings it to zero finishes
 * the run. On a synchronous device pieces are spread over the pool, on an asynchronous one they are
 * submitted in turn and done comes on the device's thread. The first failure is the run's status;
 * pieces that run already are let end.
 *
 * A piece writes its rows straight into the whole output where they start aligned; else into memory
 * of its own beside, copied when it is done.
 */

#include "runtime/exec/body_plans.h"
#include "runtime/exec/executor_internal.h"

#include "runtime/base/size.h"
#include "runtime/exec/rows.h"

#include <assert.h>
#include <string.h>

/* Turns of Loops and Scans and branches of Ifs, nested ones included: what one request may have
 * run. */
enum { BODY_RUNS_MAX = 1 << 20 };
#define RUN_WORK_DEFAULT (UINT64_C(1) << 33) /* half a minute of one core */

typedef struct PieceRun {
    Run *run;
    ExecutorPlan *plan;
    size_t first_row, rows;
    Tensor *inputs, *outputs;
    size_t body_runs_left;
    uint64_t work_left;
    ProgramIo io;
} PieceRun;

struct Run {
    Run *next; /* idle */
    Executor *executor;
    RunArgs args;
    ProgramDone done;
    void *user;
    size_t rows, piece_max, piece_count;
    bool cut; /* outputs are made of several pieces */
    PieceRun *pieces;
    Tensor *tensors; /* of all pieces */
    Shape *shapes;   /* two an input */
    size_t piece_capacity;
    atomic_size_t remaining;
    atomic_bool failed;
    Status status; /* written once, by whoever set failed */
};

static void run_free(Run *run) {
    free(run->pieces);
    free(run->tensors);
    free(run->shapes);
    free(run);
}

void executor_runs_free(Run *runs) {
    while (runs) {
        Run *next = runs->next;
        run_free(runs);
        runs = next;
    }
}

static Status out_of_memory(void) {
    return status_error(STATUS_RESOURCE_EXHAUSTED, "run: out of memory");
}

static Status run_acquire(Executor *executor, Run **ret_run) {
    Run *run;
    {
        LOCKED(&executor->runs_mutex);
        run = executor->idle_runs;
        if (run)
            executor->idle_runs = run->next;
    }
    if (!run) {
        run = calloc(1, sizeof *run);
        if (!run)
            return out_of_memory();
        run->executor = executor;
        run->shapes = calloc(2 * executor->input_count + 1, sizeof *run->shapes);
        if (!run->shapes) {
            run_free(run);
            return out_of_memory();
        }
    }
    *ret_run = run;
    return status_ok();
}

static void run_release(Run *run) {
    LOCKED(&run->executor->runs_mutex);
    run->next = run->executor->idle_runs;
    run->executor->idle_runs = run;
}

static Status reserve_pieces(Run *run, size_t count) {
    if (count <= run->piece_capacity)
        return status_ok();
    size_t ports = run->executor->input_count + run->executor->output_count, tensors, bytes;
    if (!size_mul(count, MAX_OF(ports, (size_t)1), &tensors) ||
        !size_mul(count, sizeof *run->pieces, &bytes))
        return out_of_memory();
    free(run->pieces);
    free(run->tensors);
    run->piece_capacity = 0;
    run->pieces = malloc(bytes);
    run->tensors = calloc(tensors, sizeof *run->tensors);
    if (!run->pieces || !run->tensors)
        return out_of_memory();
    run->piece_capacity = count;
    return status_ok();
}

static Status check_input(const Executor *executor, size_t index, const Tensor *tensor) {
    const Port *port = executor_input(executor, index);
    if (tensor->dtype != port->dtype)
        return status_error(STATUS_INVALID_ARGUMENT, "input '%s': expected %s, got %s", port->name,
                            dtype_name(port->dtype), dtype_name(tensor->dtype));
    if (!shape_is_known(&tensor->shape) || !shape_accepts(&port->shape, &tensor->shape))
        return status_error(STATUS_INVALID_ARGUMENT, "input '%s': expected %s, got %s", port->name,
                            SHAPE_TEXT(&port->shape), SHAPE_TEXT(&tensor->shape));
    size_t bytes;
    if (!shape_bytes(&tensor->shape, tensor->dtype, &bytes) || bytes != tensor->bytes)
        return status_error(STATUS_INVALID_ARGUMENT, "input '%s': %zu bytes are not %s of %s",
                            port->name, tensor->bytes, SHAPE_TEXT(&tensor->shape),
                            dtype_name(tensor->dtype));
    return status_ok();
}

static Status check_inputs(Run *run) {
    const Executor *executor = run->executor;
    for (size_t i = 0; i < executor->input_count; i++) {
        TRY(check_input(executor, i, &run->args.inputs[i]));
        run->shapes[i] = run->args.inputs[i].shape;
        if (executor->rows_independent && run->shapes[i].dims[0] != run->shapes[0].dims[0])
            return status_error(
                STATUS_INVALID_ARGUMENT, "input '%s': %lld rows, but input '%s' has %lld",
                executor_input(executor, i)->name, (long long)run->shapes[i].dims[0],
                executor_input(executor, 0)->name, (long long)run->shapes[0].dims[0]);
    }
    return status_ok();
}

/* Rows [first_row, first_row + rows) of every input. */
static Status make_piece(Run *run, PieceRun *piece, size_t first_row, size_t rows) {
    Executor *executor = run->executor;
    size_t index = (size_t)(piece - run->pieces),
           ports = executor->input_count + executor->output_count;
    *piece = (PieceRun){ .run = run, .first_row = first_row, .rows = rows };
    piece->inputs = run->tensors + index * ports;
    piece->outputs = piece->inputs + executor->input_count;
    Shape *shapes = run->shapes + executor->input_count;
    for (size_t i = 0; i < executor->input_count; i++) {
        Tensor *tensor = &piece->inputs[i];
        *tensor = run->args.inputs[i];
        if (run->cut) {
            size_t row_bytes = tensor->bytes / run->rows;
            tensor->shape.dims[0] = (int64_t)rows;
            tensor->bytes = rows * row_bytes;
            tensor->data = tensor->bytes > 0 ? (char *)tensor->data + first_row * row_bytes : NULL;
        }
        shapes[i] = tensor->shape;
    }
    return executor_get_plan(executor, shapes, &piece->plan);
}

/* The whole output, of which the pieces write their rows. */
static Status allocate_output(Run *run, size_t index) {
    const Graph *graph = run->pieces[0].plan->graph;
    const Value *value = graph_value_const(graph, graph_output(graph, index)->value);
    Tensor *output = &run->args.outputs[index];
    Shape shape = value->shape;
    if (!shape_is_known(&shape) || shape.rank < 1 || (size_t)shape.dims[0] != run->pieces[0].rows)
        return status_error(STATUS_INTERNAL, "output '%s': %s for %zu rows",
                            executor_output(run->executor, index)->name, SHAPE_TEXT(&shape),
                            run->pieces[0].rows);
    shape.dims[0] = (int64_t)run->rows;
    *output = (Tensor){ .dtype = value->dtype, .shape = shape };
    if (!shape_bytes(&shape, value->dtype, &output->bytes))
        return status_error(STATUS_INVALID_ARGUMENT, "output '%s': %s is too large",
                            executor_output(run->executor, index)->name, SHAPE_TEXT(&shape));
    output->data = output_block_alloc(run->args.block, output->bytes);
    if (!output->data)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "output '%s': no memory for %zu bytes",
                            executor_output(run->executor, index)->name, output->bytes);
    return status_ok();
}

/* Where rows of a piece belong in a cut run's output. */
static char *rows_place(const PieceRun *piece, size_t output, size_t *ret_bytes) {
    const Tensor *whole = &piece->run->args.outputs[output];
    size_t row_bytes = whole->bytes / piece->run->rows;
    *ret_bytes = piece->rows * row_bytes;
    return (char *)whole->data + piece->first_row * row_bytes;
}

/* The output is, in this plan too, an input that lives as long as the block. */
static bool is_held_input(const PieceRun *piece, size_t output) {
    const Run *run = piece->run;
    const Graph *graph = piece->plan->graph;
    size_t input = run->executor->passed[output];
    return input < 64 && (run->args.held_inputs >> input & 1) &&
           graph_output(graph, output)->value == graph_input(graph, input)->value;
}

static void *piece_output_memory(void *user, size_t output, const Tensor *described) {
    PieceRun *piece = user;
    if (piece->run->cut) {
        size_t bytes;
        char *place = rows_place(piece, output, &bytes);
        if (described->bytes == bytes && (uintptr_t)place % TENSOR_ALIGNMENT == 0)
            return place;
    } else if (is_held_input(piece, output)) {
        return piece->inputs[piece->run->executor->passed[output]].data;
    }
    return output_block_alloc(piece->run->args.block, described->bytes);
}

static void fail_run(Run *run, const Status *status) {
    if (!atomic_exchange(&run->failed, true))
        run->status = *status;
}

static void finish_run(Run *run) {
    if (!atomic_load(&run->failed))
        run->status = status_ok();
    for (size_t i = 0; i < run->piece_count; i++)
        plan_unref(run->pieces[i].plan ? &run->pieces[i].plan->base : NULL);
    if (status_is_ok(&run->status) && !run->cut)
        for (size_t i = 0; i < run->executor->output_count; i++)
            run->args.outputs[i] = run->pieces[0].outputs[i];
    Status status = run->status;
    ProgramDone done = run->done;
    void *user = run->user;
    run_release(run);
    done(user, &status);
}

static void drop_remaining(Run *run) {
    if (atomic_fetch_sub_explicit(&run->remaining, 1, memory_order_acq_rel) == 1)
        finish_run(run);
}

/* Inference and the kernels agree on types; where a type is known only now, it is as declared. */
static Status check_output_types(const PieceRun *piece) {
    for (size_t i = 0; i < piece->run->executor->output_count; i++) {
        const Port *port = executor_output(piece->run->executor, i);
        DType dtype = piece->outputs[i].dtype;
        bool lists = dtype_is_list(dtype) && dtype_is_list(port->dtype);
        if (port->dtype != DTYPE_INVALID && dtype != port->dtype && !lists)
            return status_error(STATUS_INVALID_ARGUMENT, "output '%s': expected %s, got %s",
                                port->name, dtype_name(port->dtype), dtype_name(dtype));
    }
    return status_ok();
}

/* Copies what could not be written in place; an output of unexpected size is a broken proof of
 * independence. */
static Status gather_outputs(PieceRun *piece) {
    for (size_t i = 0; piece->run->cut && i < piece->run->executor->output_count; i++) {
        size_t bytes;
        char *place = rows_place(piece, i, &bytes);
        const Tensor *output = &piece->outputs[i];
        if (output->bytes != bytes)
            return status_error(
                STATUS_INTERNAL, "output '%s': %zu bytes for %zu rows, expected %zu",
                executor_output(piece->run->executor, i)->name, output->bytes, piece->rows, bytes);
        if (output->data != place && bytes > 0)
            memcpy(place, output->data, bytes);
    }
    return status_ok();
}

static void piece_done(void *user, const Status *status) {
    PieceRun *piece = user;
    if (!status_is_ok(status)) {
        fail_run(piece->run, status);
    } else {
        Status gathered = check_output_types(piece);
        if (status_is_ok(&gathered))
            gathered = gather_outputs(piece);
        if (!status_is_ok(&gathered))
            fail_run(piece->run, &gathered);
    }
    drop_remaining(piece->run);
}

static void submit_pieces(void *user, size_t begin, size_t end) {
    Run *run = user;
    for (size_t i = begin; i < end; i++) {
        PieceRun *piece = &run->pieces[i];
        uint64_t work = run->executor->options.run_work_limit;
        piece->body_runs_left = BODY_RUNS_MAX;
        piece->work_left = work ? work : RUN_WORK_DEFAULT;
        piece->io = (ProgramIo){
            .inputs = piece->inputs,
            .outputs = piece->outputs,
            .output_memory = piece_output_memory,
            .output_user = piece,
            .stop = run->args.stop,
            .memory_limit_bytes = run->executor->options.run_memory_limit_bytes,
            .run_body = body_plans_run,
            .body_user = piece->plan->bodies,
            .body_runs_left = &piece->body_runs_left,
            .work_left = &piece->work_left,
            .step_done = run->args.step_done,
            .step_user = run->args.step_user,
        };
        run->executor->api->submit(piece->plan->program, &piece->io, piece_done, piece);
    }
}

static Status cut_rows(Run *run) {
    Executor *executor = run->executor;
    run->rows = executor->rows_independent ? (size_t)run->shapes[0].dims[0] : 0;
    run->piece_max = 1;
    run->cut = false;
    size_t count = 1;
    if (run->rows > 1) {
        TRY(executor_piece_max(executor, run->shapes, run->shapes + executor->input_count,
                               &run->piece_max));
        count = rows_piece_count(run->rows, run->piece_max);
        run->cut = count > 1;
    }
    TRY(reserve_pieces(run, count));
    for (size_t row = 0; run->piece_count < count;) {
        size_t rows = run->cut ? rows_next_piece(run->rows - row, run->piece_max) : run->rows;
        TRY(make_piece(run, &run->pieces[run->piece_count], row, rows));
        run->piece_count++;
        row += rows;
    }
    for (size_t i = 0; run->cut && i < executor->output_count; i++)
        TRY(allocate_output(run, i));
    return status_ok();
}

static Status prepare_run(Run *run) {
    TRY(check_inputs(run));
    return cut_rows(run);
}

void executor_submit(Executor *executor, const RunArgs *args, ProgramDone done, void *user) {
    Run *run;
    Status status = run_acquire(executor, &run);
    if (!status_is_ok(&status)) {
        done(user, &status);
        return;
    }
    run->args = *args;
    run->done = done;
    run->user = user;
    run->piece_count = 0;
    atomic_store(&run->failed, false);
    atomic_store(&run->remaining, 1);
    status = prepare_run(run);
    if (!status_is_ok(&status)) {
        fail_run(run, &status);
        drop_remaining(run);
        return;
    }
    atomic_store(&run->remaining, run->piece_count + 1);
    if (executor->api->asynchronous || run->piece_count == 1)
        submit_pieces(run, 0, run->piece_count);
    else
        pool_for(executor->options.pool, run->piece_count, 1, submit_pieces, run);
    drop_remaining(run);
}

typedef struct Waiter {
    Mutex mutex;
    Cond changed;
    bool done;
    Status status;
} Waiter;

static void wake_waiter(void *user, const Status *status) {
    Waiter *waiter = user;
    LOCKED(&waiter->mutex);
    waiter->status = *status;
    waiter->done = true;
    /* Under the lock: the waiter may end as soon as it is released */
    cond_signal(&waiter->changed);
}

Status executor_run(Executor *executor, const RunArgs *args) {
    Waiter waiter = { .done = false };
    mutex_init(&waiter.mutex);
    cond_init(&waiter.changed);
    executor_submit(executor, args, wake_waiter, &waiter);
    {
        LOCKED(&waiter.mutex);
        while (!waiter.done)
            cond_wait(&waiter.changed, &waiter.mutex);
    }
    cond_deinit(&waiter.changed);
    mutex_deinit(&waiter.mutex);
    return waiter.status;
}
