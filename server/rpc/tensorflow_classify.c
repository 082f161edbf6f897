/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * PredictionService's Classify, Regress and MultiInference as InferProtocols: examples in, scores
 * out. They differ in how the request names its tasks and how results are framed; examples,
 * outputs and errors are the same. A model has the signature serving_default, and each method's own
 * name stands for it too, so that one MultiInference may ask for both. Several tasks are one run of
 * the model. Bound by Predict's bind, so rows and limits are checked there. Thread: as
 * InferProtocol says. Source: reference tensorflow_serving.md 1.2, 1.5, 4.1.
 */

#include "runtime/base/size.h"
#include "server/wire/wire_model_spec.h"
#include "server/wire/wire_scores.h"
#include "server/wire/wire_writer.h"

enum {
    REQUEST_SPEC = 1,
    REQUEST_INPUT = 2,
    MULTI_TASKS = 1,
    MULTI_INPUT = 2,
    TASK_SPEC = 1,
    TASK_METHOD = 2,
    TASKS_MAX = 64,
    RESPONSE_RESULT = 1,
    RESPONSE_SPEC = 2,
    MULTI_RESULTS = 1,
    RESULT_SPEC = 1,
    RESULT_CLASSIFICATION = 2,
    RESULT_REGRESSION = 3,
    RESULT_ROWS = 1, /* ClassificationResult.classifications, RegressionResult.regressions */
    ROW_CLASSES = 1,
    ROW_VALUE = 1,
    CLASS_LABEL = 1,
    CLASS_SCORE = 2,
    EXAMPLE_BYTE_NS = 4,
};

static const char DEFAULT_SIGNATURE[] = "serving_default";

static uint64_t examples_cost_ns(const Spans *message) {
    return EXAMPLE_BYTE_NS * (uint64_t)message->bytes;
}

/* --- requests --- */

static WireExamples *new_examples(size_t tasks, Arena *arena) {
    WireExamples *examples = arena_calloc(arena, 1, sizeof *examples);
    WireTask *list = arena_calloc(arena, tasks, sizeof *list);
    if (!examples || !list)
        return NULL;
    examples->tasks = list;
    return examples;
}

static Status decode_one(const Spans *message, WireMethod method, Arena *arena,
                         WireInfer *ret_infer) {
    SpanReader reader = span_reader_of(message), input = { 0 };
    ModelSpec spec = { 0 };
    WireField field;
    WireResult result;
    WireExamples *examples = new_examples(1, arena);
    if (!examples)
        return arena_exhausted(arena);
    while ((result = span_reader_next(&reader, &field)) == WIRE_FIELD) {
        if (field.number == REQUEST_SPEC && field.type == WIRE_BYTES)
            TRY(model_spec_decode(field.bytes, arena, &spec));
        if (field.number == REQUEST_INPUT && field.type == WIRE_BYTES)
            input = field.bytes;
    }
    if (result != WIRE_END)
        return wire_malformed(method == METHOD_CLASSIFY ? "ClassificationRequest"
                                                        : "RegressionRequest");
    TRY(model_spec_check(&spec));
    TRY(wire_examples_decode(input, examples));
    examples->task_count = 1;
    if (spec.signature.length == 0)
        spec.signature = text_view(DEFAULT_SIGNATURE);
    examples->tasks[0] = (WireTask){ .method = method, .signature = spec.signature };
    *ret_infer = (WireInfer){ .model = spec.name,
                              .version = spec.version,
                              .signature = spec.signature,
                              .examples = examples };
    return status_ok();
}

static Status classify_decode(const Spans *message, size_t header_limit_bytes, Arena *arena,
                              WireInfer *ret_infer) {
    (void)header_limit_bytes;
    return decode_one(message, METHOD_CLASSIFY, arena, ret_infer);
}

static Status regress_decode(const Spans *message, size_t header_limit_bytes, Arena *arena,
                             WireInfer *ret_infer) {
    (void)header_limit_bytes;
    return decode_one(message, METHOD_REGRESS, arena, ret_infer);
}

static Status read_method(StringView name, WireMethod *ret_method) {
    for (WireMethod method = METHOD_CLASSIFY; method <= METHOD_REGRESS; method++) {
        if (text_equal(name, text_view(wire_method_name(method)))) {
            *ret_method = method;
            return status_ok();
        }
    }
    return status_error(STATUS_UNIMPLEMENTED, "Unsupported signature method_name: %.*s",
                        TEXT_ARGS(text_cut(name, 128)));
}

static Status decode_task(SpanReader message, Arena *arena, ModelSpec *spec, WireTask *task) {
    StringView method = { .data = "" };
    WireField field;
    WireResult result;
    while ((result = span_reader_next(&message, &field)) == WIRE_FIELD) {
        if (field.number == TASK_SPEC && field.type == WIRE_BYTES)
            TRY(model_spec_decode(field.bytes, arena, spec));
        if (field.number == TASK_METHOD && field.type == WIRE_BYTES)
            TRY(wire_text(field.bytes, arena, "method_name", &method));
    }
    if (result != WIRE_END)
        return wire_malformed("InferenceTask");
    TRY(model_spec_check(spec));
    task->signature = spec->signature.length > 0 ? spec->signature : text_view(DEFAULT_SIGNATURE);
    return read_method(method, &task->method);
}

