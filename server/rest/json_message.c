/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A walk over a message by its descriptor. Nests as deep as our own contracts do: what is written
 * here was made by this server. A map is a repeated message of key and value (protobuf-c does not
 * mark it: it is known by its name, which protoc gives). An Any of ours is the one that
 * GetModelMetadata holds, and is shown as its content. Pure; any thread.
 */

#include "server/rest/json_message.h"

#include "tensorflow_serving/apis/get_model_metadata.pb-c.h"

#include <stdio.h>
#include <string.h>

static bool is_map_entry(const ProtobufCMessageDescriptor *descriptor) {
    size_t length = strlen(descriptor->name);
    return length > 5 && !strcmp(descriptor->name + length - 5, "Entry") &&
           descriptor->n_fields == 2 && !strcmp(descriptor->fields[0].name, "key") &&
           !strcmp(descriptor->fields[1].name, "value");
}

static json_t *of_any(const Google__Protobuf__Any *any, JsonMessageStyle style) {
    Tensorflow__Serving__SignatureDefMap *map =
        tensorflow__serving__signature_def_map__unpack(NULL, any->value.len, any->value.data);
    json_t *object = map ? json_of_message(&map->base, style) : json_object();
    if (map)
        tensorflow__serving__signature_def_map__free_unpacked(map, NULL);
    return object;
}

static json_t *of_whole(json_int_t value, const char *text, JsonMessageStyle style) {
    return style.int64_as_text ? json_string(text) : json_integer(value);
}

static json_t *of_enum(const ProtobufCFieldDescriptor *field, int number) {
    const ProtobufCEnumValue *value =
        protobuf_c_enum_descriptor_get_value(field->descriptor, number);
    return value ? json_string(value->name) : json_integer(number);
}

/* One value at data. */
static json_t *of_value(const ProtobufCFieldDescriptor *field, const void *data,
                        JsonMessageStyle style) {
    char text[24];
    switch (field->type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
        return json_integer(*(const int32_t *)data);
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
        return json_integer(*(const uint32_t *)data);
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
        snprintf(text, sizeof text, "%lld", (long long)*(const int64_t *)data);
        return of_whole(*(const int64_t *)data, text, style);
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        snprintf(text, sizeof text, "%llu", (unsigned long long)*(const uint64_t *)data);
        return of_whole((json_int_t) * (const uint64_t *)data, text, style);
    case PROTOBUF_C_TYPE_FLOAT:
        return json_real((double)*(const float *)data);
    case PROTOBUF_C_TYPE_DOUBLE:
        return json_real(*(const double *)data);
    case PROTOBUF_C_TYPE_BOOL:
        return json_boolean(*(const protobuf_c_boolean *)data);
    case PROTOBUF_C_TYPE_ENUM:
        return of_enum(field, *(const int *)data);
    case PROTOBUF_C_TYPE_STRING: {
        const char *string = *(char *const *)data;
        return json_string(string ? string : "");
    }
    case PROTOBUF_C_TYPE_BYTES: {
        const ProtobufCBinaryData *bytes = data;
        return json_stringn((const char *)bytes->data, bytes->len);
    }
    case PROTOBUF_C_TYPE_MESSAGE: {
        const ProtobufCMessage *message = *(ProtobufCMessage *const *)data;
        return message ? json_of_message(message, style) : NULL;
    }
    }
    return NULL;
}

static size_t item_bytes(const ProtobufCFieldDescriptor *field) {
    switch (field->type) {
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_DOUBLE:
        return 8;
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_MESSAGE:
        return sizeof(void *);
    case PROTOBUF_C_TYPE_BYTES:
        return sizeof(ProtobufCBinaryData);
    case PROTOBUF_C_TYPE_BOOL:
        return sizeof(protobuf_c_boolean);
    default:
        return 4;
    }
}

static void add_entry(json_t *object, const ProtobufCMessage *entry, JsonMessageStyle style) {
    const ProtobufCFieldDescriptor *fields = entry->descriptor->fields;
    const char *at = (const char *)entry;
    char number[24];
    const void *key = at + fields[0].offset;
    const char *text = number;
    if (fields[0].type == PROTOBUF_C_TYPE_STRING)
        text = *(char *const *)key;
    else if (item_bytes(&fields[0]) == 8)
        snprintf(number, sizeof number, "%llu", (unsigned long long)*(const uint64_t *)key);
    else
        snprintf(number, sizeof number, "%u", *(const uint32_t *)key);
    json_object_set_new(object, text ? text : "",
                        of_value(&fields[1], at + fields[1].offset, style));
}

static json_t *of_repeated(const ProtobufCFieldDescriptor *field, const void *list, size_t count,
                           JsonMessageStyle style) {
    bool is_map = field->type == PROTOBUF_C_TYPE_MESSAGE && is_map_entry(field->descriptor);
    json_t *result = is_map ? json_object() : json_array();
    for (size_t i = 0; i < count; i++) {
        const char *item = (const char *)list + i * item_bytes(field);
        if (is_map)
            add_entry(result, *(ProtobufCMessage *const *)(const void *)item, style);
        else
            json_array_append_new(result, of_value(field, item, style));
    }
    return result;
}

/* Whether a field that is given once is there, or is to be shown all the same. */
static bool is_shown(const ProtobufCFieldDescriptor *field, const char *message,
                     JsonMessageStyle style) {
    const char *at = message + field->offset;
    if (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF)
        return *(const uint32_t *)(const void *)(message + field->quantifier_offset) == field->id;
    if (field->type == PROTOBUF_C_TYPE_MESSAGE)
        return *(void *const *)(const void *)at != NULL;
    if (style.all_fields)
        return true;
    if (field->type == PROTOBUF_C_TYPE_STRING) {
        const char *text = *(char *const *)(const void *)at;
        return text && *text;
    }
    static const char zeros[16] = { 0 };
    return memcmp(at, zeros, item_bytes(field)) != 0;
}

json_t *json_of_message(const ProtobufCMessage *message, JsonMessageStyle style) {
    const ProtobufCMessageDescriptor *descriptor = message->descriptor;
    if (descriptor == &google__protobuf__any__descriptor)
        return of_any((const Google__Protobuf__Any *)message, style);
    json_t *object = json_object();
    const char *base = (const char *)message;
    for (unsigned i = 0; object && i < descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &descriptor->fields[i];
        const char *at = base + field->offset;
        if (field->label == PROTOBUF_C_LABEL_REPEATED) {
            size_t count = *(const size_t *)(const void *)(base + field->quantifier_offset);
            if (count > 0 || style.all_fields)
                json_object_set_new(
                    object, field->name,
                    of_repeated(field, *(void *const *)(const void *)at, count, style));
        } else if (is_shown(field, base, style)) {
            /* A wrapper (Int64Value) is its value. */
            json_t *value = of_value(field, at, style);
            bool wrapped = field->type == PROTOBUF_C_TYPE_MESSAGE &&
                           !strncmp(((const ProtobufCMessageDescriptor *)field->descriptor)->name,
                                    "google.protobuf.", 16) &&
                           json_object_size(value) == 1 && json_object_get(value, "value");
            json_object_set(object, field->name, wrapped ? json_object_get(value, "value") : value);
            json_decref(value);
        }
    }
    return object;
}
