/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Scalars of protobuf text format. What a number must look like depends on the field it is for, so
 * the lexer hands over its text and the check is done here: whole numbers are decimal, 0x
 * hexadecimal or 0 octal and must fit; floats may be inf and nan and end in f; enums go by name or
 * by a number that has a name; strings must be UTF-8 without NUL, since they become C strings.
 *
 * How a type is read stands in one table, indexed by protobuf-c's type.
 *
 * Thread: any.
 */

#include "runtime/config/text_values.h"

#include "runtime/base/nearest.h"
#include "runtime/base/size.h"
#include "runtime/config/text_positions.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { NUMBER_LENGTH_MAX = 128 };

typedef struct Literal {
    Token token; /* NAME, NUMBER or the first STRING */
    bool negative;
    const ProtobufCFieldDescriptor *field;
} Literal;

static Status wrong_value(const Literal *literal, const char *wanted) {
    if (literal->negative)
        return text_error_at(literal->token.position, "field '%s' wants %s, got a minus before %s",
                             literal->field->name, wanted, TOKEN_TEXT(&literal->token));
    return text_error_at(literal->token.position, "field '%s' wants %s, got %s",
                         literal->field->name, wanted, TOKEN_TEXT(&literal->token));
}

/* The magnitude of a whole number. false: not one, or above UINT64_MAX. */
static bool parse_magnitude(const Token *token, uint64_t *ret_magnitude) {
    char text[NUMBER_LENGTH_MAX];
    if (token->kind != TOKEN_NUMBER || token->length >= sizeof text)
        return false;
    memcpy(text, token->text, token->length);
    text[token->length] = '\0';
    char *end;
    errno = 0;
    unsigned long long magnitude = strtoull(text, &end, 0);
    if (errno != 0 || *end != '\0' || text[0] == '.')
        return false;
    *ret_magnitude = magnitude;
    return true;
}

static bool parse_signed(const Literal *literal, int64_t lowest, int64_t highest,
                         int64_t *ret_number) {
    uint64_t magnitude;
    if (!parse_magnitude(&literal->token, &magnitude))
        return false;
    uint64_t limit = literal->negative ? (uint64_t)0 - (uint64_t)lowest : (uint64_t)highest;
    if (magnitude > limit)
        return false;
    *ret_number = (int64_t)(literal->negative ? (uint64_t)0 - magnitude : magnitude);
    return true;
}

static Status read_i32(const Literal *literal, TextValue *ret_value) {
    int64_t number;
    if (!parse_signed(literal, INT32_MIN, INT32_MAX, &number))
        return wrong_value(literal, "a whole number of 32 bits");
    ret_value->i32 = (int32_t)number;
    return status_ok();
}

static Status read_i64(const Literal *literal, TextValue *ret_value) {
    if (!parse_signed(literal, INT64_MIN, INT64_MAX, &ret_value->i64))
        return wrong_value(literal, "a whole number of 64 bits");
    return status_ok();
}

static Status read_u32(const Literal *literal, TextValue *ret_value) {
    uint64_t magnitude;
    if (literal->negative || !parse_magnitude(&literal->token, &magnitude) ||
        magnitude > UINT32_MAX)
        return wrong_value(literal, "a whole number from 0 to 2^32 - 1");
    ret_value->u32 = (uint32_t)magnitude;
    return status_ok();
}

static Status read_u64(const Literal *literal, TextValue *ret_value) {
    if (literal->negative || !parse_magnitude(&literal->token, &ret_value->u64))
        return wrong_value(literal, "a whole number from 0 to 2^64 - 1");
    return status_ok();
}

static bool token_is_word(const Token *token, const char *word) {
    return token->kind == TOKEN_NAME && token->length == strlen(word) &&
           strncasecmp(token->text, word, token->length) == 0;
}

/* Decimal only, as the language has it; strtod alone would take hexadecimal too. */
static bool parse_float(const Token *token, double *ret_number) {
    if (token_is_word(token, "inf") || token_is_word(token, "infinity")) {
        *ret_number = (double)INFINITY;
        return true;
    }
    if (token_is_word(token, "nan")) {
        *ret_number = (double)NAN;
        return true;
    }
    char text[NUMBER_LENGTH_MAX];
    if (token->kind != TOKEN_NUMBER || token->length >= sizeof text)
        return false;
    memcpy(text, token->text, token->length);
    size_t length = token->length;
    if (length > 1 && (text[length - 1] == 'f' || text[length - 1] == 'F'))
        length--;
    text[length] = '\0';
    if (length > 1 && (text[1] == 'x' || text[1] == 'X'))
        return false;
    char *end;
    *ret_number = strtod(text, &end);
    return *end == '\0';
}