/* One model, and no signature twice. */
static Status check_task(const WireExamples *examples, const ModelSpec *spec,
                         const WireInfer *infer) {
    const WireTask *task = &examples->tasks[examples->task_count];
    if (examples->task_count > 0 && !text_equal(spec->name, infer->model))
        return status_error(STATUS_INVALID_ARGUMENT,
                            "All ModelSpecs in a MultiInferenceRequest must access the same model "
                            "name.");
    for (size_t i = 0; i < examples->task_count; i++)
        if (text_equal(examples->tasks[i].signature, task->signature))
            return status_error(STATUS_INVALID_ARGUMENT, "Duplicate evaluation of signature: %.*s",
                                TEXT_ARGS(text_cut(task->signature, 128)));
    return status_ok();
}

static Status decode_tasks(SpanReader reader, Arena *arena, WireInfer *infer) {
    WireExamples *examples = infer->examples;
    WireField field;
    while (span_reader_next(&reader, &field) == WIRE_FIELD) {
        if (field.number != MULTI_TASKS || field.type != WIRE_BYTES)
            continue;
        if (examples->task_count == TASKS_MAX)
            return status_error(STATUS_INVALID_ARGUMENT, "a request may have at most %d tasks",
                                TASKS_MAX);
        ModelSpec spec = { 0 };
        TRY(decode_task(field.bytes, arena, &spec, &examples->tasks[examples->task_count]));
        TRY(check_task(examples, &spec, infer));
        if (examples->task_count++ == 0) {
            infer->model = spec.name;
            infer->version = spec.version;
        }
    }
    return status_ok();
}

static Status multi_decode(const Spans *message, size_t header_limit_bytes, Arena *arena,
                           WireInfer *ret_infer) {
    (void)header_limit_bytes;
    SpanReader reader = span_reader_of(message), input = { 0 };
    WireField field;
    WireResult result;
    WireInfer infer = { .examples = new_examples(TASKS_MAX, arena) };
    if (!infer.examples)
        return arena_exhausted(arena);
    while ((result = span_reader_next(&reader, &field)) == WIRE_FIELD)
        if (field.number == MULTI_INPUT && field.type == WIRE_BYTES)
            input = field.bytes;
    if (result != WIRE_END)
        return wire_malformed("MultiInferenceRequest");
    TRY(decode_tasks(span_reader_of(message), arena, &infer));
    if (infer.examples->task_count == 0)
        return status_error(STATUS_INVALID_ARGUMENT, "MultiInferenceRequest has no tasks");
    TRY(wire_examples_decode(input, infer.examples));
    *ret_infer = infer;
    return status_ok();
}

/* --- against a model --- */

static Status check_signature(const WireTask *task, bool is_multi) {
    StringView name = task->signature;
    if (text_equal(name, text_view(DEFAULT_SIGNATURE)) ||
        text_equal(name, text_view(wire_method_name(task->method))))
        return status_ok();
    return status_error(STATUS_INVALID_ARGUMENT, "%s: %.*s",
                        is_multi ? "Requested signature not found in model graph"
                                 : "No signature was found with the name",
                        TEXT_ARGS(text_cut(name, 128)));
}

static Status bind_tasks(WireInfer *infer, Arena *arena, InferRequest *request, bool is_multi) {
    const ModelVersion *version = request->lease.version;
    WireExamples *examples = infer->examples;
    for (size_t i = 0; i < examples->task_count; i++) {
        TRY(check_signature(&examples->tasks[i], is_multi));
        TRY(wire_scores_choose(version, &examples->tasks[i]));
    }
    TRY(wire_examples_bind(&version->signature, arena, infer));
    infer->signature = (StringView){ 0 };
    return TENSORFLOW_PREDICT.bind(infer, arena, request);
}

static Status single_bind(WireInfer *infer, Arena *arena, InferRequest *request) {
    return bind_tasks(infer, arena, request, false);
}

static Status multi_bind(WireInfer *infer, Arena *arena, InferRequest *request) {
    return bind_tasks(infer, arena, request, true);
}

/* --- answers --- */

static size_t score_bytes(float score) {
    uint32_t bits;
    memcpy(&bits, &score, sizeof bits);
    return bits ? 1 + sizeof bits : 0; /* proto3 leaves zeros out */
}

static unsigned char *put_score(unsigned char *at, uint32_t number, float score) {
    if (score_bytes(score) == 0)
        return at;
    at = put_varint(at, wire_key(number, WIRE_FIXED32));
    memcpy(at, &score, sizeof score);
    return at + sizeof score;
}

static size_t class_bytes(const WireScores *scores, size_t row, size_t column) {
    return text_bytes(CLASS_LABEL, wire_score_label(scores, row, column)) +
           score_bytes(wire_score(scores, row, column));
}

