/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The parser of protobuf text format, driven by protobuf-c's descriptors: it allocates each message
 * in the arena, lets the generated init fill in defaults, and stores values by the offsets that the
 * descriptors give. The result must never be passed to protobuf_c_message_free_unpacked: the arena
 * owns all of it.
 *
 * Grammar: field ':' value | field [':'] '{' ... '}' | field [':'] '<' ... '>' | field ':' '['
 * value, ... ']', with ',' or
 * ';' after any of them. Stricter than protobuf's in one point: an enum number needs a name.
 * Extensions and expanded Any,
 * "[type.url] { }", are refused.
 *
 * Hostile text: recursion ends at TEXT_DEPTH_MAX messages, text at TEXT_BYTES_MAX, fields at the
 * position table's limit, memory at the arena's budget.
 *
 * Thread: any.
 */

#include "runtime/config/text_format.h"

#include "runtime/base/nearest.h"
#include "runtime/base/size.h"
#include "runtime/config/text_lexer.h"
#include "runtime/config/text_positions.h"
#include "runtime/config/text_values.h"

#include <string.h>

enum { TEXT_DEPTH_MAX = 32, TEXT_BYTES_MAX = 4 << 20, MESSAGE_FIELDS_MAX = 64 };

typedef struct Parser {
    TextLexer lexer;
    TextMessage *message;
} Parser;

/* The message being filled. */
typedef struct Frame {
    ProtobufCMessage *message;
    int32_t entry; /* its own, parent of its fields' */
    size_t depth;
    uint64_t seen; /* bit per field of the descriptor */
    char closer;   /* '}' or '>'; 0: end of file */
} Frame;

static Status parse_fields(Parser *parser, Frame *frame);

static Status new_message(Arena *arena, const ProtobufCMessageDescriptor *descriptor,
                          ProtobufCMessage **ret_message) {
    if (descriptor->n_fields > MESSAGE_FIELDS_MAX)
        return status_error(STATUS_INTERNAL, "message %s has too many fields", descriptor->name);
    ProtobufCMessage *message = arena_alloc(arena, descriptor->sizeof_message);
    if (!message)
        return arena_exhausted(arena);
    descriptor->message_init(message);
    *ret_message = message;
    return status_ok();
}

static void *member(ProtobufCMessage *message, unsigned offset) {
    return (char *)message + offset;
}

/* Appends; the array doubles when its count is a power of two. */
static Status append_value(Arena *arena, Frame *frame, const ProtobufCFieldDescriptor *field,
                           const TextValue *value) {
    size_t bytes = text_value_bytes(field->type);
    size_t *count = member(frame->message, field->quantifier_offset);
    char **items = member(frame->message, field->offset);
    if ((*count & (*count - 1)) == 0) { /* 0 as well */
        size_t grown_bytes;
        if (!size_mul(*count ? 2 * *count : 1, bytes, &grown_bytes))
            return arena_exhausted(arena);
        char *grown = arena_alloc(arena, grown_bytes);
        if (!grown)
            return arena_exhausted(arena);
        if (*count > 0)
            memcpy(grown, *items, *count * bytes);
        *items = grown;
    }
    memcpy(*items + *count * bytes, value, bytes);
    ++*count;
    return status_ok();
}

static Status store_value(Parser *parser, Frame *frame, const ProtobufCFieldDescriptor *field,
                          const TextValue *value) {
    if (field->label == PROTOBUF_C_LABEL_REPEATED)
        return append_value(parser->lexer.arena, frame, field, value);
    memcpy(member(frame->message, field->offset), value, text_value_bytes(field->type));
    if (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF)
        memcpy(member(frame->message, field->quantifier_offset), &field->id, sizeof field->id);
    else if (field->label == PROTOBUF_C_LABEL_OPTIONAL && field->type != PROTOBUF_C_TYPE_MESSAGE &&
             field->type != PROTOBUF_C_TYPE_STRING)
        *(protobuf_c_boolean *)member(frame->message, field->quantifier_offset) = 1;
    return status_ok();
}

