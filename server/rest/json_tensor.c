/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The hot loop of REST: a number, a comma, a number. Whole tokens are read where they lie; only one
 * that a piece's end cuts is copied, up to a limit. Depth is bounded by the highest rank there is,
 * so a million brackets fail at the ninth. Elements grow in the arena by doubling, from a guess at
 * the text's length. One thread at a time.
 */

#include "server/rest/json_tensor.h"

#include "runtime/base/size.h"
#include "runtime/json/base64.h"
#include "runtime/json/decimal_row.h"
#include "runtime/json/json_reader.h"

#include <string.h>

enum {
    TOKEN_FIRST_BYTES = 256,
    STRING_TOKEN_MAX = 64 << 20,
    NUMBER_KEPT_MAX = 2 * DECIMAL_LENGTH_MAX + TOKEN_FIRST_BYTES, /* with what comes behind it */
    ELEMENTS_FIRST = 64,
    TEXT_PER_ELEMENT = 2, /* "1,": then nothing grows, and what stays untouched costs nothing */
    SHOWN_MAX = 40,
};

/* Types that JSON can say. Integers: their range. */
static const struct {
    DType dtype;
    int64_t least;
    uint64_t most;
} TYPES[] = {
    { DTYPE_F32, 0, 0 },
    { DTYPE_F64, 0, 0 },
    { DTYPE_BOOL, 0, 0 },
    { DTYPE_STRING, 0, 0 },
    { DTYPE_I8, INT8_MIN, INT8_MAX },
    { DTYPE_I16, INT16_MIN, INT16_MAX },
    { DTYPE_I32, INT32_MIN, INT32_MAX },
    { DTYPE_I64, INT64_MIN, INT64_MAX },
    { DTYPE_U8, 0, UINT8_MAX },
    { DTYPE_U16, 0, UINT16_MAX },
    { DTYPE_U32, 0, UINT32_MAX },
    { DTYPE_U64, 0, UINT64_MAX },
};

static size_t find_type(DType dtype) {
    for (size_t i = 0; i < ARRAY_LENGTH(TYPES); i++)
        if (TYPES[i].dtype == dtype)
            return i;
    return INDEX_NONE;
}

bool json_tensor_has_type(DType dtype) {
    return find_type(dtype) != INDEX_NONE;
}

void json_tensor_init(JsonTensor *tensor, const JsonTensorOptions *options) {
    *tensor = (JsonTensor){ .options = *options,
                            .element_bytes = dtype_bytes(options->dtype),
                            .rank = -1,
                            .expects_value = true };
}

void json_tensor_deinit(JsonTensor *tensor) {
    free(tensor->token);
    tensor->token = NULL;
}

void json_tensor_next(JsonTensor *tensor) {
    tensor->expects_value = true;
    tensor->may_close = tensor->is_done = false;
}

void json_tensor_shape(const JsonTensor *tensor, Shape *ret_shape) {
    *ret_shape = (Shape){ .rank = MAX_OF(tensor->rank, 0) };
    for (int32_t i = 0; i < ret_shape->rank; i++)
        ret_shape->dims[i] = (int64_t)tensor->dims[i];
}

/* --- mistakes --- */

static Status syntax_error(const JsonTensor *tensor, const char *what, size_t offset) {
    return status_error(STATUS_INVALID_ARGUMENT, "JSON Parse error: %s at offset: %zu", what,
                        tensor->offset + offset);
}

static Status size_error(const JsonTensor *tensor, int32_t level, size_t expected, size_t got) {
    if (tensor->options.is_instances)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "Expecting tensor size: %zu but got: %zu (at level %d)", expected, got,
                            (int)level);
    return status_error(STATUS_INVALID_ARGUMENT,
                        "Encountered list at unexpected size: %zu at level: %d expected size: %zu",
                        got, (int)level, expected);
}

