/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Tensors whose bytes are in a file beside the model. The source opens it beneath the model's
 * folder and nowhere else: no absolute name, no "..", no link that leads out. What is needed of it
 * is read into memory of our own, aligned, once: a mapping would make the model's bytes, checked
 * when it was loaded, change or vanish with a file that others can write.
 *
 * The size comes from type and shape; offset and length are checked against it and against the file
 * before anything is read. A checksum, where there is one, is not looked at.
 *
 * Source: ONNX IR, "External Tensor Data".
 */

#include "runtime/base/pages.h"
#include "runtime/base/size.h"
#include "runtime/onnx/import_context.h"

#include <string.h>

enum { ENTRY_KEY = 1, ENTRY_VALUE = 2, DIGITS_MAX = 18 };

static bool is_key(WireBytes key, const char *text) {
    return key.length == strlen(text) && memcmp(key.data, text, key.length) == 0;
}

static Status read_number(WireBytes text, const char *what, uint64_t *ret_number) {
    uint64_t number = 0;
    bool is_number = text.length > 0 && text.length <= DIGITS_MAX;
    for (size_t i = 0; i < text.length && is_number; i++) {
        is_number = text.data[i] >= '0' && text.data[i] <= '9';
        number = number * 10 + (uint64_t)(text.data[i] - '0');
    }
    if (!is_number)
        return status_error(STATUS_INVALID_ARGUMENT, "%s of external data is not a number: '%.*s'",
                            what, (int)MIN_OF(text.length, (size_t)40), (const char *)text.data);
    *ret_number = number;
    return status_ok();
}

Status onnx_external_parse(WireReader entry, OnnxExternal *external) {
    WireBytes key = { 0 }, value = { 0 };
    Status status;
    for (WireField field; wire_next(&entry, &field, &status);) {
        if (field.number == ENTRY_KEY && field.type == WIRE_BYTES)
            key = field.bytes;
        else if (field.number == ENTRY_VALUE && field.type == WIRE_BYTES)
            value = field.bytes;
    }
    TRY(status);
    if (is_key(key, "location"))
        external->location = value;
    else if (is_key(key, "offset"))
        return read_number(value, "offset", &external->offset);
    else if (is_key(key, "length")) {
        external->has_length = true;
        return read_number(value, "length", &external->length);
    }
    return status_ok();
}

/* A relative path whose parts are names. */
static Status check_location(const char *location) {
    const char *part = location;
    bool good = *location != '\0' && *location != '/';
    while (good && *part) {
        size_t length = strcspn(part, "/");
        good = !(length == 2 && memcmp(part, "..", 2) == 0) && !memchr(part, '\\', length);
        part += length + (part[length] == '/');
    }
    if (!good)
        return status_error(STATUS_PERMISSION_DENIED,
                            "external data in '%.120s': expected a file beneath the model's folder",
                            location);
    return status_ok();
}

static Status charge(ImportContext *context, size_t bytes) {
    size_t limit = MIN_OF(context->limits.external_bytes, pages_memory_limit_bytes());
    if (bytes > limit - MIN_OF(limit, context->external_bytes))
        return status_error(STATUS_RESOURCE_EXHAUSTED,
                            "external data needs more than the %zu bytes it may use", limit);
    context->external_bytes += bytes;
    return status_ok();
}

static Status check_bools(const OnnxTensor *source, const uint8_t *data) {
    for (size_t i = 0; source->dtype == DTYPE_BOOL && i < source->bytes; i++)
        if (data[i] > 1)
            return status_error(STATUS_INVALID_ARGUMENT, "bool element %zu is %u, neither 0 nor 1",
                                i, data[i]);
    return status_ok();
}

static Status read_external(ImportContext *context, const OnnxTensor *source, void **ret_data) {
    const OnnxExternal *external = &source->external;
    const char *location;
    TRY(import_text(context, context->scratch, external->location, "location of external data",
                    &location));
    TRY(check_location(location));
    if (context->source->directory < 0)
        return status_error(STATUS_UNIMPLEMENTED,
                            "its data is in file '%.120s', and only the model itself is given",
                            location);
    TRY(charge(context, source->bytes));
    AUTO(file_bytes_deinit) FileBytes read = { 0 };
    TRY(context->source->read_range(context->source, location, external->offset, source->bytes,
                                    &read));
    TRY(check_bools(source, (const uint8_t *)read.data));
    TRY(graph_keep_bytes(context->graph, read.data, read.free));
    *ret_data = TAKE(read.data);
    return status_ok();
}

Status import_external(ImportContext *context, const OnnxTensor *source, void **ret_data) {
    Status status = read_external(context, source, ret_data);
    return status_prefix(&status, "tensor '%.*s'", (int)MIN_OF(source->name.length, (size_t)120),
                         (const char *)source->name.data);
}