static uint32_t repeated_count(const Frame *frame, const ProtobufCFieldDescriptor *field) {
    if (field->label != PROTOBUF_C_LABEL_REPEATED)
        return 0;
    return (uint32_t) * (size_t *)member(frame->message, field->quantifier_offset);
}

static Status parse_message_value(Parser *parser, Frame *frame,
                                  const ProtobufCFieldDescriptor *field, int32_t entry) {
    const Token *token = &parser->lexer.token;
    char closer = text_token_is_mark(token, '{') ? '}' : text_token_is_mark(token, '<') ? '>' : 0;
    if (!closer)
        return text_error_at(token->position, "field '%s' is a message and wants '{', got %s",
                             field->name, TOKEN_TEXT(token));
    if (frame->depth == TEXT_DEPTH_MAX)
        return text_error_at(token->position, "messages are nested deeper than %d",
                             (int)TEXT_DEPTH_MAX);
    Frame inner = { .entry = entry, .depth = frame->depth + 1, .closer = closer };
    TRY(new_message(parser->lexer.arena, field->descriptor, &inner.message));
    TRY(text_lexer_next(&parser->lexer));
    TRY(parse_fields(parser, &inner));
    return store_value(parser, frame, field, &(TextValue){ .message = inner.message });
}

static Status parse_value(Parser *parser, Frame *frame, const ProtobufCFieldDescriptor *field,
                          TextPosition position) {
    int32_t entry;
    TRY(text_positions_add(parser->message,
                           &(TextEntry){ .field = field,
                                         .parent = frame->entry,
                                         .index = repeated_count(frame, field),
                                         .position = position },
                           &entry));
    if (field->type == PROTOBUF_C_TYPE_MESSAGE)
        return parse_message_value(parser, frame, field, entry);
    TextValue value;
    TRY(text_value_read(&parser->lexer, field, &value));
    return store_value(parser, frame, field, &value);
}

static Status parse_list(Parser *parser, Frame *frame, const ProtobufCFieldDescriptor *field) {
    TextLexer *lexer = &parser->lexer;
    if (field->label != PROTOBUF_C_LABEL_REPEATED)
        return text_error_at(lexer->token.position, "field '%s' takes one value, not a list",
                             field->name);
    TRY(text_lexer_next(lexer));
    if (text_token_is_mark(&lexer->token, ']'))
        return text_lexer_next(lexer);
    for (;;) {
        TRY(parse_value(parser, frame, field, lexer->token.position));
        if (text_token_is_mark(&lexer->token, ']'))
            return text_lexer_next(lexer);
        if (!text_token_is_mark(&lexer->token, ','))
            return text_error_at(lexer->token.position,
                                 "expected ',' or ']' in the list of field '%s', got %s",
                                 field->name, TOKEN_TEXT(&lexer->token));
        TRY(text_lexer_next(lexer));
    }
}

static const char *field_name_at(const void *user, size_t index) {
    const ProtobufCMessageDescriptor *descriptor = user;
    return descriptor->fields[index].name;
}

static Status find_field(const Token *name, const ProtobufCMessageDescriptor *descriptor,
                         const ProtobufCFieldDescriptor **ret_field) {
    for (unsigned i = 0; i < descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &descriptor->fields[i];
        if (strlen(field->name) == name->length &&
            memcmp(field->name, name->text, name->length) == 0) {
            *ret_field = field;
            return status_ok();
        }
    }
    const char *nearest =
        nearest_name(name->text, name->length, field_name_at, descriptor, descriptor->n_fields);
    if (nearest)
        return text_error_at(name->position, "%s has no field %s; did you mean '%s'?",
                             descriptor->short_name, TOKEN_TEXT(name), nearest);
    return text_error_at(name->position, "%s has no field %s", descriptor->short_name,
                         TOKEN_TEXT(name));
}

