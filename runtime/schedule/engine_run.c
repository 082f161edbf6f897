/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Batches of versions that an engine runs, and responses of decoupled models. A decoupled request
 * travels alone. Each response is handed out while the engine waits, and gets memory of its own, so
 * that a slow reader of one does not hold the next. A request that wants a single response (a unary
 * call) keeps the first; if there was another number, it fails. Threads: worker, an engine's own.
 */

#include "runtime/schedule/scheduler_internal.h"

static bool respond(void *user) {
    BatchRun *run = user;
    InferRequest *request = run->batch.requests[0];
    const Signature *signature = &request->lease.version->signature;
    if (atomic_load(&run->stop))
        return false;
    request->response_count++;
    bool is_single = !request->on_response;
    if (is_single && request->response_count > 1)
        return false;
    for (size_t i = 0; i < signature->all_output_count; i++)
        run->ordered[i] = run->outputs[signature->outputs[i].port];
    Status status = batch_scatter(&run->batch, run->ordered, run->block);
    if (!status_is_ok(&status))
        return false;
    if (!is_single) {
        request->on_response(request);
        request_release_outputs(request);
    }
    OutputBlock *next = NULL;
    status = output_block_new(run->scheduler->options.outputs, &next);
    if (!status_is_ok(&status))
        return false;
    output_block_unref(run->block);
    run->block = run->engine_run.args.block = next;
    return true;
}

void engine_run_start(BatchRun *run, Engine *engine, ProgramDone done) {
    run->engine_run =
        (EngineRun){ .args = run->args, .respond = respond, .done = done, .user = run };
    run->batch.requests[0]->response_count = 0;
    engine->api->submit(engine, &run->engine_run);
}

Status engine_run_end(BatchRun *run) {
    InferRequest *request = run->batch.requests[0];
    if (request->on_response || request->response_count == 1)
        return status_ok();
    request_release_outputs(request);
    return status_error(STATUS_UNIMPLEMENTED,
                        "model '%s' is decoupled and gave %s: ask for it with a stream",
                        request->lease.version->name,
                        request->response_count == 0 ? "no response" : "several responses");
}