static Status level_error(const JsonTensor *tensor, int32_t level) {
    if (tensor->options.is_instances)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "Expecting shape with %d dimensions but got %d at least",
                            (int)tensor->rank - 1, (int)level - 1);
    return status_error(STATUS_INVALID_ARGUMENT,
                        "Encountered list at unexpected level: %d expected < %d", (int)level,
                        (int)tensor->rank);
}

static Status type_error(const JsonTensor *tensor, const char *begin, const char *end) {
    const char *kind = *begin == '"'                    ? "String"
                       : *begin == '{'                  ? "Object"
                       : *begin == 't' || *begin == 'f' ? "Boolean"
                       : *begin == 'n'                  ? "Null"
                                                        : "Number";
    size_t length = (size_t)(end - begin);
    size_t shown = MIN_OF(length, (size_t)SHOWN_MAX);
    while (shown < length && shown > 0 && ((unsigned char)begin[shown] & 0xC0) == 0x80)
        shown--;
    return status_error(STATUS_INVALID_ARGUMENT,
                        "JSON Value: %.*s%s Type: %s is not of expected type: %s", (int)shown,
                        begin, shown < length ? "..." : "", kind, tensor->options.type_name);
}

/* --- elements --- */

static Status grow(JsonTensor *tensor) {
    size_t guess = tensor->options.hint_bytes / TEXT_PER_ELEMENT;
    size_t capacity =
        tensor->capacity ? 2 * tensor->capacity : MAX_OF(guess, (size_t)ELEMENTS_FIRST);
    size_t bytes;
    if (!size_mul(capacity, tensor->element_bytes, &bytes))
        return arena_exhausted(tensor->options.arena);
    unsigned char *data = arena_alloc(tensor->options.arena, bytes);
    if (!data)
        return arena_exhausted(tensor->options.arena);
    if (tensor->count > 0)
        memcpy(data, tensor->data, tensor->count * tensor->element_bytes);
    tensor->data = data;
    tensor->capacity = capacity;
    return status_ok();
}

static inline unsigned char *slot(JsonTensor *tensor) {
    return tensor->data + tensor->count * tensor->element_bytes;
}

/* An element at this depth: is that where elements are? */
static inline Status count_element(JsonTensor *tensor) {
    if (__builtin_expect(tensor->rank != tensor->depth, 0)) {
        if (tensor->rank >= 0)
            return level_error(tensor, tensor->depth + (tensor->depth < tensor->rank));
        tensor->rank = tensor->depth;
    }
    tensor->counts[tensor->depth]++;
    if (__builtin_expect(tensor->count == tensor->capacity, 0))
        return grow(tensor);
    return status_ok();
}

static Status put_integer(JsonTensor *tensor, const Decimal *decimal) {
    size_t row = find_type(tensor->options.dtype);
    int64_t number = 0;
    uint64_t magnitude;
    bool fits;
    if (TYPES[row].least < 0) {
        fits = decimal_to_i64(decimal, &number) && number >= TYPES[row].least &&
               (number < 0 || (uint64_t)number <= TYPES[row].most);
        magnitude = (uint64_t)number;
    } else {
        fits = decimal_to_u64(decimal, &magnitude) && magnitude <= TYPES[row].most;
    }
    if (!fits)
        return type_error(tensor, decimal->begin, decimal->end);
    memcpy(slot(tensor), &magnitude, tensor->element_bytes); /* little-endian: the low bytes */
    tensor->count++;
    return status_ok();
}

static inline Status put_float(JsonTensor *tensor, float narrow, double wide) {
    const void *value = tensor->options.dtype == DTYPE_F32 ? (const void *)&narrow : &wide;
    memcpy(slot(tensor), value, tensor->element_bytes);
    tensor->count++;
    return status_ok();
}

static inline Status put_number(JsonTensor *tensor, const Decimal *decimal) {
    if (decimal->end - decimal->begin > DECIMAL_LENGTH_MAX)
        return syntax_error(tensor, "Number too long.", 0);
    if (tensor->options.dtype == DTYPE_F32)
        return put_float(tensor, decimal_to_f32(decimal), 0);
    if (tensor->options.dtype == DTYPE_F64)
        return put_float(tensor, 0, decimal_to_f64(decimal));
    if (tensor->options.dtype == DTYPE_BOOL || tensor->options.dtype == DTYPE_STRING)
        return type_error(tensor, decimal->begin, decimal->end);
    return put_integer(tensor, decimal);
}

