/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* What the command line names must be there; what may come later need not. */

#include "server/rpc/core_compat.h"
#include "server/serving.h"
#include "tests/support/check.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[] = "/tmp/inferd-serving-XXXXXX";
static char nowhere[64], file[64];

static int make_folder(void **state) {
    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(nowhere, sizeof nowhere, "%s/nowhere", folder);
    snprintf(file, sizeof file, "%s.txt", folder);
    int made = open(file, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    assert_true(made >= 0);
    close(made);
    core_init();
    return 0;
}

static int remove_folder(void **state) {
    (void)state;
    core_deinit();
    assert_int_equal(unlink(file), 0);
    return rmdir(folder);
}

/* Starts with the arguments, loads what there is, and ends; the number of models seen. */
static Status start(const char *first, const char *second, size_t *ret_models) {
    char arguments[][128] = { "inferd", "--port=0", "", "" };
    char *argv[] = { arguments[0], arguments[1], arguments[2], arguments[3], NULL };
    snprintf(arguments[2], sizeof arguments[2], "%s", first);
    snprintf(arguments[3], sizeof arguments[3], "%s", second ? second : "");
    AUTO(options_deinit) Options options = { 0 };
    check_ok(options_parse(second ? 4 : 3, argv, &options));
    Serving serving = { 0 };
    Status status = serving_start(&options, "test", &serving);
    if (status_is_ok(&status))
        status = serving_load(&serving);
    if (status_is_ok(&status)) {
        AUTO(arena_free) Arena *arena = NULL;
        const char **names;
        check_ok(arena_new(4096, 1 << 20, &arena));
        assert_true(repo_wait_loaded(serving.repo, TIME_NEVER));
        check_ok(repo_model_names(serving.repo, arena, &names, ret_models));
    }
    serving_deinit(&serving);
    return status;
}

static void check_refused(const char *path, StatusCode code, const char *text) {
    size_t models;
    Status status = start(path, NULL, &models);
    assert_int_equal(status.code, code);
    if (!strstr(status.message, text) || !strstr(status.message, path))
        fail_msg("'%s' does not name '%s' and '%s'", status.message, text, path);
}

static void test_missing_repository_is_refused(void **state) {
    (void)state;
    check_refused(nowhere, STATUS_NOT_FOUND, "model repository");
}

static void test_one_missing_repository_of_two_is_refused(void **state) {
    (void)state;
    size_t models;
    char first[80], second[96];
    snprintf(first, sizeof first, "--model-repository=%s", folder);
    snprintf(second, sizeof second, "--model-repository=%s", nowhere);
    Status status = start(first, second, &models);
    assert_int_equal(status.code, STATUS_NOT_FOUND);
}

static void test_repository_that_is_a_file_is_refused(void **state) {
    (void)state;
    check_refused(file, STATUS_INVALID_ARGUMENT, "not a folder");
}

static void test_missing_file_is_refused(void **state) {
    (void)state;
    char path[80];
    snprintf(path, sizeof path, "%s.onnx", nowhere);
    check_refused(path, STATUS_NOT_FOUND, "model file");
}

static void test_empty_repository_serves_nothing(void **state) {
    (void)state;
    size_t models = 1;
    check_ok(start(folder, NULL, &models));
    assert_int_equal(models, 0);
}

static void test_base_path_may_come_later(void **state) {
    (void)state;
    size_t models = 0;
    char path[96];
    snprintf(path, sizeof path, "--model_base_path=%s", nowhere);
    check_ok(start("--model_name=late", path, &models));
    assert_int_equal(models, 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_missing_repository_is_refused),
        cmocka_unit_test(test_one_missing_repository_of_two_is_refused),
        cmocka_unit_test(test_repository_that_is_a_file_is_refused),
        cmocka_unit_test(test_missing_file_is_refused),
        cmocka_unit_test(test_empty_repository_serves_nothing),
        cmocka_unit_test(test_base_path_may_come_later),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
