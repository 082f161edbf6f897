/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Model files with ill will, dropped into the repository while the server serves: cut off, flipped,
 * with huge dimensions, lying lengths and nesting without end. Each must fail to load with a reason
 * or, by chance, be a model; the version before it goes on serving, and memory stays bounded.
 */

#include "tests/support/ask.h"
#include "tests/support/check.h"
#include "tests/support/server_process.h"
#include "tests/support/temp_repository.h"

#include "runtime/base/size.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COLUMNS = 4, PORT_INPUT = 11, PORT_OUTPUT = 12, INITIALIZER = 5 };

/*
 * The files have at most a few MiB, a load may take a few times its file, and two run at once. The
 * address sanitizer keeps 256 MiB of freed memory in quarantine.
 */
#ifdef __SANITIZE_ADDRESS__
enum { GROWTH_KIB = 700 << 10 };
#elif defined(__SANITIZE_THREAD__)
enum { GROWTH_KIB = 500 << 10 };
#else
enum { GROWTH_KIB = 160 << 10 };
#endif

static TempRepository repository;
static ServerProcess *server;
static Client *client;
static size_t start_kib;
static int next_version = 2;

static const float ROW[COLUMNS] = { 1, 2, 3, 4 };

/* Version 1, or a later one that came to be by chance. */
static void check_still_right(void) {
    Ask ask = { .model = "steady",
                .input = "x",
                .rank = 2,
                .dims = { 1, COLUMNS },
                .data = ROW,
                .bytes = sizeof ROW };
    for (Protocol protocol = 0; protocol < PROTOCOL_COUNT; protocol++) {
        AUTO(answer_deinit) Answer answer = { 0 };
        check_ok(ask_send(client, &ask, protocol, &answer));
        for (size_t i = 0; i < COLUMNS; i++)
            assert_true(answer.values[i] == ROW[i] + 1);
    }
    assert_true(server_process_alive(server));
    size_t peak_kib = server_process_peak_kib(server);
    if (peak_kib > start_kib + GROWTH_KIB)
        fail_msg("memory grew from %zu to %zu KiB", start_kib, peak_kib);
}

static int start(void **state) {
    (void)state;
    AUTO(wire_writer_deinit) WireWriter model = { 0 };
    temp_repository_init(&repository);
    model_write_add(&model, COLUMNS, 1);
    temp_repository_add(&repository, "steady", 1, model.data, model.length);
    temp_repository_configure(&repository, "target", "max_batch_size: 0");
    temp_repository_add(&repository, "target", 1, model.data, model.length);
    server = server_process_start((const char *[]){ repository.flag, NULL });
    check_ok(client_new(&(ClientOptions){ .target = server_process_target(server) }, &client));
    start_kib = server_process_peak_kib(server);
    check_still_right();
    return 0;
}

static int stop(void **state) {
    (void)state;
    client_free(client);
    server_process_stop(server);
    temp_repository_deinit(&repository);
    return 0;
}

/* Adds a version and waits for what becomes of it. true: it is served. */
static bool offer(const void *bytes, size_t length) {
    char number[32];
    int version = next_version++;
    size_t mark = server_process_mark(server);
    snprintf(number, sizeof number, "version=%d", version);
    temp_repository_add(&repository, "target", version, bytes, length);
    /* "event=version_available" or "event=version_failed", of this one */
    server_process_wait(server, mark, "event=version_", "model=\"target\"", number);
    bool failed = server_process_logged(server, mark, "event=version_failed", number);
    temp_repository_remove(&repository, "target", version);
    return !failed;
}

static void check_refused(const WireWriter *model) {
    if (offer(model->data, model->length))
        fail_msg("a model that must not load is served");
    check_still_right();
}

/* --- damage --- */