static Status put_view(JsonTensor *tensor, const char *text, size_t length) {
    StringView view = { .data = text, .length = length };
    memcpy(slot(tensor), &view, sizeof view);
    tensor->count++;
    tensor->text_bytes += length;
    return status_ok();
}

static Status put_string(JsonTensor *tensor, const char *begin, const char *end) {
    if (tensor->options.dtype != DTYPE_STRING)
        return type_error(tensor, begin, end);
    char *text = arena_alloc(tensor->options.arena, (size_t)(end - begin));
    if (!text)
        return arena_exhausted(tensor->options.arena);
    size_t length;
    const char *wrong = json_unescape(begin + 1, end - 1, text, &length);
    if (wrong)
        return syntax_error(tensor, wrong, 0);
    return put_view(tensor, text, length);
}

/* {"b64": "..."} and nothing else. */
static Status put_object(JsonTensor *tensor, const char *begin, const char *end) {
    if (tensor->options.dtype != DTYPE_STRING)
        return type_error(tensor, begin, end);
    JsonReader reader = json_reader_of(begin, (size_t)(end - begin));
    StringView key, value = { 0 };
    size_t members = 0;
    bool right = json_peek(&reader) == JSON_KIND_OBJECT && json_open(&reader);
    while (right && json_next_member(&reader, tensor->options.arena, &key)) {
        right = ++members == 1 && key.length == 3 && !memcmp(key.data, "b64", 3) &&
                json_peek(&reader) == JSON_KIND_STRING &&
                json_read_string(&reader, tensor->options.arena, &value);
    }
    if (reader.memory)
        return arena_exhausted(tensor->options.arena);
    if (!right || members != 1 || reader.mistake)
        return type_error(tensor, begin, end);
    char *bytes = arena_alloc(tensor->options.arena, base64_bytes_max(value.length));
    if (!bytes)
        return arena_exhausted(tensor->options.arena);
    size_t length;
    if (!base64_decode(value.data, value.length, bytes, &length))
        return status_error(STATUS_INVALID_ARGUMENT, "Unable to base64 decode a string element");
    return put_view(tensor, bytes, length);
}

static Status put_word(JsonTensor *tensor, const char *begin, const char *end) {
    static const struct {
        const char *word;
        bool is_bool, value;
    } words[] = { { "true", true, true }, { "false", true, false }, { "null", false, false } };
    size_t length = (size_t)(end - begin);
    for (size_t i = 0; i < ARRAY_LENGTH(words); i++) {
        if (length != strlen(words[i].word) || memcmp(begin, words[i].word, length) != 0)
            continue;
        if (!words[i].is_bool || tensor->options.dtype != DTYPE_BOOL)
            return type_error(tensor, begin, end);
        *slot(tensor) = words[i].value;
        tensor->count++;
        return status_ok();
    }
    double value;
    if (json_not_finite(begin, end, &value) != end)
        return syntax_error(tensor, "Invalid value.", 0);
    if (tensor->options.dtype == DTYPE_F32 || tensor->options.dtype == DTYPE_F64)
        return put_float(tensor, (float)value, value);
    return type_error(tensor, begin, end);
}

/* A whole scalar. */
static Status put_token(JsonTensor *tensor, const char *begin, const char *end) {
    TRY(count_element(tensor));
    if (*begin == '"')
        return put_string(tensor, begin, end);
    if (*begin == '{')
        return put_object(tensor, begin, end);
    Decimal decimal;
    if (decimal_scan(begin, end, &decimal) == end)
        return put_number(tensor, &decimal);
    return put_word(tensor, begin, end);
}

/* --- brackets --- */

