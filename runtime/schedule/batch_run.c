/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A batch from take to reply. The worker gathers and submits; completion may come on the same stack
 * (CPU) or later on a device's thread, which never blocks the worker. Completion scatters, settles
 * accounts in one locked section, and then answers every request outside of it; nothing of the
 * model is touched after that, since the last reply may release it.
 *
 * A batch of several that fails with INVALID_ARGUMENT is taken apart: each request runs once more,
 * alone, so that one bad request fails alone. A request that travels alone and whose payload is one
 * span aligned to IN_PLACE_ALIGNMENT is used where it lies; that is what an arena gives, and as
 * much as any element type needs.
 */

#include "runtime/schedule/scheduler_internal.h"

#include <stdlib.h>

enum { IN_PLACE_ALIGNMENT = 16 };

Status batch_run_new(Scheduler *scheduler, BatchRun **ret_run) {
    BatchRun *run = calloc(1, sizeof *run);
    if (!run)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory");
    run->scheduler = scheduler;
    list_init(&run->node);
    list_init(&run->taken);
    *ret_run = run;
    return status_ok();
}

void batch_run_free(BatchRun *run) {
    if (!run)
        return;
    free(run->batch.requests);
    free(run->inputs);
    free(run->outputs);
    free(run->ordered);
    free(run->shapes);
    free(run->gathered);
    free(run);
}

void batch_run_add_locked(BatchRun *run, InferRequest *request) {
    mutex_assert_held(&run->scheduler->mutex);
    list_push_back(&run->taken, &request->queue_node);
    request->run = run;
    request->state = REQUEST_RUNNING;
    run->batch.count++;
    run->batch.rows += request->rows;
    run->live += request->ended_by == STATUS_OK;
    atomic_store(&run->stop, run->live == 0);
}

void batch_run_drop_locked(InferRequest *request, StatusCode ended_by) {
    BatchRun *run = request->run;
    mutex_assert_held(&run->scheduler->mutex);
    if (request->ended_by != STATUS_OK)
        return;
    request->ended_by = ended_by;
    if (--run->live == 0)
        atomic_store(&run->stop, true);
}

static bool grow(void *array_address, size_t count, size_t item_bytes) {
    void **array = array_address;
    free(*array);
    *array = calloc(count, item_bytes);
    return *array != NULL;
}

/* Room for the batch at hand; the arrays hold nothing between runs. */
static Status reserve(BatchRun *run, const Signature *signature) {
    size_t tensors = MAX_OF(signature->all_input_count, signature->all_output_count);
    for (size_t i = 0; i < signature->all_input_count; i++)
        tensors = MAX_OF(tensors, signature->inputs[i].port + 1);
    for (size_t i = 0; i < signature->all_output_count; i++)
        tensors = MAX_OF(tensors, signature->outputs[i].port + 1);
    bool has_memory = true;
    if (run->batch.count > run->request_capacity) {
        run->request_capacity = 0;
        has_memory = grow(&run->batch.requests, run->batch.count, sizeof *run->batch.requests);
        run->request_capacity = has_memory ? run->batch.count : 0;
    }
    if (has_memory && tensors > run->tensor_capacity) {
        run->tensor_capacity = 0;
        has_memory = grow(&run->inputs, tensors, sizeof *run->inputs) &&
                     grow(&run->outputs, tensors, sizeof *run->outputs) &&
                     grow(&run->ordered, tensors, sizeof *run->ordered) &&
                     grow(&run->shapes, tensors, sizeof *run->shapes) &&
                     grow(&run->gathered, tensors, sizeof *run->gathered);
        run->tensor_capacity = has_memory ? tensors : 0;
    }
    return has_memory ? status_ok() : status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory");
}

/* The payload as it lies, if it can be an input tensor; NULL. */
static void *find_in_place(const Batch *batch, size_t input, const Tensor *tensor) {
    const Spans *payload = &batch->requests[0]->inputs[input].payload;
    if (batch->count != 1 || payload->count != 1 ||
        (uintptr_t)payload->items[0].data % IN_PLACE_ALIGNMENT != 0 ||
        !batch_input_is_joined(batch, input, tensor))
        return NULL;
    return (void *)payload->items[0].data; /* an input: nobody writes to it */
}

/* An input that is also an output is gathered where outputs lie, and leaves from there. */
static void *take_memory(BatchRun *run, size_t port, size_t bytes) {
    const Executor *executor = run->batch.requests[0]->lease.version->executor;
    bool is_real = run->scheduler->options.run == executor_submit;
    if (is_real && executor && port < 64 && executor_passes_input(executor, port)) {
        run->held_inputs |= UINT64_C(1) << port;
        return output_block_alloc(run->block, bytes);
    }
    return run->gathered[port] = batch_memory_take(run->scheduler->memory, bytes);
}