/* One field that is not repeated is given once, and one member of a oneof. */
static Status check_first(const Parser *parser, Frame *frame, const ProtobufCFieldDescriptor *field,
                          TextPosition position) {
    const ProtobufCMessageDescriptor *descriptor = frame->message->descriptor;
    if (field->label == PROTOBUF_C_LABEL_REPEATED)
        return status_ok();
    for (unsigned i = 0; i < descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *other = &descriptor->fields[i];
        bool same_oneof = (field->flags & other->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) &&
                          field->quantifier_offset == other->quantifier_offset;
        if ((other != field && !same_oneof) || !(frame->seen >> i & 1))
            continue;
        const TextEntry *first = text_positions_find(parser->message, frame->entry, other);
        if (other == field)
            return text_error_at(position, "field '%s' was given before, at %u:%u", field->name,
                                 first->position.line, first->position.column);
        return text_error_at(position, "field '%s' excludes '%s', given at %u:%u", field->name,
                             other->name, first->position.line, first->position.column);
    }
    frame->seen |= UINT64_C(1) << (field - descriptor->fields);
    return status_ok();
}

static Status parse_field(Parser *parser, Frame *frame) {
    TextLexer *lexer = &parser->lexer;
    Token name = lexer->token;
    if (text_token_is_mark(&name, '['))
        return text_error_at(name.position, "extensions and expanded Any are not supported");
    if (name.kind != TOKEN_NAME)
        return text_error_at(name.position, "expected a field name%s, got %s",
                             frame->closer ? " or a closing bracket" : "", TOKEN_TEXT(&name));
    const ProtobufCFieldDescriptor *field = NULL;
    TRY(find_field(&name, frame->message->descriptor, &field));
    TRY(check_first(parser, frame, field, name.position));
    TRY(text_lexer_next(lexer));
    bool colon = text_token_is_mark(&lexer->token, ':');
    if (colon)
        TRY(text_lexer_next(lexer));
    else if (field->type != PROTOBUF_C_TYPE_MESSAGE)
        return text_error_at(lexer->token.position, "expected ':' after field '%s', got %s",
                             field->name, TOKEN_TEXT(&lexer->token));
    /* A list of messages may do without the colon: Triton's own examples write `input [ { } ]`. */
    if (text_token_is_mark(&lexer->token, '['))
        TRY(parse_list(parser, frame, field));
    else
        TRY(parse_value(parser, frame, field, name.position));
    if (text_token_is_mark(&lexer->token, ',') || text_token_is_mark(&lexer->token, ';'))
        return text_lexer_next(lexer);
    return status_ok();
}

static Status parse_fields(Parser *parser, Frame *frame) {
    TextLexer *lexer = &parser->lexer;
    for (;;) {
        if (lexer->token.kind == TOKEN_END) {
            if (!frame->closer)
                return status_ok();
            const TextEntry *open = &parser->message->entries[frame->entry];
            return text_error_at(lexer->token.position,
                                 "field '%s' of line %u is not closed with '%c'", open->field->name,
                                 open->position.line, frame->closer);
        }
        if (frame->closer && text_token_is_mark(&lexer->token, frame->closer))
            return text_lexer_next(lexer);
        TRY(parse_field(parser, frame));
    }
}

Status text_format_parse(const char *text, size_t length,
                         const ProtobufCMessageDescriptor *descriptor, Arena *arena,
                         TextMessage **ret_message) {
    if (length > TEXT_BYTES_MAX)
        return status_error(STATUS_INVALID_ARGUMENT, "1:1: text has %zu bytes, the limit is %d",
                            length, (int)TEXT_BYTES_MAX);
    TextMessage *message = arena_calloc(arena, 1, sizeof *message);
    if (!message)
        return arena_exhausted(arena);
    message->arena = arena;
    TRY(new_message(arena, descriptor, &message->root));
    Parser parser = { .message = message };
    Frame frame = { .message = message->root, .entry = TEXT_NO_PARENT };
    TRY(text_lexer_init(&parser.lexer, text, length, arena));
    TRY(parse_fields(&parser, &frame));
    *ret_message = message;
    return status_ok();
}
