/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* ModelSpec, by hand: it is in every request. Source: reference tensorflow_serving.md 1.2. */

#include "server/wire/wire_model_spec.h"

#include "server/wire/wire_writer.h"

#include <stdio.h>

enum { SPEC_NAME = 1, SPEC_VERSION = 2, SPEC_SIGNATURE = 3, SPEC_LABEL = 4, INT64_VALUE = 1 };

/* google.protobuf.Int64Value */
static bool read_int64_value(SpanReader message, int64_t *ret_value) {
    WireField field;
    WireResult result;
    *ret_value = 0;
    while ((result = span_reader_next(&message, &field)) == WIRE_FIELD)
        if (field.number == INT64_VALUE && field.type == WIRE_VARINT)
            *ret_value = (int64_t)field.scalar;
    return result == WIRE_END;
}

Status model_spec_decode(SpanReader message, Arena *arena, ModelSpec *ret_spec) {
    WireField field;
    WireResult result;
    ret_spec->present = true;
    while ((result = span_reader_next(&message, &field)) == WIRE_FIELD) {
        if (field.type != WIRE_BYTES)
            continue;
        if (field.number == SPEC_NAME)
            TRY(wire_text(field.bytes, arena, "model_spec.name", &ret_spec->name));
        if (field.number == SPEC_SIGNATURE)
            TRY(wire_text(field.bytes, arena, "model_spec.signature_name", &ret_spec->signature));
        if (field.number == SPEC_LABEL) { /* oneof: the last one wins */
            TRY(wire_text(field.bytes, arena, "model_spec.version_label",
                          &ret_spec->version.label));
            ret_spec->version.has_number = false;
        }
        if (field.number == SPEC_VERSION) {
            if (!read_int64_value(field.bytes, &ret_spec->version.number))
                return wire_malformed("ModelSpec");
            ret_spec->version.has_number = true;
            ret_spec->version.label = (StringView){ 0 };
        }
    }
    return result == WIRE_END ? status_ok() : wire_malformed("ModelSpec");
}

Status model_spec_check(const ModelSpec *spec) {
    if (!spec->present)
        return status_error(STATUS_INVALID_ARGUMENT, "Missing ModelSpec");
    if (spec->name.length == 0)
        return status_error(STATUS_INVALID_ARGUMENT, "ModelSpec has no name specified.");
    return status_ok();
}

static size_t version_bytes(int64_t version) {
    return number_bytes(INT64_VALUE, (uint64_t)version);
}

size_t model_spec_bytes(StringView name, int64_t version, StringView signature) {
    return text_bytes(SPEC_NAME, name) + head_bytes(SPEC_VERSION, version_bytes(version)) +
           version_bytes(version) + text_bytes(SPEC_SIGNATURE, signature);
}

unsigned char *model_spec_put(unsigned char *at, StringView name, int64_t version,
                              StringView signature) {
    at = put_text(at, SPEC_NAME, name);
    at = put_number(put_head(at, SPEC_VERSION, version_bytes(version)), INT64_VALUE,
                    (uint64_t)version);
    return put_text(at, SPEC_SIGNATURE, signature);
}

const char *version_choice_format(StringView model, const VersionChoice *choice,
                                  char buffer[static CHOICE_TEXT_BYTES]) {
    StringView name = text_cut(model, 100), label = text_cut(choice->label, 30);
    if (label.length > 0)
        snprintf(buffer, CHOICE_TEXT_BYTES, "Label(%.*s, %.*s)", TEXT_ARGS(name), TEXT_ARGS(label));
    else if (choice->has_number)
        snprintf(buffer, CHOICE_TEXT_BYTES, "Specific(%.*s, %lld)", TEXT_ARGS(name),
                 (long long)choice->number);
    else
        snprintf(buffer, CHOICE_TEXT_BYTES, "Latest(%.*s)", TEXT_ARGS(name));
    return buffer;
}