static Status gather_input(BatchRun *run, const Signature *signature, size_t input) {
    const Batch *batch = &run->batch;
    size_t port = signature->inputs[input].port;
    Tensor *tensor = &run->inputs[port];
    TRY(batch_input_form(batch, input, tensor));
    size_t bytes = tensor->bytes;
    tensor->data = bytes > 0 ? find_in_place(batch, input, tensor) : NULL;
    run->in_place = run->in_place || tensor->data;
    if (bytes == 0 || !tensor->data) {
        if (bytes > 0)
            tensor->data = take_memory(run, port, bytes);
        if (bytes > 0 && !tensor->data)
            return status_error(STATUS_RESOURCE_EXHAUSTED,
                                "input '%s': no memory for a batch of %zu bytes; try again later",
                                signature->inputs[input].name, bytes);
        if (bytes > 0)
            batch_gather(batch, input, tensor);
    }
    run->shapes[port] = tensor->shape;
    return status_ok();
}

static Status prepare(BatchRun *run) {
    InferRequest *first = LIST_ITEM(run->taken.next, InferRequest, queue_node);
    const Signature *signature = &first->lease.version->signature;
    TRY(reserve(run, signature));
    size_t count = 0;
    LIST_FOR_EACH (node, &run->taken)
        run->batch.requests[count++] = LIST_ITEM(node, InferRequest, queue_node);
    run->batch.run_rows = batch_run_rows(&first->lease.version->queue_policy, run->batch.rows);
    for (size_t i = 0; i < run->tensor_capacity; i++) {
        run->inputs[i] = run->outputs[i] = (Tensor){ 0 };
        run->gathered[i] = NULL;
    }
    run->held_inputs = 0;
    TRY(output_block_new(run->scheduler->options.outputs, &run->block));
    run->in_place = false;
    for (size_t i = 0; i < signature->all_input_count; i++)
        TRY(gather_input(run, signature, i));
    for (size_t i = 0; i < count && !run->in_place; i++)
        if (run->batch.requests[i]->on_gathered)
            run->batch.requests[i]->on_gathered(run->batch.requests[i]);
    return status_ok();
}

static void release_memory(BatchRun *run) {
    for (size_t i = 0; i < run->tensor_capacity; i++) {
        if (run->gathered[i])
            batch_memory_give(run->scheduler->memory, run->gathered[i], run->inputs[i].bytes);
        run->gathered[i] = NULL;
    }
    if (run->block)
        output_block_unref(run->block);
    run->block = NULL;
}

static void recycle_locked(BatchRun *run) {
    run->batch.count = run->batch.rows = 0;
    run->live = 0;
    run->is_prepared = run->is_counted = false;
    run->model = NULL;
    run->queue = NULL;
    list_remove(&run->node);
    list_push_front(&run->scheduler->free_runs, &run->node);
}

/* Leaves the books: counters, deadline, and the flow's debt as measured. */
static void settle_locked(BatchRun *run, InferRequest *request, uint64_t now_ns, bool is_ok) {
    Scheduler *scheduler = run->scheduler;
    QueueCounts *counts = &run->model->counts;
    if (request->deadline_slot != INDEX_NONE)
        heap_remove(&scheduler->deadlines, request);
    forecast_seen_locked(scheduler, request, now_ns);
    request->state = REQUEST_DONE;
    request->run = NULL;
    request->times.taken_ns = run->taken_ns;
    request->times.gathered_ns = run->gathered_ns;
    request->times.executed_ns = run->executed_ns;
    run->model->running--;
    run->queue->running--;
    request->flow->in_flight--;
    if (is_ok) {
        uint64_t elapsed_ns = now_ns - run->taken_ns;
        size_t rows = MAX_OF(run->batch.rows, run->batch.count);
        uint64_t share_ns = elapsed_ns / rows * MAX_OF(request->rows, (size_t)1);
        flow_charge_locked(scheduler, request->flow,
                           ((int64_t)share_ns - (int64_t)request->charged_ns) *
                               (int64_t)run->model->limit.cost_factor);
    }
    request->flow = NULL;
    counts->cancelled += request->ended_by == STATUS_CANCELLED;
    counts->expired += request->ended_by == STATUS_DEADLINE_EXCEEDED;
    counts->failed += request->ended_by == STATUS_OK && !is_ok;
}

/* An execution that gave a result is charged once, by its rows. */
static void count_batch_locked(BatchRun *run, uint64_t now_ns) {
    ModelQueue *model = run->model;
    size_t rows = run->batch.rows;
    model->counts.done_batches++;
    model->counts.done_rows += rows;
    if (rows >= model->histogram_rows)
        return;
    BatchCounts *counts = &model->batches_of[rows];
    counts->batches++;
    counts->input_ns += run->gathered_ns - run->taken_ns;
    counts->infer_ns += run->executed_ns - run->gathered_ns;
    counts->output_ns += now_ns - run->executed_ns;
    model->batches_of_used = MAX_OF(model->batches_of_used, rows + 1);
}

static size_t answer(InferRequest *request, const Status *status) {
    if (request->ended_by == STATUS_OK) {
        if (request->cache_use == CACHE_MISS && status_is_ok(status))
            cached_reply_keep(request);
        return request_end(request, status);
    }
    request_release_outputs(request);
    Status ended = status_error(request->ended_by, request->ended_by == STATUS_CANCELLED
                                                       ? "cancelled while running"
                                                       : "the deadline passed while running");
    return request_end(request, &ended);
}