static Status open_array(JsonTensor *tensor) {
    if (tensor->rank >= 0 && tensor->depth >= tensor->rank)
        return level_error(tensor, tensor->depth + 1);
    if (tensor->depth == SHAPE_MAX_RANK)
        return status_error(STATUS_INVALID_ARGUMENT, "a tensor has more than %d dimensions",
                            SHAPE_MAX_RANK);
    tensor->counts[++tensor->depth] = 0;
    tensor->may_close = true;
    return status_ok();
}

static Status close_array(JsonTensor *tensor) {
    int32_t level = tensor->depth;
    size_t count = tensor->counts[level];
    if (tensor->rank < 0)
        tensor->rank = level; /* empty so far */
    if (!tensor->has_dim[level - 1]) {
        tensor->dims[level - 1] = count;
        tensor->has_dim[level - 1] = true;
    } else if (tensor->dims[level - 1] != count) {
        return size_error(tensor, level - 1, tensor->dims[level - 1], count);
    }
    tensor->counts[--tensor->depth]++;
    tensor->expects_value = tensor->may_close = false;
    return status_ok();
}

/* --- tokens --- */

static inline bool is_token_character(char character) {
    return (character >= '0' && character <= '9') || (character | 0x20) == 'e' ||
           ((character | 0x20) >= 'a' && (character | 0x20) <= 'z') || character == '.' ||
           character == '-' || character == '+';
}

/* Behind the token that begins at `at`; NULL: it is not all there. */
static const char *token_end(const char *at, const char *end, bool is_last) {
    if (*at == '"')
        return json_string_end(at, end);
    if (*at == '{') {
        while (at < end && *at != '}') {
            at = *at == '"' ? json_string_end(at, end) : at + 1;
            if (!at)
                return NULL;
        }
        return at < end ? at + 1 : NULL;
    }
    const char *behind = at;
    while (behind < end && is_token_character(*behind))
        behind++;
    if (behind == end && !is_last)
        return NULL;
    return behind > at ? behind : at + 1; /* a strange character is a token, and a mistake */
}

/* Adds to the cut token. */
static Status keep_token(JsonTensor *tensor, const char *text, size_t bytes) {
    bool is_text = (tensor->token_length ? *tensor->token : *text) == '"' ||
                   (tensor->token_length ? *tensor->token : *text) == '{';
    size_t limit = is_text ? (size_t)STRING_TOKEN_MAX : (size_t)NUMBER_KEPT_MAX;
    size_t length = tensor->token_length + bytes;
    if (length > limit)
        return syntax_error(tensor, is_text ? "String too long." : "Number too long.", 0);
    if (length > tensor->token_capacity) {
        size_t capacity = MAX_OF(2 * length, (size_t)TOKEN_FIRST_BYTES);
        char *token = realloc(tensor->token, capacity);
        if (!token)
            return status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory");
        tensor->token = token;
        tensor->token_capacity = capacity;
    }
    memcpy(tensor->token + tensor->token_length, text, bytes);
    tensor->token_length = length;
    return status_ok();
}

/* Goes on with a token whose beginning is kept; *at is stepped behind it, or to the end. Looks at
 * its bytes again for every piece: pieces are large and tokens are not. */
static Status resume_token(JsonTensor *tensor, const char **at, const char *end, bool is_last) {
    while (tensor->token_length > 0) {
        size_t before = tensor->token_length;
        size_t more = MIN_OF((size_t)(end - *at), MAX_OF(before, (size_t)TOKEN_FIRST_BYTES));
        bool ends = is_last && more == (size_t)(end - *at);
        TRY(keep_token(tensor, *at, more));
        const char *token = tensor->token;
        const char *behind = token_end(token, token + tensor->token_length, ends);
        if (behind &&
            (behind < token + tensor->token_length || ends || *token == '"' || *token == '{')) {
            TRY(put_token(tensor, token, behind));
            tensor->expects_value = tensor->may_close = false;
            *at += (size_t)(behind - token) - before;
            tensor->token_length = 0;
            return status_ok();
        }
        *at += more;
        if (*at == end && !ends)
            return status_ok();
        if (ends)
            return syntax_error(tensor, "Invalid value.", 0);
    }
    return status_ok();
}

