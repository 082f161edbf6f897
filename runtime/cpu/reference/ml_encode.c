/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Values by keys: LabelEncoder, CategoryMapper and OneHotEncoder. Keys go into a hash table in
 * scratch for the length of a call; of equal keys the first counts, and NaN is equal to NaN.
 *
 * Thread: any that runs kernels. Source: ONNX ai.onnx.ml LabelEncoder 1, 2 and 4, CategoryMapper 1,
 * OneHotEncoder 1.
 */

#include "runtime/cpu/reference/ml_scores.h"
#include "runtime/cpu/reference/reference_kernels.h"

#include <math.h>
#include <string.h>

#define SLOT_FREE UINT32_MAX
enum { KEYS_MAX = 1 << 28 };

/* One element of a tensor, ready to be compared. */
typedef struct Key {
    StringView text;
    uint64_t code; /* of a number: integers as they are, floats as the bits of a double */
} Key;

typedef struct KeyTable {
    Tensor keys;
    uint32_t *slots;   /* index of a key, or SLOT_FREE */
    size_t slot_count; /* a power of two */
} KeyTable;

/* A list attribute or a tensor one as a tensor of one dim; dtype INVALID where it is absent. */
static Tensor list_of(const Node *node, const char *name) {
    const Attribute *attribute = node_find_attribute(node, name);
    Tensor list = { .dtype = DTYPE_INVALID, .shape = SHAPE(0) };
    if (!attribute)
        return list;
    switch (attribute->kind) {
    case ATTRIBUTE_TENSOR:
        return *attribute->tensor;
    case ATTRIBUTE_INTS:
        list.dtype = DTYPE_I64;
        break;
    case ATTRIBUTE_FLOATS:
        list.dtype = DTYPE_F32;
        break;
    case ATTRIBUTE_STRINGS:
        list.dtype = DTYPE_STRING;
        break;
    default:
        return list;
    }
    list.shape.dims[0] = (int64_t)attribute->count;
    list.data =
        (void *)(uintptr_t)attribute->ints; /* the union's pointers are one; never written to */
    return list;
}

/* The first of the three that is there. */
static Tensor list_any(const Node *node, const char *const names[static 4]) {
    Tensor list = { .dtype = DTYPE_INVALID, .shape = SHAPE(0) };
    for (size_t i = 0; i < 4 && tensor_elements(&list) == 0; i++)
        list = list_of(node, names[i]);
    return list;
}

static Key key_at(const Tensor *tensor, size_t index, bool as_integer) {
    Key key = { .code = 0 };
    double value;
    if (tensor->dtype == DTYPE_STRING) {
        key.text = ((const StringView *)tensor->data)[index];
    } else if (as_integer || !dtype_info(tensor->dtype)->is_float) {
        int64_t whole;
        element_io_find(tensor->dtype)->load_i64(tensor->data, index, 1, 1, &whole);
        key.code = (uint64_t)whole;
    } else {
        element_io_find(tensor->dtype)->load_f64(tensor->data, index, 1, 1, &value);
        value = isnan(value) ? (double)NAN : value == 0.0 ? 0.0 : value;
        memcpy(&key.code, &value, sizeof key.code);
    }
    return key;
}

static bool keys_equal(const Key *a, const Key *b) {
    return a->code == b->code && a->text.length == b->text.length &&
           (a->text.length == 0 || memcmp(a->text.data, b->text.data, a->text.length) == 0);
}

static uint64_t key_hash(const Key *key) {
    uint64_t hash = UINT64_C(0xCBF29CE484222325) ^ key->code;
    for (size_t i = 0; i < key->text.length; i++)
        hash = (hash ^ (unsigned char)key->text.data[i]) * UINT64_C(0x100000001B3);
    hash = (hash ^ hash >> 32) * UINT64_C(0x9E3779B97F4A7C15);
    return hash ^ hash >> 29;
}

/* The slot of the key, or the free one where it would be. */
static uint32_t *find_slot(const KeyTable *table, const Key *key) {
    size_t at = (size_t)key_hash(key) & (table->slot_count - 1);
    for (;; at = (at + 1) & (table->slot_count - 1)) {
        uint32_t *slot = &table->slots[at];
        if (*slot == SLOT_FREE)
            return slot;
        Key found = key_at(&table->keys, *slot, false);
        if (keys_equal(&found, key))
            return slot;
    }
}