static void finish(BatchRun *run, const Status *status) {
    Scheduler *scheduler = run->scheduler;
    uint64_t now_ns = clock_now_ns(scheduler->options.clock);
    size_t count = 0;
    bool wakes_worker = false;
    release_memory(run);
    {
        LOCKED(&scheduler->mutex);
        bool is_ok = status_is_ok(status);
        LIST_FOR_EACH (node, &run->taken)
            settle_locked(run, LIST_ITEM(node, InferRequest, queue_node), now_ns, is_ok);
        run->model->counts.compute_ns += now_ns - run->taken_ns;
        if (is_ok) {
            learned_time_record(&run->queue->learned, run->batch.rows, now_ns - run->taken_ns);
            count_batch_locked(run, now_ns);
        }
        queue_update_locked(scheduler, run->queue, now_ns);
        if (run->is_counted) {
            run_limit_end_locked(scheduler, &run->model->limit, now_ns);
            wakes_worker = scheduler_has_ready_locked(scheduler);
        }
    }
    if (wakes_worker && scheduler->options.pool)
        pool_wake(scheduler->options.pool);
    while (!list_is_empty(&run->taken))
        count += answer(LIST_ITEM(list_pop_front(&run->taken), InferRequest, queue_node), status);
    LOCKED(&scheduler->mutex);
    recycle_locked(run);
    scheduler->active -= count;
    if (scheduler->active == 0)
        cond_broadcast(&scheduler->idle);
}

/* Hands every request out again as a batch of its own. false: out of memory, nothing has changed.
 */
static bool take_apart(BatchRun *run) {
    Scheduler *scheduler = run->scheduler;
    ListNode alone;
    list_init(&alone);
    for (size_t i = 0; i < run->batch.count; i++) {
        BatchRun *single = NULL;
        Status status = batch_run_new(scheduler, &single);
        if (!status_is_ok(&status)) {
            while (!list_is_empty(&alone))
                batch_run_free(LIST_ITEM(list_pop_front(&alone), BatchRun, node));
            return false;
        }
        list_push_back(&alone, &single->node);
    }
    release_memory(run);
    {
        LOCKED(&scheduler->mutex);
        while (!list_is_empty(&run->taken)) {
            BatchRun *single = LIST_ITEM(list_pop_front(&alone), BatchRun, node);
            single->model = run->model;
            single->queue = run->queue;
            single->taken_ns = clock_now_ns(scheduler->options.clock);
            single->reason = BATCH_REASON_NONE;
            batch_run_add_locked(single,
                                 LIST_ITEM(list_pop_front(&run->taken), InferRequest, queue_node));
            list_push_back(&scheduler->handed, &single->node);
            run->model->counts.batches++;
            run->model->counts.batches_by_reason[BATCH_REASON_NONE]++;
        }
        if (run->is_counted)
            run_limit_end_locked(scheduler, &run->model->limit,
                                 clock_now_ns(scheduler->options.clock));
        recycle_locked(run);
    }
    if (scheduler->options.pool)
        pool_wake(scheduler->options.pool);
    return true;
}

static void run_done(void *user, const Status *status) {
    BatchRun *run = user;
    Status result = status_ok();
    run->executed_ns = clock_now_ns(run->scheduler->options.clock);
    if (status_is_ok(status) && run->batch.requests[0]->lease.version->config.decoupled) {
        result = engine_run_end(run);
    } else if (status_is_ok(status)) {
        const Signature *signature = &run->batch.requests[0]->lease.version->signature;
        for (size_t i = 0; i < signature->all_output_count; i++)
            run->ordered[i] = run->outputs[signature->outputs[i].port];
        result = batch_scatter(&run->batch, run->ordered, run->block);
    } else {
        result = *status;
        if (result.code == STATUS_INVALID_ARGUMENT && run->batch.count > 1 && take_apart(run))
            return;
    }
    finish(run, &result);
}

bool batch_run_start(BatchRun *run, bool only_if_planned) {
    if (!run->is_prepared) {
        Status status = atomic_load(&run->stop)
                            ? status_error(STATUS_CANCELLED, "nobody waits for it")
                            : prepare(run);
        run->gathered_ns = run->executed_ns = clock_now_ns(run->scheduler->options.clock);
        if (!status_is_ok(&status)) {
            finish(run, &status);
            return true;
        }
        run->is_prepared = true;
    }
    const ModelVersion *version = run->batch.requests[0]->lease.version;
    if (version->engine && only_if_planned) /* how long it takes is its own affair */
        return false;
    Executor *executor = version->executor;
    void (*execute)(Executor *, const RunArgs *, ProgramDone, void *) = run->scheduler->options.run;
    if (only_if_planned && execute == executor_submit &&
        !executor_is_planned(executor, run->shapes))
        return false;
    run->args = (RunArgs){ .inputs = run->inputs,
                           .outputs = run->outputs,
                           .block = run->block,
                           .stop = &run->stop,
                           .held_inputs = run->held_inputs };
    if (version->engine)
        engine_run_start(run, version->engine, run_done);
    else
        execute(executor, &run->args, run_done, run);
    return true;
}
