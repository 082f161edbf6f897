/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * StringConcat and StringSplit. Parts of a split are views of the input's own characters. Without a
 * delimiter any run of ASCII white space parts two words, and what is at the ends is dropped; with
 * one, two in a row part an empty string.
 *
 * Thread: any that runs kernels. Source: ONNX StringConcat 20, StringSplit 20.
 */

#include "runtime/cpu/reference/reference_kernels.h"
#include "runtime/cpu/reference/reference_util.h"

#include <string.h>

/* Walks all pairs; with text NULL only the characters are counted. */
static bool join_all(Broadcast walk, const StringView *a, const StringView *b, StringView *dst,
                     char *text, size_t *ret_bytes) {
    size_t bytes = 0;
    while (broadcast_next(&walk))
        for (size_t i = 0; i < walk.row_count; i++) {
            StringView left = a[walk.src[0] + i * walk.step[0]];
            StringView right = b[walk.src[1] + i * walk.step[1]];
            if (text) {
                StringView *joined = &dst[walk.dst + i];
                *joined = (StringView){ text + bytes, left.length + right.length };
                if (left.length > 0)
                    memcpy(text + bytes, left.data, left.length);
                if (right.length > 0)
                    memcpy(text + bytes + left.length, right.data, right.length);
            }
            if (!size_add(bytes, left.length, &bytes) || !size_add(bytes, right.length, &bytes))
                return false;
        }
    *ret_bytes = bytes;
    return true;
}

Status reference_string_concat(const KernelCall *call) {
    const Tensor *operands[2];
    Tensor *dst;
    Broadcast walk;
    size_t bytes;
    TRY(call_get_first(call, &operands[0], &dst));
    TRY(call_get_src(call, 1, &operands[1]));
    for (size_t i = 0; i < ARRAY_LENGTH(operands); i++)
        TRY(call_check_dtype(call, DTYPE_STRING, operands[i]));
    TRY(call_check_dtype(call, DTYPE_STRING, dst));
    TRY(broadcast_init(&walk, call, operands, ARRAY_LENGTH(operands), &dst->shape));
    char *text = NULL;
    if (join_all(walk, operands[0]->data, operands[1]->data, dst->data, NULL, &bytes))
        text = call->text_new(call, bytes + 1);
    if (!text)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "StringConcat: too many characters");
    (void)join_all(walk, operands[0]->data, operands[1]->data, dst->data, text, &bytes);
    return status_ok();
}

typedef struct Splitter {
    StringView delimiter; /* empty: white space */
    size_t most;          /* splits; SIZE_MAX: no limit */
} Splitter;

static bool is_space(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static StringView skip_spaces(StringView text) {
    while (text.length > 0 && is_space(*text.data))
        text = (StringView){ text.data + 1, text.length - 1 };
    return text;
}

/* Where the next delimiter begins; the text's length if there is none. */
static size_t find_delimiter(const Splitter *splitter, StringView text) {
    size_t length = splitter->delimiter.length;
    for (size_t i = 0; i < text.length; i++) {
        bool found = length == 0 ? is_space(text.data[i])
                                 : length <= text.length - i &&
                                       memcmp(text.data + i, splitter->delimiter.data, length) == 0;
        if (found)
            return i;
    }
    return text.length;
}

/* Parts of one string; parts NULL: only their number. */
static size_t split_text(const Splitter *splitter, StringView text, StringView *parts) {
    bool by_space = splitter->delimiter.length == 0;
    size_t count = 0;
    if (by_space)
        text = skip_spaces(text);
    while (!by_space || text.length > 0) {
        size_t end = count < splitter->most ? find_delimiter(splitter, text) : text.length;
        if (parts)
            parts[count] = (StringView){ text.data, end };
        count++;
        if (end == text.length)
            break;
        size_t taken = end + (by_space ? 1 : splitter->delimiter.length);
        text = (StringView){ text.data + taken, text.length - taken };
        if (by_space)
            text = skip_spaces(text);
    }
    return count;
}

static Status split_open(const KernelCall *call, const Tensor *src, Splitter *splitter) {
    const Attribute *most = node_find_attribute(call->node, "maxsplit");
    bool limited = most && most->kind == ATTRIBUTE_INT && most->i >= 0;
    *splitter = (Splitter){ .delimiter = node_get_string(call->node, "delimiter", ""),
                            .most = limited ? (size_t)most->i : SIZE_MAX };
    if (src->shape.rank + 1 > SHAPE_MAX_RANK)
        return call_invalid(call, "one more dim for shape %s is above the limit of %d",
                            SHAPE_TEXT(&src->shape), SHAPE_MAX_RANK);
    return call_check_dtype(call, DTYPE_STRING, src);
}

Status reference_string_split(const KernelCall *call) {
    const Tensor *src;
    Splitter splitter;
    TRY(call_get_src(call, 0, &src));
    TRY(split_open(call, src, &splitter));
    const StringView *texts = src->data;
    size_t widest = 0, count = tensor_elements(src);
    for (size_t i = 0; i < count; i++)
        widest = MAX_OF(widest, split_text(&splitter, texts[i], NULL));
    Shape shape = src->shape;
    shape.dims[shape.rank++] = (int64_t)widest;
    bool wants_parts = call_find_dst(call, 0) != NULL,
         wants_counts = call_find_dst(call, 1) != NULL;
    if (wants_parts)
        TRY(call->output_new(call, 0, DTYPE_STRING, &shape));
    if (wants_counts)
        TRY(call->output_new(call, 1, DTYPE_I64, &src->shape));
    for (size_t i = 0; i < count; i++) {
        StringView *parts =
            wants_parts && widest > 0 ? (StringView *)call->dst[0].data + i * widest : NULL;
        size_t made = split_text(&splitter, texts[i], parts);
        for (size_t k = made; parts && k < widest; k++)
            parts[k] = (StringView){ "", 0 };
        if (wants_counts)
            ((int64_t *)call->dst[1].data)[i] = (int64_t)made;
    }
    return status_ok();
}
