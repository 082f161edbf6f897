/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* Tensors whose content is not simply there: in files beside the model, or sparse. */

#include "runtime/base/beneath.h"
#include "runtime/base/size.h"
#include "runtime/graph/op_schema.h"
#include "runtime/onnx/onnx_import.h"
#include "tests/support/onnx_writer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>
#include <fcntl.h>
#include <unistd.h>

enum { INITIALIZER = 5, SPARSE_INITIALIZER = 15, EXTERNAL_DATA = 13, DATA_LOCATION = 14 };

static const int64_t two[] = { 2 }, three[] = { 3 };

/* root/model holds data.bin (floats 0 to 7), root/outside.bin is beside it, model/link leads there.
 */
typedef struct Folder {
    char root[64], model[80];
    int descriptor;
} Folder;

static void write_file(const char *folder, const char *name) {
    char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    const float content[8] = { 0, 1, 2, 3, 4, 5, 6, 7 };
    assert_int_equal(fwrite(content, sizeof content, 1, file), 1);
    fclose(file);
}

static int set_up(void **state) {
    Folder *folder = calloc(1, sizeof *folder);
    snprintf(folder->root, sizeof folder->root, "/tmp/inferd_external_XXXXXX");
    assert_non_null(mkdtemp(folder->root));
    snprintf(folder->model, sizeof folder->model, "%s/model", folder->root);
    assert_int_equal(mkdir(folder->model, 0700), 0);
    write_file(folder->model, "data.bin");
    write_file(folder->root, "outside.bin");
    char link[96];
    snprintf(link, sizeof link, "%s/link", folder->model);
    assert_int_equal(symlink("../outside.bin", link), 0);
    folder->descriptor = open(folder->model, O_RDONLY | O_DIRECTORY);
    assert_true(folder->descriptor >= 0);
    *state = folder;
    return 0;
}

static int tear_down(void **state) {
    Folder *folder = *state;
    close(folder->descriptor);
    static const char *const names[] = { "model/link", "model/data.bin", "outside.bin", "model" };
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
        char path[128];
        snprintf(path, sizeof path, "%s/%s", folder->root, names[i]);
        remove(path);
    }
    rmdir(folder->root);
    free(folder);
    return 0;
}

static void put_entry(WireWriter *writer, const char *key, const char *value) {
    if (!value)
        return;
    size_t entry = wire_open(writer, EXTERNAL_DATA);
    wire_put_text(writer, 1, key);
    wire_put_text(writer, 2, value);
    wire_close(writer, entry);
}

/* y = x + w, where w is in a file */
static WireWriter external_model(const char *location, const char *offset, const char *length) {
    WireWriter writer = { 0 };
    size_t graph = onnx_open_model(&writer, 16);
    onnx_put_node(&writer, "Add", "x w", "y");
    size_t tensor = wire_open(&writer, INITIALIZER);
    onnx_put_tensor(&writer, 0, "w", DTYPE_F32, two, 1, NULL, 0);
    put_entry(&writer, "location", location);
    put_entry(&writer, "offset", offset);
    put_entry(&writer, "length", length);
    put_entry(&writer, "checksum", "unread");
    wire_put_int(&writer, DATA_LOCATION, 1);
    wire_close(&writer, tensor);
    onnx_put_port(&writer, 11, "x", DTYPE_F32, two, 1);
    onnx_put_port(&writer, 12, "y", DTYPE_F32, two, 1);
    wire_close(&writer, graph);
    return writer;
}

static Status import(int directory, WireWriter *writer, Graph **ret_graph) {
    *ret_graph = NULL;
    FileSource source = file_source_plain(directory);
    FileBytes bytes = { (char *)writer->data, writer->length, free };
    Status status = onnx_import_from(&source, &bytes, NULL, ret_graph);
    if (!status_is_ok(&status))
        wire_writer_deinit(writer);
    return status;
}

static const Tensor *constant_w(const Graph *graph) {
    return graph_value_const(graph, graph_node_const(graph, 0)->inputs[1])->constant;
}

static void test_data_is_read_from_the_file(void **state) {
    const Folder *folder = *state;
    static const struct {
        const char *location, *offset, *length;
        float first;
    } rows[] = {
        { "data.bin", "12", "8", 3 },
        { "data.bin", NULL, NULL, 0 },
        { "./data.bin", "24", NULL, 6 },
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        WireWriter writer = external_model(rows[i].location, rows[i].offset, rows[i].length);
        Graph *graph;
        Status status = import(folder->descriptor, &writer, &graph);
        assert_string_equal(status.message, "");
        const Tensor *w = constant_w(graph);
        assert_true(tensor_get_float(w, 0) == (double)rows[i].first);
        assert_true(tensor_get_float(w, 1) == (double)rows[i].first + 1);
        assert_int_equal((uintptr_t)w->data % TENSOR_ALIGNMENT, 0);
        graph_free(graph);
    }
}

