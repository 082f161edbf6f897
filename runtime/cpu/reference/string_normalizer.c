/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * StringNormalizer: drops elements that are stop words and changes the case of the others. Stop
 * words are compared as a whole. The attribute `locale` is not looked at: case is Unicode's simple
 * mapping everywhere, so that a model does not depend on the machine.
 *
 * Thread: any that runs kernels. Source: ONNX StringNormalizer 10.
 */

#include "runtime/cpu/reference/reference_kernels.h"
#include "runtime/cpu/reference/reference_util.h"
#include "runtime/cpu/reference/utf8.h"

#include <string.h>

typedef struct Normalizer {
    const StringView *stops;
    size_t stop_count;
    bool case_sensitive;
    uint32_t (*change)(uint32_t); /* NULL: none */
} Normalizer;

static StringView behind(StringView text, size_t bytes) {
    return (StringView){ text.data + bytes, text.length - bytes };
}

static bool texts_equal(StringView a, StringView b, bool case_sensitive) {
    if (case_sensitive)
        return a.length == b.length && (a.length == 0 || memcmp(a.data, b.data, a.length) == 0);
    while (a.length > 0 && b.length > 0) {
        size_t a_bytes, b_bytes;
        if (utf8_lower(utf8_read(a, &a_bytes)) != utf8_lower(utf8_read(b, &b_bytes)))
            return false;
        a = behind(a, a_bytes);
        b = behind(b, b_bytes);
    }
    return a.length == b.length;
}

static bool is_stop(const Normalizer *normalizer, StringView text) {
    for (size_t i = 0; i < normalizer->stop_count; i++)
        if (texts_equal(text, normalizer->stops[i], normalizer->case_sensitive))
            return true;
    return false;
}

/* Bytes of the changed text; dst NULL: only counts. */
static size_t change_case(const Normalizer *normalizer, StringView text, char *dst) {
    size_t total = 0, bytes;
    for (; text.length > 0; text = behind(text, bytes)) {
        char changed[UTF8_MAX_BYTES];
        size_t count = utf8_write(normalizer->change(utf8_read(text, &bytes)), changed);
        if (dst)
            memcpy(dst + total, changed, count);
        total += count;
    }
    return total;
}

static Status normalizer_open(const KernelCall *call, const Tensor *src, Normalizer *normalizer) {
    static const struct {
        const char *name;
        uint32_t (*change)(uint32_t);
    } actions[] = { { "NONE", NULL }, { "LOWER", utf8_lower }, { "UPPER", utf8_upper } };
    const Attribute *stops = node_find_attribute(call->node, "stopwords");
    StringView action = node_get_string(call->node, "case_change_action", "NONE");
    size_t found = INDEX_NONE;
    for (size_t i = 0; i < ARRAY_LENGTH(actions); i++)
        if (strlen(actions[i].name) == action.length &&
            memcmp(actions[i].name, action.data, action.length) == 0)
            found = i;
    if (found == INDEX_NONE)
        return call_invalid(call, "case_change_action: expected NONE, LOWER or UPPER, got '%.*s'",
                            (int)MIN_OF(action.length, (size_t)40), action.data);
    TRY(call_check_dtype(call, DTYPE_STRING, src));
    if (src->shape.rank != 1 && (src->shape.rank != 2 || src->shape.dims[0] != 1))
        return call_invalid(call, "expected shape [C] or [1,C], got %s", SHAPE_TEXT(&src->shape));
    bool listed = stops && stops->kind == ATTRIBUTE_STRINGS;
    *normalizer =
        (Normalizer){ .stops = listed ? stops->strings : NULL,
                      .stop_count = listed ? stops->count : 0,
                      .case_sensitive = node_get_int(call->node, "is_case_sensitive", 0) != 0,
                      .change = actions[found].change };
    return status_ok();
}

/* Elements that stay, and the characters that a change of case makes of them. */
static size_t count_kept(const Normalizer *normalizer, const Tensor *src, size_t *ret_bytes) {
    const StringView *texts = src->data;
    size_t kept = 0;
    *ret_bytes = 0;
    for (size_t i = 0; i < tensor_elements(src); i++) {
        if (is_stop(normalizer, texts[i]))
            continue;
        kept++;
        if (normalizer->change) /* at most twice what is in memory already: no overflow */
            *ret_bytes += change_case(normalizer, texts[i], NULL);
    }
    return kept;
}

static Status store_kept(const KernelCall *call, const Normalizer *normalizer, const Tensor *src,
                         char *text) {
    const StringView *texts = src->data;
    StringView *dst = call->dst[0].data;
    for (size_t i = 0, at = 0; i < tensor_elements(src); i++) {
        if (is_stop(normalizer, texts[i]))
            continue;
        dst[at] = texts[i];
        if (normalizer->change) {
            dst[at] = (StringView){ text, change_case(normalizer, texts[i], text) };
            text += dst[at].length;
        }
        at++;
    }
    return status_ok();
}

Status reference_string_normalizer(const KernelCall *call) {
    const Tensor *src;
    Normalizer normalizer;
    size_t bytes;
    TRY(call_get_src(call, 0, &src));
    if (!call_find_dst(call, 0))
        return call_invalid(call, "output 0 is missing");
    TRY(normalizer_open(call, src, &normalizer));
    size_t kept = count_kept(&normalizer, src, &bytes);
    Shape shape = src->shape;
    shape.dims[shape.rank - 1] = kept > 0 ? (int64_t)kept : 1;
    TRY(call->output_new(call, 0, DTYPE_STRING, &shape));
    if (kept == 0) {
        *(StringView *)call->dst[0].data = (StringView){ "", 0 };
        return status_ok();
    }
    char *text = call->text_new(call, bytes + 1);
    if (!text)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "StringNormalizer: too many characters");
    return store_kept(call, &normalizer, src, text);
}
