/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* ModelStatistics of the Open Inference Protocol's extensions. Thread: the caller's. */

#include "clients/c/statistics.h"

#include "clients/c/message.h"

#include "inference/grpc_service.pb-c.h"

static void add(ClientBatches *batches, size_t *count, uint64_t rows, uint64_t more) {
    size_t at = 0;
    while (at < *count && batches[at].rows < rows)
        at++;
    if (at == *count || batches[at].rows != rows) {
        for (size_t i = (*count)++; i > at; i--)
            batches[i] = batches[i - 1];
        batches[at] = (ClientBatches){ .rows = rows };
    }
    batches[at].count += more;
}

Status client_batches(const ClientAsk *ask, const ClientModelName *name,
                      ClientBatches **ret_batches, size_t *ret_count) {
    Inference__ModelStatisticsRequest request = INFERENCE__MODEL_STATISTICS_REQUEST__INIT;
    Inference__ModelStatisticsResponse *response = NULL;
    char version[MESSAGE_VERSION_BYTES];
    request.name = message_text(name->name);
    request.version = message_version(name->version, version);
    TRY(message_call(
        &(MessageCall){ .client = ask->client,
                        .method = "/inference.GRPCInferenceService/ModelStatistics",
                        .request = &request.base,
                        .reply_type = &inference__model_statistics_response__descriptor,
                        .timeout_ns = ask->timeout_ns,
                        .arena = ask->arena },
        &response));
    size_t most = 0, count = 0;
    for (size_t i = 0; i < response->n_model_stats; i++)
        most += response->model_stats[i]->n_batch_stats;
    MESSAGE_ARRAY(ClientBatches, batches, most, ask->arena);
    for (size_t i = 0; i < response->n_model_stats; i++) {
        const Inference__ModelStatistics *model = response->model_stats[i];
        for (size_t j = 0; j < model->n_batch_stats; j++) {
            const Inference__InferBatchStatistics *batch = model->batch_stats[j];
            add(batches, &count, batch->batch_size,
                batch->compute_infer ? batch->compute_infer->count : 0);
        }
    }
    *ret_batches = batches;
    *ret_count = count;
    return status_ok();
}
