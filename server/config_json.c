/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Driven by the message's descriptor, so that maps are told from messages and enum names from
 * texts. A map is a repeated message of key and value (protobuf-c does not mark it: it is known by
 * the name that protoc gives). Nesting is as deep as the contract, and ends at DEPTH_MAX. Pure but
 * for the arena.
 */

#include "server/config_json.h"

#include "runtime/base/size.h"
#include "runtime/json/json_reader.h"
#include "server/wire/wire_tensor.h"

#include "inference/model_config.pb-c.h"

#include <ctype.h>
#include <stdio.h>

enum { DEPTH_MAX = 16, FIRST_BYTES = 1024, SHOWN_MAX = 64 };

typedef struct Converter {
    JsonReader reader;
    Arena *arena;
    char *text;
    size_t length, capacity;
    size_t depth;
} Converter;

static Status convert_object(Converter *converter, const ProtobufCMessageDescriptor *message);

static Status bad_json(const Converter *converter) {
    const JsonReader *reader = &converter->reader;
    if (reader->memory)
        return arena_exhausted(converter->arena);
    return status_error(
        STATUS_INVALID_ARGUMENT, "failed to parse the config override: %s at offset: %zu",
        reader->mistake ? reader->mistake : "Invalid value.", (size_t)(reader->at - reader->begin));
}

static Status wrong_kind(const ProtobufCFieldDescriptor *field) {
    return status_error(STATUS_INVALID_ARGUMENT,
                        "failed to parse the config override: field '%s' has a value of another "
                        "kind",
                        field->name);
}

static Status put(Converter *converter, const char *text, size_t length) {
    if (length > converter->capacity - converter->length) {
        size_t capacity = MAX_OF(2 * converter->capacity, converter->length + length + FIRST_BYTES);
        char *grown = arena_alloc(converter->arena, capacity);
        if (!grown)
            return arena_exhausted(converter->arena);
        if (converter->length > 0)
            memcpy(grown, converter->text, converter->length);
        converter->text = grown;
        converter->capacity = capacity;
    }
    memcpy(converter->text + converter->length, text, length);
    converter->length += length;
    return status_ok();
}

static Status put_word(Converter *converter, const char *text) {
    return put(converter, text, strlen(text));
}

/* Quoted, every byte that is not plain as three octal digits. */
static Status put_quoted(Converter *converter, StringView text) {
    TRY(put_word(converter, "\""));
    for (size_t i = 0; i < text.length; i++) {
        unsigned char byte = (unsigned char)text.data[i];
        char escape[8];
        bool plain = byte >= 0x20 && byte < 0x7F && byte != '"' && byte != '\\';
        int length = plain ? 1 : snprintf(escape, sizeof escape, "\\%03o", byte);
        TRY(put(converter, plain ? &text.data[i] : escape, (size_t)length));
    }
    return put_word(converter, "\"");
}

static bool is_map(const ProtobufCFieldDescriptor *field) {
    const ProtobufCMessageDescriptor *entry = field->descriptor;
    if (field->type != PROTOBUF_C_TYPE_MESSAGE || field->label != PROTOBUF_C_LABEL_REPEATED)
        return false;
    size_t length = strlen(entry->name);
    return length > 5 && !strcmp(entry->name + length - 5, "Entry") && entry->n_fields == 2 &&
           !strcmp(entry->fields[0].name, "key");
}

/* A number as it stands, also in quotes, as 64 bits may be. */
static Status convert_number(Converter *converter, const ProtobufCFieldDescriptor *field) {
    StringView text;
    if (json_peek(&converter->reader) == JSON_KIND_STRING) {
        if (!json_read_string(&converter->reader, converter->arena, &text))
            return bad_json(converter);
        if (text.length == 0 || strspn(text.data, "-+.0123456789eE") != text.length)
            return wrong_kind(field);
    } else if (json_peek(&converter->reader) != JSON_KIND_NUMBER) {
        return wrong_kind(field);
    } else if (!json_skip(&converter->reader, &text)) {
        return bad_json(converter);
    }
    return put(converter, text.data, text.length);
}

static Status convert_text(Converter *converter, const ProtobufCFieldDescriptor *field) {
    StringView text;
    JsonKind kind = json_peek(&converter->reader);
    bool flag;
    if (field->type == PROTOBUF_C_TYPE_BOOL) {
        if (kind != JSON_KIND_BOOL)
            return wrong_kind(field);
        if (!json_read_bool(&converter->reader, &flag))
            return bad_json(converter);
        return put_word(converter, flag ? "true" : "false");
    }
    if (field->type == PROTOBUF_C_TYPE_ENUM && kind == JSON_KIND_NUMBER)
        return convert_number(converter, field);
    if (kind != JSON_KIND_STRING)
        return wrong_kind(field);
    if (!json_read_string(&converter->reader, converter->arena, &text))
        return bad_json(converter);
    if (field->type != PROTOBUF_C_TYPE_ENUM)
        return put_quoted(converter, text);
    for (size_t i = 0; i < text.length; i++) {
        char upper = (char)toupper((unsigned char)text.data[i]);
        if (!isalnum((unsigned char)upper) && upper != '_')
            return wrong_kind(field);
        TRY(put(converter, &upper, 1));
    }
    return status_ok();
}

