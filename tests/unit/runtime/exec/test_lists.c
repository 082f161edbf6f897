/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* Sequences and optionals, from a file to the answer: what they hold, and what they refuse to. */

#include "runtime/base/size.h"
#include "tests/support/file_case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* y = op(inputs) after s = SequenceConstruct(x, x); z is a scalar int64 input */
static FileCase sequence(const char *op, const char *inputs) {
    FileCase file = file_case_open();
    WireWriter *writer = &file.writer;
    onnx_put_node(writer, "SequenceConstruct", "x x", "s");
    onnx_put_node(writer, "SequenceEmpty", "", "none");
    size_t node = onnx_open_node(writer, op, inputs, "y");
    onnx_put_attr_int(writer, "axis", 0);
    wire_close(writer, node);
    onnx_put_port(writer, FILE_INPUT, "x", DTYPE_F32, FILE_OPEN, 1);
    onnx_put_port(writer, FILE_INPUT, "z", DTYPE_I64, FILE_SCALAR, 0);
    onnx_put_port(writer, FILE_OUTPUT, "y", DTYPE_F32, NULL, -1);
    return file;
}

static void test_sequences_share_and_join(void **state) {
    float x[] = { 1, 2 };
    int64_t z = -1;
    const Tensor inputs[] = { file_floats(x, 2), file_number(&z) };
    FileCase file = sequence("ConcatFromSequence", "s");
    FILE_CASE_RUN(*state, &file, inputs, 1, 2, 1, 2);
    wire_writer_deinit(&file.writer);
    file = sequence("SequenceAt", "s z");
    FILE_CASE_RUN(*state, &file, inputs, 1, 2);
    wire_writer_deinit(&file.writer);
}

static void test_wrong_lists_are_refused_in_words(void **state) {
    static const struct {
        const char *op, *inputs, *words;
        int64_t z;
    } rows[] = {
        { "SequenceAt", "s z", "position 2 is outside of a sequence of 2", 2 },
        { "SequenceAt", "s z", "position -3 is outside of a sequence of 2", -3 },
        { "SequenceAt", "none z", "position 0 is outside of a sequence of 0", 0 },
        { "SequenceAt", "s z", "outside", INT64_MIN },
        { "SequenceAt", "x z", "expected a sequence, got float32", 0 },
        { "ConcatFromSequence", "none", "the sequence is empty", 0 },
        { "SequenceConstruct", "x z", "a sequence of float32 cannot hold int64", 0 },
        { "SequenceConstruct", "s", "expected a tensor, got sequence", 0 },
        { "SequenceInsert", "s z", "a sequence of float32 cannot hold int64", 0 },
        { "SequenceErase", "none", "outside of a sequence of 0", 0 },
        { "Relu", "s", "input 0: expected", 0 },
        { "Shape", "s", "expected a tensor, got sequence", 0 },
        { "SplitToSequence", "x z", "parts of length -4", -4 },
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        FileCase file = sequence(rows[i].op, rows[i].inputs);
        float x[] = { 1, 2 };
        int64_t z = rows[i].z;
        file_case_refused(*state, &file, (Tensor[]){ file_floats(x, 2), file_number(&z) }, 0,
                          rows[i].words);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sequences_share_and_join),
        cmocka_unit_test(test_wrong_lists_are_refused_in_words),
    };
    return cmocka_run_group_tests(tests, file_world_new, file_world_free);
}