/* Body of one Classifications or Regression. */
static size_t row_bytes(const WireScores *scores, const WireTask *task, size_t row) {
    size_t bytes = 0;
    if (task->method == METHOD_REGRESS)
        return score_bytes(wire_score(scores, row, 0));
    for (size_t i = 0; i < scores->per_row; i++) {
        size_t body = class_bytes(scores, row, i);
        bytes += head_bytes(ROW_CLASSES, body) + body;
    }
    return bytes;
}

static unsigned char *put_row(unsigned char *at, const WireScores *scores, const WireTask *task,
                              size_t row) {
    if (task->method == METHOD_REGRESS)
        return put_score(at, ROW_VALUE, wire_score(scores, row, 0));
    for (size_t i = 0; i < scores->per_row; i++) {
        at = put_head(at, ROW_CLASSES, class_bytes(scores, row, i));
        at = put_text(at, CLASS_LABEL, wire_score_label(scores, row, i));
        at = put_score(at, CLASS_SCORE, wire_score(scores, row, i));
    }
    return at;
}

/* Body of a ClassificationResult or RegressionResult. */
static size_t result_bytes(const WireScores *scores, const WireTask *task) {
    size_t bytes = 0;
    for (size_t row = 0; row < scores->rows; row++) {
        size_t body = row_bytes(scores, task, row);
        bytes += head_bytes(RESULT_ROWS, body) + body;
    }
    return bytes;
}

static unsigned char *put_result(unsigned char *at, const WireScores *scores,
                                 const WireTask *task) {
    for (size_t row = 0; row < scores->rows; row++)
        at = put_row(put_head(at, RESULT_ROWS, row_bytes(scores, task, row)), scores, task, row);
    return at;
}

static Status single_encode(const WireInfer *infer, const InferRequest *request, WireReply *reply) {
    const ModelVersion *version = request->lease.version;
    const WireTask *task = &infer->examples->tasks[0];
    StringView name = text_view(version->name), signature = task->signature;
    WireScores scores;
    TRY(wire_scores_of(request, task, infer->examples->count, &scores));
    size_t result = result_bytes(&scores, task);
    size_t spec = model_spec_bytes(name, version->number, signature);
    unsigned char *at = wire_reply_reserve(reply, head_bytes(RESPONSE_RESULT, result) + result +
                                                      head_bytes(RESPONSE_SPEC, spec) + spec);
    if (!at)
        return arena_exhausted(reply->arena);
    at = put_result(put_head(at, RESPONSE_RESULT, result), &scores, task);
    model_spec_put(put_head(at, RESPONSE_SPEC, spec), name, version->number, signature);
    return status_ok();
}

static Status encode_task(const WireInfer *infer, const InferRequest *request, const WireTask *task,
                          WireReply *reply) {
    const ModelVersion *version = request->lease.version;
    StringView name = text_view(version->name), signature = task->signature;
    uint32_t kind = task->method == METHOD_CLASSIFY ? RESULT_CLASSIFICATION : RESULT_REGRESSION;
    WireScores scores;
    TRY(wire_scores_of(request, task, infer->examples->count, &scores));
    size_t result = result_bytes(&scores, task);
    size_t spec = model_spec_bytes(name, version->number, signature);
    size_t body = head_bytes(RESULT_SPEC, spec) + spec + head_bytes(kind, result) + result;
    unsigned char *at = wire_reply_reserve(reply, head_bytes(MULTI_RESULTS, body) + body);
    if (!at)
        return arena_exhausted(reply->arena);
    at = put_head(put_head(at, MULTI_RESULTS, body), RESULT_SPEC, spec);
    at = model_spec_put(at, name, version->number, signature);
    put_result(put_head(at, kind, result), &scores, task);
    return status_ok();
}

static Status multi_encode(const WireInfer *infer, const InferRequest *request, WireReply *reply) {
    for (size_t i = 0; i < infer->examples->task_count; i++)
        TRY(encode_task(infer, request, &infer->examples->tasks[i], reply));
    return status_ok();
}

static Status describe(const Status *status, const WireInfer *infer) {
    return TENSORFLOW_PREDICT.describe(status, infer);
}

#define EXAMPLES_PROTOCOL(api_, decode_, bind_, encode_)                                           \
    {                                                                                              \
        .name = "tensorflow", .api = (api_), .decode = (decode_),                                  \
        .decode_cost_ns = examples_cost_ns, .bind = (bind_), .encode = (encode_),                  \
        .describe = describe,                                                                      \
    }

const InferProtocol TENSORFLOW_CLASSIFY =
    EXAMPLES_PROTOCOL(API_CLASSIFY, classify_decode, single_bind, single_encode);
const InferProtocol TENSORFLOW_REGRESS =
    EXAMPLES_PROTOCOL(API_REGRESS, regress_decode, single_bind, single_encode);
const InferProtocol TENSORFLOW_MULTI_INFERENCE =
    EXAMPLES_PROTOCOL(API_MULTI_INFERENCE, multi_decode, multi_bind, multi_encode);