static Status convert_value(Converter *converter, const ProtobufCFieldDescriptor *field) {
    switch (field->type) {
    case PROTOBUF_C_TYPE_MESSAGE:
        return convert_object(converter, field->descriptor);
    case PROTOBUF_C_TYPE_BOOL:
    case PROTOBUF_C_TYPE_ENUM:
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_BYTES:
        return convert_text(converter, field);
    default:
        return convert_number(converter, field);
    }
}

static Status convert_field(Converter *converter, const ProtobufCFieldDescriptor *field) {
    TRY(put_word(converter, field->name));
    TRY(put_word(converter, field->type == PROTOBUF_C_TYPE_MESSAGE ? " " : ": "));
    TRY(convert_value(converter, field));
    return put_word(converter, "\n");
}

/* {"k": v} is an entry { key: k value: v } a member. */
static Status convert_map(Converter *converter, const ProtobufCFieldDescriptor *field) {
    const ProtobufCMessageDescriptor *entry = field->descriptor;
    StringView key;
    if (json_peek(&converter->reader) != JSON_KIND_OBJECT)
        return wrong_kind(field);
    json_open(&converter->reader);
    while (json_next_member(&converter->reader, converter->arena, &key)) {
        TRY(put_word(converter, field->name));
        TRY(put_word(converter, " { key: "));
        bool is_text = entry->fields[0].type == PROTOBUF_C_TYPE_STRING;
        if (!is_text && strspn(key.data, "0123456789") != key.length)
            return wrong_kind(field);
        TRY(is_text ? put_quoted(converter, key) : put(converter, key.data, key.length));
        TRY(put_word(converter, "\n"));
        TRY(convert_field(converter, &entry->fields[1]));
        TRY(put_word(converter, "}\n"));
    }
    return converter->reader.mistake ? bad_json(converter) : status_ok();
}

static Status convert_list(Converter *converter, const ProtobufCFieldDescriptor *field) {
    if (json_peek(&converter->reader) != JSON_KIND_ARRAY)
        return wrong_kind(field);
    json_open(&converter->reader);
    while (json_next_element(&converter->reader)) {
        TRY(convert_field(converter, field));
    }
    return converter->reader.mistake ? bad_json(converter) : status_ok();
}

static Status convert_member(Converter *converter, const ProtobufCMessageDescriptor *message,
                             StringView key) {
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field_by_name(message, key.data);
    if (!field)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "failed to parse the config override: '%.*s' is not a field of %s",
                            TEXT_ARGS(text_cut(key, SHOWN_MAX)), message->short_name);
    if (json_peek(&converter->reader) == JSON_KIND_NULL)
        return json_skip(&converter->reader, NULL) ? status_ok() : bad_json(converter);
    if (is_map(field))
        return convert_map(converter, field);
    return field->label == PROTOBUF_C_LABEL_REPEATED ? convert_list(converter, field)
                                                     : convert_field(converter, field);
}

static Status convert_members(Converter *converter, const ProtobufCMessageDescriptor *message) {
    StringView key;
    json_open(&converter->reader);
    while (json_next_member(&converter->reader, converter->arena, &key)) {
        TRY(convert_member(converter, message, key));
    }
    return converter->reader.mistake ? bad_json(converter) : status_ok();
}

static Status convert_object(Converter *converter, const ProtobufCMessageDescriptor *message) {
    if (json_peek(&converter->reader) != JSON_KIND_OBJECT || ++converter->depth > DEPTH_MAX)
        return bad_json(converter);
    TRY(put_word(converter, "{ "));
    TRY(convert_members(converter, message));
    converter->depth--;
    return put_word(converter, "}");
}

Status config_json_to_text(StringView json, Arena *arena, StringView *ret_text) {
    Converter converter = { .reader = json_reader_of(json.data, json.length), .arena = arena };
    if (json_peek(&converter.reader) != JSON_KIND_OBJECT)
        return bad_json(&converter);
    TRY(convert_members(&converter, &inference__model_config__descriptor));
    if (json_skip_blanks(converter.reader.at, converter.reader.end) != converter.reader.end)
        return bad_json(&converter);
    TRY(put(&converter, "", 1)); /* the end */
    *ret_text = (StringView){ .data = converter.text, .length = converter.length - 1 };
    return status_ok();
}