/* Floats where elements are known to be, with nothing to look up in between. */
static const char *run_floats(JsonTensor *tensor, const char *text, const char *at,
                              const char *end) {
    float *first = (float *)(void *)slot(tensor), *dst = first;
    bool ended;
    at = decimal_row_f32(text, at, end, &dst, first + (tensor->capacity - tensor->count), &ended);
    tensor->count += (size_t)(dst - first);
    tensor->counts[tensor->depth] += (size_t)(dst - first);
    if (dst > first)
        tensor->may_close = false;
    tensor->expects_value = !ended;
    return at;
}

/* Numbers and commas, as long as that is what comes. Leaves everything else where it is. */
static inline Status run_numbers(JsonTensor *tensor, const char *text, const char **ret_at,
                                 const char *end) {
    const char *at = *ret_at;
    Decimal decimal;
    while (at < end) {
        if (tensor->options.dtype == DTYPE_F32 && tensor->rank == tensor->depth &&
            tensor->count < tensor->capacity)
            at = run_floats(tensor, text, at, end);
        if (!tensor->expects_value)
            break;
        const char *behind = decimal_scan(at, end, &decimal);
        if (!behind || behind == end) /* perhaps cut */
            break;
        TRY(count_element(tensor));
        TRY(put_number(tensor, &decimal));
        tensor->may_close = false;
        at = json_skip_blanks(behind, end);
        tensor->expects_value = false;
        if (at == end || *at != ',')
            break;
        tensor->expects_value = true;
        at = json_skip_blanks(at + 1, end);
    }
    *ret_at = at;
    return status_ok();
}

/* One bracket, or one scalar that is not a number or may be cut. */
static Status read_value(JsonTensor *tensor, const char **at, const char *end, bool is_last) {
    if (**at == '[') {
        (*at)++;
        return open_array(tensor);
    }
    if (**at == ']' && tensor->may_close) {
        (*at)++;
        return close_array(tensor);
    }
    const char *behind = token_end(*at, end, is_last);
    if (!behind && is_last)
        return syntax_error(tensor, "Missing a closing quotation mark in string.", 0);
    if (!behind) {
        TRY(keep_token(tensor, *at, (size_t)(end - *at)));
        *at = end;
        return status_ok();
    }
    TRY(put_token(tensor, *at, behind));
    tensor->expects_value = tensor->may_close = false;
    *at = behind;
    return status_ok();
}

static Status read_between(JsonTensor *tensor, const char **at, const char *begin) {
    char character = *(*at)++;
    if (character == ',') {
        tensor->expects_value = true;
        return status_ok();
    }
    if (character == ']')
        return close_array(tensor);
    return syntax_error(tensor, "Missing a comma or ] after an array element.",
                        (size_t)(*at - 1 - begin));
}

Status json_tensor_feed(JsonTensor *tensor, const char *text, size_t bytes, bool is_last,
                        size_t *ret_used) {
    const char *at = text, *end = text + bytes;
    TRY(resume_token(tensor, &at, end, is_last));
    while (!tensor->is_done) {
        if (!tensor->expects_value && tensor->depth == 0) {
            tensor->is_done = true;
            break;
        }
        at = json_skip_blanks(at, end);
        if (at == end)
            break;
        if (!tensor->expects_value) {
            TRY(read_between(tensor, &at, text));
            continue;
        }
        if (tensor->depth > 0)
            TRY(run_numbers(tensor, text, &at, end));
        if (at < end && tensor->expects_value)
            TRY(read_value(tensor, &at, end, is_last));
    }
    if (is_last && !tensor->is_done)
        return syntax_error(tensor, bytes ? "Invalid value." : "The document is empty.",
                            (size_t)(at - text));
    tensor->offset += (size_t)(at - text);
    *ret_used = (size_t)(at - text);
    return status_ok();
}