static Status table_init(const KernelCall *call, const Tensor *keys, KeyTable *ret_table) {
    KeyTable table = { .keys = *keys, .slot_count = 16 };
    size_t count = tensor_elements(keys);
    if (keys->dtype != DTYPE_STRING && !element_io_find(keys->dtype))
        return call_lacks_dtype(call, keys->dtype);
    if (count > KEYS_MAX)
        return call_invalid(call, "expected at most %d keys, got %zu", KEYS_MAX, count);
    while (table.slot_count < 2 * count)
        table.slot_count *= 2;
    TRY(call_get_scratch(call, table.slot_count * sizeof *table.slots, (void **)&table.slots));
    memset(table.slots, 0xFF, table.slot_count * sizeof *table.slots);
    for (size_t i = 0; i < count; i++) {
        Key key = key_at(keys, i, false);
        uint32_t *slot = find_slot(&table, &key);
        if (*slot == SLOT_FREE)
            *slot = (uint32_t)i;
    }
    *ret_table = table;
    return status_ok();
}

/* Index of the key that equals element `index`, SLOT_FREE when there is none. */
static uint32_t table_find(const KeyTable *table, const Tensor *src, size_t index,
                           bool as_integer) {
    Key key = key_at(src, index, as_integer);
    return *find_slot(table, &key);
}

/* dst[i] = values[index of the key src[i]], or missing, an element of dst's type. */
static Status map_values(const KernelCall *call, const Tensor *keys, const Tensor *values,
                         const void *missing) {
    const Tensor *src;
    Tensor *dst;
    KeyTable table;
    TRY(call_get_first(call, &src, &dst));
    TRY(call_check_shape(call, &src->shape, dst));
    TRY(call_check_dtype(call, keys->dtype, src));
    TRY(call_check_dtype(call, values->dtype, dst));
    size_t bytes = dtype_bytes(values->dtype);
    if (bytes == 0)
        return call_lacks_dtype(call, values->dtype);
    if (tensor_elements(keys) != tensor_elements(values))
        return call_invalid(call, "%zu keys do not go with %zu values", tensor_elements(keys),
                            tensor_elements(values));
    TRY(table_init(call, keys, &table));
    for (size_t i = 0; i < tensor_elements(src); i++) {
        uint32_t found = table_find(&table, src, i, false);
        memcpy((char *)dst->data + i * bytes,
               found == SLOT_FREE ? missing : (const char *)values->data + found * bytes, bytes);
    }
    return status_ok();
}

/* What stands for an unknown key, in the type of the values. */
typedef union Missing {
    StringView text;
    uint8_t bytes[sizeof(StringView)];
} Missing;

static Status read_missing(const KernelCall *call, DType dtype, Missing *missing) {
    Tensor given = list_of(call->node, "default_tensor");
    *missing = (Missing){ .bytes = { 0 } };
    if (dtype == DTYPE_STRING) {
        missing->text = node_get_string(call->node, "default_string", "_Unused");
        if (given.dtype == DTYPE_STRING && tensor_elements(&given) > 0)
            missing->text = *(const StringView *)given.data;
        return status_ok();
    }
    const ElementIo *io = element_io_find(dtype);
    if (!io)
        return call_lacks_dtype(call, dtype);
    double real = (double)node_get_float(call->node, "default_float", -0.0f);
    int64_t whole = node_get_int(call->node, "default_int64", -1);
    if (given.dtype != DTYPE_INVALID && tensor_elements(&given) > 0) {
        TRY(call_check_dtype(call, dtype, &given));
        memcpy(missing->bytes, given.data, dtype_bytes(dtype));
    } else if (dtype_info(dtype)->is_float) {
        io->store_f64(missing->bytes, 0, 1, &real);
    } else {
        io->store_i64(missing->bytes, 0, 1, &whole);
    }
    return status_ok();
}