static Status read_f64(const Literal *literal, TextValue *ret_value) {
    double number;
    if (!parse_float(&literal->token, &number))
        return wrong_value(literal, "a number");
    ret_value->f64 = literal->negative ? -number : number;
    return status_ok();
}

static Status read_f32(const Literal *literal, TextValue *ret_value) {
    TextValue wide;
    TRY(read_f64(literal, &wide));
    ret_value->f32 = (float)wide.f64; /* above the largest float: infinity, as protobuf has it */
    return status_ok();
}

static Status read_bool(const Literal *literal, TextValue *ret_value) {
    static const struct {
        const char *word;
        bool value;
    } words[] = { { "true", true },   { "True", true },   { "t", true },
                  { "false", false }, { "False", false }, { "f", false } };
    const Token *token = &literal->token;
    uint64_t magnitude;
    if (!literal->negative && parse_magnitude(token, &magnitude) && magnitude <= 1) {
        ret_value->boolean = (protobuf_c_boolean)magnitude;
        return status_ok();
    }
    for (size_t i = 0; i < ARRAY_LENGTH(words); i++) {
        if (!literal->negative && token->kind == TOKEN_NAME &&
            token->length == strlen(words[i].word) &&
            memcmp(token->text, words[i].word, token->length) == 0) {
            ret_value->boolean = words[i].value;
            return status_ok();
        }
    }
    return wrong_value(literal, "true or false");
}

static const char *enum_name_at(const void *user, size_t index) {
    const ProtobufCEnumDescriptor *descriptor = user;
    return descriptor->values_by_name[index].name;
}

static Status read_enum(const Literal *literal, TextValue *ret_value) {
    const ProtobufCEnumDescriptor *descriptor = literal->field->descriptor;
    const Token *token = &literal->token;
    if (token->kind == TOKEN_NAME && !literal->negative) {
        for (size_t i = 0; i < descriptor->n_value_names; i++) {
            const ProtobufCEnumValueIndex *row = &descriptor->values_by_name[i];
            if (strlen(row->name) == token->length &&
                memcmp(row->name, token->text, token->length) == 0) {
                ret_value->i32 = descriptor->values[row->index].value;
                return status_ok();
            }
        }
        const char *nearest = nearest_name(token->text, token->length, enum_name_at, descriptor,
                                           descriptor->n_value_names);
        if (nearest)
            return text_error_at(token->position, "field '%s' has no value %s; did you mean %s?",
                                 literal->field->name, TOKEN_TEXT(token), nearest);
        return text_error_at(token->position, "field '%s' has no value %s", literal->field->name,
                             TOKEN_TEXT(token));
    }
    int64_t number;
    if (!parse_signed(literal, INT32_MIN, INT32_MAX, &number))
        return wrong_value(literal, "the name of a value");
    if (!protobuf_c_enum_descriptor_get_value(descriptor, (int)number))
        return text_error_at(token->position, "field '%s' has no value with the number %lld",
                             literal->field->name, (long long)number);
    ret_value->i32 = (int32_t)number;
    return status_ok();
}

/* Well-formed UTF-8 without NUL: no overlong forms, no surrogates, nothing above U+10FFFF. */
static bool is_plain_utf8(const char *text, size_t length) {
    const unsigned char *bytes = (const unsigned char *)text;
    for (size_t i = 0; i < length;) {
        unsigned char lead = bytes[i];
        size_t tail = lead < 0x80   ? 0
                      : lead < 0xC2 ? SIZE_MAX
                      : lead < 0xE0 ? 1
                      : lead < 0xF0 ? 2
                      : lead < 0xF5 ? 3
                                    : SIZE_MAX;
        if (lead == 0 || tail == SIZE_MAX || tail >= length - i)
            return false;
        for (size_t k = 1; k <= tail; k++)
            if ((bytes[i + k] & 0xC0) != 0x80)
                return false;
        unsigned char second = tail > 0 ? bytes[i + 1] : 0;
        if ((lead == 0xE0 && second < 0xA0) || (lead == 0xED && second > 0x9F) ||
            (lead == 0xF0 && second < 0x90) || (lead == 0xF4 && second > 0x8F))
            return false;
        i += tail + 1;
    }
    return true;
}

