/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A TFRecord file of PredictionLog: per record a length, its checksum, the payload, its checksum
 * (CRC-32C, masked). The recorded request is decoded and bound by the protocol that would have
 * served it, and run by the loader itself. The model's name and version in it mean nothing. Source:
 * reference tensorflow_serving.md 1.2 and 4.
 *
 * Thread: loader.
 */

#include "server/warmup.h"

#include "runtime/base/size.h"
#include "runtime/model/warmup.h"
#include "server/wire/span_reader.h"
#include "server/wire/wire_request.h"

#include <string.h>

enum { RECORDS_MAX = 1000, HEADER_LIMIT_BYTES = 1 << 20, LOG_REQUEST = 1 };
static const size_t FILE_BYTES_MAX = (size_t)1 << 30, ARENA_BYTES_MAX = (size_t)2 << 30;
static const char PATH[] = "assets.extra/tf_serving_warmup_requests";

/* By the field of PredictionLog that is set. */
static const struct {
    uint32_t field;
    const InferProtocol *protocol; /* NULL: not served */
    const char *name;
} KINDS[] = {
    { 2, &TENSORFLOW_CLASSIFY, "classify_log" },
    { 3, &TENSORFLOW_REGRESS, "regress_log" },
    { 4, &TENSORFLOW_MULTI_INFERENCE, "multi_inference_log" },
    { 5, NULL, "session_run_log" },
    { 6, &TENSORFLOW_PREDICT, "predict_log" },
    { 7, NULL, "predict_streamed_log" },
};

/* CRC-32C, a bit at a time: a file is read once. */
static uint32_t masked_crc(const unsigned char *bytes, size_t length) {
    uint32_t crc = UINT32_MAX;
    for (size_t i = 0; i < length; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? UINT32_C(0x82F63B78) : 0);
    }
    crc = ~crc;
    return (crc >> 15 | crc << 17) + UINT32_C(0xA282EAD8);
}

static bool has_crc(const unsigned char *bytes, size_t length) {
    uint32_t stored;
    memcpy(&stored, bytes + length, sizeof stored);
    return masked_crc(bytes, length) == stored;
}

/* The next record, and *at behind it. */
static Status next_record(const unsigned char *bytes, size_t length, size_t *at, Span *ret_record) {
    enum { LENGTH_BYTES = 8, CRC_BYTES = 4 };
    uint64_t record;
    if (length - *at < LENGTH_BYTES + CRC_BYTES || !has_crc(bytes + *at, LENGTH_BYTES))
        return status_error(STATUS_DATA_LOSS, "corrupted record at %zu", *at);
    memcpy(&record, bytes + *at, sizeof record);
    size_t begin = *at + LENGTH_BYTES + CRC_BYTES;
    if (length - begin < CRC_BYTES || record > length - begin - CRC_BYTES ||
        !has_crc(bytes + begin, (size_t)record))
        return status_error(STATUS_DATA_LOSS, "corrupted record at %zu", *at);
    *ret_record = (Span){ bytes + begin, (size_t)record };
    *at = begin + (size_t)record + CRC_BYTES;
    return status_ok();
}

/* The request within a log of one kind. */
static Status find_request(SpanReader log, Span *ret_request) {
    WireField field;
    WireResult result;
    bool found = false;
    while ((result = span_reader_next(&log, &field)) == WIRE_FIELD) {
        if (field.number != LOG_REQUEST || field.type != WIRE_BYTES)
            continue;
        *ret_request = (Span){ field.bytes.at, field.bytes.left };
        found = true;
    }
    if (result == WIRE_END && found)
        return status_ok();
    return status_error(STATUS_INVALID_ARGUMENT, "a log has no request");
}

static Status find_log(const Span *record, const InferProtocol **ret_protocol, Span *ret_request) {
    Spans spans = { record, 1, record->bytes };
    SpanReader reader = span_reader_of(&spans);
    WireField field;
    WireResult result;
    *ret_protocol = NULL;
    while ((result = span_reader_next(&reader, &field)) == WIRE_FIELD) {
        for (size_t i = 0; i < ARRAY_LENGTH(KINDS); i++) {
            if (KINDS[i].field != field.number || field.type != WIRE_BYTES)
                continue;
            if (!KINDS[i].protocol)
                return status_error(STATUS_UNIMPLEMENTED, "%s is not supported for warm-up",
                                    KINDS[i].name);
            TRY(find_request(field.bytes, ret_request));
            *ret_protocol = KINDS[i].protocol;
        }
    }
    if (result != WIRE_END || !*ret_protocol)
        return status_error(STATUS_INVALID_ARGUMENT, "a record is no PredictionLog");
    return status_ok();
}

/* Payloads in one piece each, as an executor wants them. */
static Status gather(const InferRequest *request, size_t count, Arena *arena, Tensor *tensors) {
    for (size_t i = 0; i < count; i++) {
        const RequestInput *input = &request->inputs[i];
        size_t bytes = input->payload.bytes;
        void *data = arena_alloc(arena, bytes + 1);
        if (!data)
            return arena_exhausted(arena);
        if (bytes > 0)
            spans_copy(&input->payload, 0, bytes, data);
        tensors[i] =
            (Tensor){ .dtype = input->dtype, .shape = input->shape, .data = data, .bytes = bytes };
    }
    return status_ok();
}

static Status replay_record(ModelVersion *version, const Span *record, size_t iterations) {
    const InferProtocol *protocol;
    const Signature *signature = &version->signature;
    Span message;
    TRY(find_log(record, &protocol, &message));
    AUTO(arena_free) Arena *arena = NULL;
    TRY(arena_new(65536, ARENA_BYTES_MAX, &arena));
    WireInfer infer = { 0 };
    InferRequest request = { .lease = { version } };
    TRY(protocol->decode(&(Spans){ &message, 1, message.bytes }, HEADER_LIMIT_BYTES, arena,
                         &infer));
    TRY(protocol->bind(&infer, arena, &request));
    Tensor *inputs = arena_calloc(arena, signature->all_input_count, sizeof *inputs);
    if (!inputs)
        return arena_exhausted(arena);
    TRY(gather(&request, signature->input_count, arena, inputs));
    TRY(warmup_hidden_inputs(version, request.rows, arena, inputs));
    for (size_t i = 0; i < iterations; i++)
        TRY(model_version_run(version, inputs));
    return status_ok();
}

Status warmup_replay(ModelVersion *version, const FileSource *files, size_t iterations,
                     size_t *ret_records) {
    AUTO(file_bytes_deinit) FileBytes bytes = { 0 };
    size_t records = 0;
    *ret_records = 0;
    Status status = files->read(files, PATH, FILE_BYTES_MAX, &bytes);
    if (status.code == STATUS_NOT_FOUND)
        return status_ok();
    for (size_t at = 0; status_is_ok(&status) && at < bytes.length; records++) {
        Span record;
        status = next_record((const unsigned char *)bytes.data, bytes.length, &at, &record);
        if (status_is_ok(&status) && records == RECORDS_MAX)
            status =
                status_error(STATUS_INVALID_ARGUMENT,
                             "Number of warmup records exceeds the maximum (%d)", (int)RECORDS_MAX);
        if (status_is_ok(&status))
            status = replay_record(version, &record, iterations);
    }
    *ret_records = records;
    return status_prefix(&status, "%s, record %zu", PATH, records);
}