/* Opset 1: a list of strings, to their places or back. */
static Status encode_classes(const KernelCall *call, const Tensor *classes) {
    const Tensor *src;
    Tensor *dst;
    KeyTable table;
    Missing missing;
    size_t count = tensor_elements(classes);
    TRY(call_get_first(call, &src, &dst));
    TRY(call_check_shape(call, &src->shape, dst));
    TRY(call_check_dtype(call, src->dtype == DTYPE_STRING ? DTYPE_I64 : DTYPE_STRING, dst));
    TRY(read_missing(call, dst->dtype, &missing));
    if (src->dtype == DTYPE_STRING) {
        TRY(table_init(call, classes, &table));
        for (size_t i = 0; i < tensor_elements(src); i++) {
            uint32_t found = table_find(&table, src, i, false);
            if (found == SLOT_FREE)
                memcpy((int64_t *)dst->data + i, missing.bytes, sizeof(int64_t));
            else
                ((int64_t *)dst->data)[i] = (int64_t)found;
        }
        return status_ok();
    }
    TRY(call_check_dtype(call, DTYPE_I64, src));
    for (size_t i = 0; i < tensor_elements(src); i++) {
        int64_t index = ((const int64_t *)src->data)[i];
        bool inside = index >= 0 && (uint64_t)index < count;
        ((StringView *)dst->data)[i] =
            inside ? ((const StringView *)classes->data)[index] : missing.text;
    }
    return status_ok();
}

Status reference_label_encoder(const KernelCall *call) {
    Tensor classes = list_of(call->node, "classes_strings");
    Tensor keys = list_any(call->node, (const char *const[]){ "keys_tensor", "keys_strings",
                                                              "keys_int64s", "keys_floats" });
    Tensor values = list_any(call->node, (const char *const[]){ "values_tensor", "values_strings",
                                                                "values_int64s", "values_floats" });
    Missing missing;
    if (classes.dtype == DTYPE_STRING)
        return encode_classes(call, &classes);
    TRY(read_missing(call, values.dtype == DTYPE_INVALID ? DTYPE_I64 : values.dtype, &missing));
    return map_values(call, &keys, &values, missing.bytes);
}

Status reference_category_mapper(const KernelCall *call) {
    Tensor ints = list_of(call->node, "cats_int64s"), strings = list_of(call->node, "cats_strings");
    const Tensor *src;
    Missing missing;
    TRY(call_get_src(call, 0, &src));
    bool from_text = src->dtype == DTYPE_STRING;
    if (ints.dtype != DTYPE_I64 || strings.dtype != DTYPE_STRING)
        return call_invalid(call, "expected cats_int64s and cats_strings");
    TRY(read_missing(call, from_text ? DTYPE_I64 : DTYPE_STRING, &missing));
    return map_values(call, from_text ? &strings : &ints, from_text ? &ints : &strings,
                      missing.bytes);
}

Status reference_one_hot_encoder(const KernelCall *call) {
    Tensor categories = list_of(call->node, "cats_strings");
    const Tensor *src;
    Tensor *dst;
    KeyTable table;
    TRY(call_get_first(call, &src, &dst));
    if (tensor_elements(&categories) == 0)
        categories = list_of(call->node, "cats_int64s");
    size_t count = tensor_elements(&categories), elements = tensor_elements(src), expected;
    if (count == 0 || (src->dtype == DTYPE_STRING) != (categories.dtype == DTYPE_STRING))
        return call_invalid(call, "categories do not go with %s", dtype_name(src->dtype));
    if (src->dtype != DTYPE_STRING && !element_io_find(src->dtype))
        return call_lacks_dtype(call, src->dtype);
    TRY(call_check_dtype(call, DTYPE_F32, dst));
    if (!size_mul(elements, count, &expected) || tensor_elements(dst) != expected)
        return call_shape_mismatch(call, &dst->shape, &src->shape);
    TRY(table_init(call, &categories, &table));
    if (expected > 0)
        memset(dst->data, 0, dst->bytes);
    bool zeros = node_get_int(call->node, "zeros", 1) != 0;
    for (size_t i = 0; i < elements; i++) {
        uint32_t found = table_find(&table, src, i, true);
        if (found == SLOT_FREE && !zeros)
            return call_invalid(call, "element %zu is none of the %zu categories", i, count);
        if (found != SLOT_FREE)
            ((float *)dst->data)[i * count + found] = 1.0f;
    }
    return status_ok();
}