static Status read_string(const Literal *literal, TextValue *ret_value) {
    if (literal->negative || literal->token.kind != TOKEN_STRING)
        return wrong_value(literal, "a string in quotes");
    if (!is_plain_utf8(literal->token.text, literal->token.length))
        return text_error_at(literal->token.position, "field '%s' wants UTF-8 text without NUL",
                             literal->field->name);
    ret_value->string =
        (char *)literal->token.text; /* decoded into our arena, so ours to hand out */
    return status_ok();
}

static Status read_bytes(const Literal *literal, TextValue *ret_value) {
    if (literal->negative || literal->token.kind != TOKEN_STRING)
        return wrong_value(literal, "a string in quotes");
    ret_value->bytes = (ProtobufCBinaryData){ .len = literal->token.length,
                                              .data = (uint8_t *)(char *)literal->token.text };
    return status_ok();
}

static const struct {
    Status (*read)(const Literal *literal, TextValue *ret_value);
    size_t bytes;
} types[] = {
    [PROTOBUF_C_TYPE_INT32] = { read_i32, sizeof(int32_t) },
    [PROTOBUF_C_TYPE_SINT32] = { read_i32, sizeof(int32_t) },
    [PROTOBUF_C_TYPE_SFIXED32] = { read_i32, sizeof(int32_t) },
    [PROTOBUF_C_TYPE_INT64] = { read_i64, sizeof(int64_t) },
    [PROTOBUF_C_TYPE_SINT64] = { read_i64, sizeof(int64_t) },
    [PROTOBUF_C_TYPE_SFIXED64] = { read_i64, sizeof(int64_t) },
    [PROTOBUF_C_TYPE_UINT32] = { read_u32, sizeof(uint32_t) },
    [PROTOBUF_C_TYPE_FIXED32] = { read_u32, sizeof(uint32_t) },
    [PROTOBUF_C_TYPE_UINT64] = { read_u64, sizeof(uint64_t) },
    [PROTOBUF_C_TYPE_FIXED64] = { read_u64, sizeof(uint64_t) },
    [PROTOBUF_C_TYPE_FLOAT] = { read_f32, sizeof(float) },
    [PROTOBUF_C_TYPE_DOUBLE] = { read_f64, sizeof(double) },
    [PROTOBUF_C_TYPE_BOOL] = { read_bool, sizeof(protobuf_c_boolean) },
    [PROTOBUF_C_TYPE_ENUM] = { read_enum, sizeof(int32_t) },
    [PROTOBUF_C_TYPE_STRING] = { read_string, sizeof(char *) },
    [PROTOBUF_C_TYPE_BYTES] = { read_bytes, sizeof(ProtobufCBinaryData) },
    [PROTOBUF_C_TYPE_MESSAGE] = { NULL, sizeof(ProtobufCMessage *) },
};

size_t text_value_bytes(ProtobufCType type) {
    return types[type].bytes;
}

/* Joins "a" "b" into one token: pieces are measured and copied once, when the last is known. */
static Status join_strings(TextLexer *lexer, Token *ret_token) {
    Token joined = lexer->token;
    size_t capacity = 0; /* of our own copy; 0: the lexer's */
    TRY(text_lexer_next(lexer));
    while (lexer->token.kind == TOKEN_STRING) {
        const Token *piece = &lexer->token;
        size_t length;
        if (!size_add(joined.length, piece->length, &length))
            return arena_exhausted(lexer->arena);
        if (length >= capacity) {
            capacity = 2 * length + 1;
            char *grown = arena_alloc(lexer->arena, capacity);
            if (!grown)
                return arena_exhausted(lexer->arena);
            memcpy(grown, joined.text, joined.length);
            joined.text = grown;
        }
        memcpy((char *)joined.text + joined.length, piece->text, piece->length + 1);
        joined.length = length;
        TRY(text_lexer_next(lexer));
    }
    *ret_token = joined;
    return status_ok();
}

Status text_value_read(TextLexer *lexer, const ProtobufCFieldDescriptor *field,
                       TextValue *ret_value) {
    Literal literal = { .field = field };
    if (text_token_is_mark(&lexer->token, '-')) {
        literal.negative = true;
        TRY(text_lexer_next(lexer));
    }
    literal.token = lexer->token;
    if (literal.token.kind == TOKEN_STRING) {
        TRY(join_strings(lexer, &literal.token));
        return types[field->type].read(&literal, ret_value);
    }
    TRY(types[field->type].read(&literal, ret_value));
    return text_lexer_next(lexer);
}
