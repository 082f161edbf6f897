/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* What a decode will cost: long typed fields, strings and repetition are dear, raw bytes are free.
 */

#include "server/wire/wire_cost.h"

#include "tests/support/wire_case.h"

enum { DEAR_NS = 50000, LONG = 1 << 20 };

typedef struct CostRow {
    const char *name;
    uint32_t field; /* of TensorProto or InferTensorContents; 0: raw_input_contents */
    size_t bytes;
    const char *datatype;
    uint64_t size; /* the one dim */
    bool dear;
} CostRow;

static void check(const CostRow *row, uint64_t cost_ns) {
    if ((cost_ns > DEAR_NS) != row->dear)
        fail_msg("%s: %llu ns", row->name, (unsigned long long)cost_ns);
}

static uint64_t cost_of(Bytes *message, uint64_t (*cost)(const Spans *)) {
    Pieces *pieces =
        pieces_new(message->data, message->count, message->count / 3, message->count / 2);
    uint64_t cost_ns = cost(&pieces->spans);
    pieces_free(pieces);
    bytes_free(message);
    return cost_ns;
}

static void test_tensorflow_costs(void **state) {
    (void)state;
    static const CostRow rows[] = {
        { "a long tensor_content is free", 4, LONG, NULL, LONG / 4, false },
        { "a long float_val is free", 5, LONG, NULL, LONG / 4, false },
        { "a long int_val is dear", 7, LONG, NULL, LONG, true },
        { "a short int64_val is not", 10, 100, NULL, 100, false },
        { "long strings are dear", 8, LONG, NULL, 1, true },
        { "one float repeated a million times is dear", 5, 4, NULL, LONG, true },
        { "dims that overflow are dear", 5, 4, NULL, UINT64_MAX, true },
    };
    char *data = calloc(1, LONG);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        Bytes dim = { 0 }, shape = { 0 }, tensor = { 0 }, entry = { 0 }, message = { 0 };
        bytes_number(&dim, 1, rows[i].size);
        bytes_message(&shape, 2, &dim);
        bytes_message(&tensor, 2, &shape);
        bytes_field(&tensor, rows[i].field, data, rows[i].bytes);
        bytes_message(&entry, 2, &tensor);
        bytes_message(&message, 2, &entry);
        check(&rows[i], cost_of(&message, wire_cost_tensorflow_ns));
    }
    free(data);
}

static void test_inference_costs(void **state) {
    (void)state;
    static const CostRow rows[] = {
        { "long raw floats are free", 0, LONG, "FP32", 0, false },
        { "long raw strings are dear", 0, LONG, "BYTES", 0, true },
        { "long fp32_contents are free", 6, LONG, "FP32", 0, false },
        { "long int64_contents are dear", 3, LONG, "INT64", 0, true },
        { "short ones are not", 3, 1000, "INT64", 0, false },
    };
    char *data = calloc(1, LONG);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        Bytes contents = { 0 }, input = { 0 }, message = { 0 };
        bytes_text(&input, 2, rows[i].datatype);
        if (rows[i].field) {
            bytes_field(&contents, rows[i].field, data, rows[i].bytes);
            bytes_message(&input, 5, &contents);
        }
        bytes_message(&message, 5, &input);
        if (!rows[i].field)
            bytes_field(&message, 7, data, rows[i].bytes);
        check(&rows[i], cost_of(&message, wire_cost_inference_ns));
    }
    free(data);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tensorflow_costs),
        cmocka_unit_test(test_inference_costs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