static void test_cut_off_and_flipped(void **state) {
    (void)state;
    enum { ROUNDS = 120 };
    AUTO(wire_writer_deinit) WireWriter good = { 0 };
    model_write_slow(&good, 16, 3);
    uint8_t *damaged = malloc(good.length);
    assert_non_null(damaged);
    uint32_t seed = 20260924;
    size_t refused = 0;
    for (size_t round = 0; round < ROUNDS; round++) {
        size_t length = good.length;
        memcpy(damaged, good.data, length);
        seed = seed * 1664525 + 1013904223;
        if (round % 2)
            length = (seed >> 8) % length;
        else
            for (int i = 0; i < 4; i++) {
                seed = seed * 1664525 + 1013904223;
                damaged[(seed >> 8) % length] ^= (uint8_t)(1 << (seed >> 5) % 8);
            }
        refused += !offer(damaged, length);
    }
    free(damaged);
    assert_true(refused >= ROUNDS / 2); /* what was cut off cannot load */
    check_still_right();
}

/* --- lies --- */

static void put_tensor_model(WireWriter *model, const int64_t *dims, size_t rank, size_t bytes) {
    static const char zeros[64];
    size_t graph = onnx_open_model(model, 13);
    onnx_put_node(model, "Add", "x w", "y");
    onnx_put_tensor(model, INITIALIZER, "w", DTYPE_F32, dims, rank, zeros, bytes);
    onnx_put_port(model, PORT_INPUT, "x", DTYPE_F32, (int64_t[]){ -1, COLUMNS }, 2);
    onnx_put_port(model, PORT_OUTPUT, "y", DTYPE_F32, (int64_t[]){ -1, COLUMNS }, 2);
    wire_close(model, graph);
}

static void test_huge_dimensions(void **state) {
    (void)state;
    static const int64_t lies[][2] = {
        { INT64_MAX, INT64_MAX },
        { INT64_C(1) << 40, 1 },
        { INT64_C(1) << 32, INT64_C(1) << 32 },
        { -1, 4 },
        { 1000000, 1000000 },
    };
    for (size_t i = 0; i < ARRAY_LENGTH(lies); i++) {
        AUTO(wire_writer_deinit) WireWriter model = { 0 };
        put_tensor_model(&model, lies[i], 2, 16);
        check_refused(&model);
    }
}

/* A few bytes of nodes that would make terabytes, were they run: constants are folded at load. */
static void test_small_files_that_grow(void **state) {
    (void)state;
    static const struct {
        const char *op;
        int64_t shape[3];
    } rows[] = {
        { "ConstantOfShape", { 1 << 20, 1 << 20, 16 } },
        { "ConstantOfShape", { INT64_MAX, INT64_MAX, INT64_MAX } },
        { "Expand", { 1 << 20, 1 << 20, 16 } },
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        AUTO(wire_writer_deinit) WireWriter model = { 0 };
        size_t graph = onnx_open_model(&model, 13);
        bool expand = !strcmp(rows[i].op, "Expand");
        onnx_put_node(&model, rows[i].op, expand ? "one shape" : "shape", "big");
        onnx_put_node(&model, "ReduceSum", "big", "sum");
        onnx_put_node(&model, "Add", "x sum", "y");
        onnx_put_tensor(&model, INITIALIZER, "one", DTYPE_F32, (int64_t[]){ 1 }, 1, &(float){ 1 },
                        sizeof(float));
        onnx_put_tensor(&model, INITIALIZER, "shape", DTYPE_I64, (int64_t[]){ 3 }, 1, rows[i].shape,
                        sizeof rows[i].shape);
        onnx_put_port(&model, PORT_INPUT, "x", DTYPE_F32, (int64_t[]){ -1, COLUMNS }, 2);
        onnx_put_port(&model, PORT_OUTPUT, "y", DTYPE_F32, (int64_t[]){ -1, -1, -1 }, 3);
        wire_close(&model, graph);
        size_t mark = server_process_mark(server);
        check_refused(&model);
        if (!server_process_logged(server, mark, "event=version_failed", "too large") &&
            !server_process_logged(server, mark, "event=version_failed", "RESOURCE_EXHAUSTED"))
            fail_msg("row %zu was refused for another reason", i);
    }
}