static void test_other_places_are_refused_in_words(void **state) {
    const Folder *folder = *state;
    static const struct {
        const char *location, *offset, *length, *words;
    } rows[] = {
        { "../outside.bin", NULL, NULL, "expected a file beneath the model's folder" },
        { "a/../../outside.bin", NULL, NULL, "expected a file beneath the model's folder" },
        { "/etc/passwd", NULL, NULL, "expected a file beneath the model's folder" },
        { "..\\outside.bin", NULL, NULL, "expected a file beneath the model's folder" },
        { "", NULL, NULL, "expected a file beneath the model's folder" },
        { NULL, NULL, NULL, "expected a file beneath the model's folder" },
        { "link", NULL, NULL, "leads out of its directory" },
        { ".", NULL, NULL, "is not a file" },
        { "missing.bin", NULL, NULL, "missing.bin" },
        { "data.bin", "28", NULL, "has 32 bytes, 8 from 28 on are wanted" },
        { "data.bin", "999999999999999999", NULL, "has 32 bytes" },
        { "data.bin", "-4", NULL, "offset of external data is not a number" },
        { "data.bin", "0", "12", "needs 8 bytes, its external data has 12" },
        { "data.bin", "0", "99999999999999999999", "length of external data is not a number" },
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        WireWriter writer = external_model(rows[i].location, rows[i].offset, rows[i].length);
        Graph *graph;
        Status status = import(folder->descriptor, &writer, &graph);
        assert_null(graph);
        if (!strstr(status.message, rows[i].words) || !strstr(status.message, "'w'"))
            fail_msg("row %zu: expected '%s', got '%s'", i, rows[i].words, status.message);
    }
}

static void test_a_model_alone_has_no_files(void **state) {
    (void)state;
    WireWriter writer = external_model("data.bin", NULL, NULL);
    Graph *graph;
    Status status = import(-1, &writer, &graph);
    assert_int_equal(status.code, STATUS_UNIMPLEMENTED);
    assert_non_null(strstr(status.message, "only the model itself is given"));
}

/* w of shape [3]: values at indices */
static WireWriter sparse_model(const float *values, const int64_t *indices, int64_t count,
                               bool coordinates) {
    WireWriter writer = { 0 };
    size_t graph = onnx_open_model(&writer, 16);
    onnx_put_node(&writer, "Add", "x w", "y");
    size_t sparse = wire_open(&writer, SPARSE_INITIALIZER);
    size_t part = wire_open(&writer, 1);
    onnx_put_tensor(&writer, 0, "w", DTYPE_F32, &count, 1, values, (size_t)count * 4);
    wire_close(&writer, part);
    part = wire_open(&writer, 2);
    onnx_put_tensor(&writer, 0, "", DTYPE_I64, (int64_t[]){ count, 1 }, coordinates ? 2 : 1,
                    indices, (size_t)count * 8);
    wire_close(&writer, part);
    wire_put_int(&writer, 3, 3);
    wire_close(&writer, sparse);
    onnx_put_port(&writer, 11, "x", DTYPE_F32, three, 1);
    onnx_put_port(&writer, 12, "y", DTYPE_F32, three, 1);
    wire_close(&writer, graph);
    return writer;
}

static void test_sparse_initializers_are_made_dense(void **state) {
    (void)state;
    const float values[] = { 5, 7 };
    const int64_t indices[] = { 0, 2 };
    for (int coordinates = 0; coordinates < 2; coordinates++) {
        WireWriter writer = sparse_model(values, indices, 2, coordinates);
        Graph *graph;
        Status status = import(-1, &writer, &graph);
        assert_string_equal(status.message, "");
        const Tensor *w = constant_w(graph);
        assert_true(tensor_get_float(w, 0) == 5 && tensor_get_float(w, 1) == 0 &&
                    tensor_get_float(w, 2) == 7);
        graph_free(graph);
    }
}

static void test_sparse_indices_are_checked(void **state) {
    (void)state;
    static const int64_t rows[] = { 3, -1, INT64_MAX, INT64_MIN };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        WireWriter writer = sparse_model((float[]){ 1 }, &rows[i], 1, i % 2);
        Graph *graph;
        Status status = import(-1, &writer, &graph);
        assert_int_equal(status.code, STATUS_INVALID_ARGUMENT);
        assert_non_null(strstr(status.message, "is outside of a sparse tensor of [3]"));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_data_is_read_from_the_file),
        cmocka_unit_test(test_other_places_are_refused_in_words),
        cmocka_unit_test(test_a_model_alone_has_no_files),
        cmocka_unit_test(test_sparse_initializers_are_made_dense),
        cmocka_unit_test(test_sparse_indices_are_checked),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