static void test_deep_nesting(void **state) {
    (void)state;
    enum { DEPTH = 1000000 };
    AUTO(wire_writer_deinit) WireWriter groups = { 0 };
    for (size_t i = 0; i < DEPTH; i++)
        wire_put_varint(&groups, 7 << 3 | 3);
    check_refused(&groups);

    /* Graphs within attributes of nodes within graphs. */
    enum { LEVELS = 3000 };
    static size_t open[LEVELS];
    static const uint32_t fields[] = { 1, 5, 6 }; /* node, attribute, g */
    AUTO(wire_writer_deinit) WireWriter nested = { 0 };
    size_t graph = onnx_open_model(&nested, 13);
    for (size_t i = 0; i < LEVELS; i++) {
        open[i] = wire_open(&nested, fields[i % 3]);
        if (i % 3 == 0)
            wire_put_text(&nested, 4, "If");
        if (i % 3 == 1)
            wire_put_text(&nested, 1, "then_branch");
    }
    for (size_t i = LEVELS; i-- > 0;)
        wire_close(&nested, open[i]);
    wire_close(&nested, graph);
    check_refused(&nested);
}

static void test_graphs_that_make_no_sense(void **state) {
    (void)state;
    AUTO(wire_writer_deinit)
    WireWriter cycle = { 0 }, twice = { 0 }, missing = { 0 }, ports = { 0 };
    struct {
        WireWriter *model;
        const char *nodes[2][3];
    } rows[] = {
        { &cycle, { { "Add", "x b", "a" }, { "Add", "a x", "b" } } },
        { &twice, { { "Relu", "x", "y" }, { "Neg", "x", "y" } } },
        { &missing, { { "Add", "x nobody", "y" }, { "Relu", "y", "z" } } },
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        size_t graph = onnx_open_model(rows[i].model, 13);
        for (size_t n = 0; n < 2; n++)
            onnx_put_node(rows[i].model, rows[i].nodes[n][0], rows[i].nodes[n][1],
                          rows[i].nodes[n][2]);
        onnx_put_port(rows[i].model, PORT_INPUT, "x", DTYPE_F32, (int64_t[]){ -1, COLUMNS }, 2);
        onnx_put_port(rows[i].model, PORT_OUTPUT, i == 0 ? "b" : "y", DTYPE_F32,
                      (int64_t[]){ -1, COLUMNS }, 2);
        wire_close(rows[i].model, graph);
        check_refused(rows[i].model);
    }
    /* Very many nodes with nothing in them. */
    size_t graph = onnx_open_model(&ports, 13);
    for (size_t i = 0; i < 500000; i++)
        wire_put_bytes(&ports, 1, NULL, 0);
    wire_close(&ports, graph);
    check_refused(&ports);
}

static void test_configs_with_ill_will(void **state) {
    (void)state;
    AUTO(wire_writer_deinit) WireWriter deep = { 0 };
    for (size_t i = 0; i < 200000; i++)
        wire_put_raw(&deep, "input {", 7);
    wire_put_raw(&deep, "", 1);
    const char *configs[] = { (const char *)deep.data, "max_batch_size: 99999999999999999999",
                              "input [ { dims: [ 9223372036854775807, 9223372036854775807 ] } ]",
                              "\x01\x02\xff\xfe",
                              "version_policy: { latest { num_versions: 4294967295 " };
    AUTO(wire_writer_deinit) WireWriter good = { 0 };
    model_write_add(&good, COLUMNS, 1);
    for (size_t i = 0; i < ARRAY_LENGTH(configs); i++) {
        char name[32], quoted[48];
        snprintf(name, sizeof name, "configured%zu", i);
        snprintf(quoted, sizeof quoted, "model=\"%s\"", name);
        size_t mark = server_process_mark(server);
        temp_repository_configure(&repository, name, configs[i]);
        temp_repository_add(&repository, name, 1, good.data, good.length);
        server_process_wait(server, mark, "failed", quoted, NULL);
        assert_false(server_process_logged(server, mark, "event=version_available", quoted));
        check_still_right();
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cut_off_and_flipped),
        cmocka_unit_test(test_huge_dimensions),
        cmocka_unit_test(test_small_files_that_grow),
        cmocka_unit_test(test_deep_nesting),
        cmocka_unit_test(test_graphs_that_make_no_sense),
        cmocka_unit_test(test_configs_with_ill_will),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
