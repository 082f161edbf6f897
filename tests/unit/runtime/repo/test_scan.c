/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* What counts as a version, when it has settled, and that links do not lead out. */

#include "runtime/repo/scan.h"

#include "runtime/base/beneath.h"
#include "runtime/base/clock.h"
#include "runtime/base/size.h"

#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char root[64];
static int root_descriptor;
static Arena *arena;

static int remove_entry(const char *path, const struct stat *info, int kind, struct FTW *place) {
    (void)info, (void)kind, (void)place;
    return remove(path);
}

static int set_up(void **state) {
    (void)state;
    snprintf(root, sizeof root, "/tmp/inferd-scan-XXXXXX");
    if (!mkdtemp(root))
        return -1;
    root_descriptor = open(root, O_RDONLY | O_DIRECTORY);
    Status status = arena_new(4096, 1 << 20, &arena);
    return root_descriptor >= 0 && status_is_ok(&status) ? 0 : -1;
}

static int tear_down(void **state) {
    (void)state;
    close(root_descriptor);
    arena_free(arena);
    return nftw(root, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

static void make_directory(const char *name) {
    assert_int_equal(mkdirat(root_descriptor, name, 0755), 0);
}

static void write_file(const char *name, const char *text) {
    int file = openat(root_descriptor, name, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    assert_true(file >= 0);
    assert_int_equal(write(file, text, strlen(text)), (ssize_t)strlen(text));
    close(file);
}

static void test_versions_are_positive_integers(void **state) {
    (void)state;
    static const char *const names[] = {
        "1", "00000123", "7", "007", "0", "-1", "1a", "x", "99999999999999999999", "+3"
    };
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++)
        make_directory(names[i]);
    write_file("5", "a file is no version");
    ScanVersion *versions;
    size_t count;
    Status status = scan_versions(root_descriptor, arena, &versions, &count);
    assert_true(status_is_ok(&status));
    assert_int_equal(count, 3);
    assert_int_equal(versions[0].number, 1);
    assert_int_equal(versions[1].number, 7);
    assert_string_equal(versions[1].directory, "7"); /* later in order than "007" */
    assert_int_equal(versions[2].number, 123);
    assert_string_equal(versions[2].directory, "00000123");
}

static void test_models_have_a_version_or_a_config(void **state) {
    (void)state;
    make_directory("b");
    make_directory("b/1");
    make_directory("a");
    write_file("a/config.pbtxt", "");
    make_directory("neither");
    make_directory(".hidden");
    make_directory(".hidden/1");
    write_file("file.onnx", "");
    const char **names;
    size_t count;
    Status status = scan_models(root_descriptor, arena, NULL, NULL, &names, &count);
    assert_true(status_is_ok(&status));
    assert_int_equal(count, 2);
    assert_string_equal(names[0], "a");
    assert_string_equal(names[1], "b");
}

static uint64_t fingerprint(void) {
    ScanVersion *versions;
    size_t count;
    Status status = scan_versions(root_descriptor, arena, &versions, &count);
    assert_true(status_is_ok(&status));
    assert_int_equal(count, 1);
    return versions[0].fingerprint;
}

static void test_the_fingerprint_follows_every_change(void **state) {
    (void)state;
    make_directory("1");
    uint64_t last = fingerprint();
    assert_int_equal(fingerprint(), last);
    write_file("1/model.onnx", "ab");
    assert_int_not_equal(fingerprint(), last);
    last = fingerprint();
    write_file("1/model.onnx", "abc");
    assert_int_not_equal(fingerprint(), last);
    last = fingerprint();
    make_directory("1/data");
    write_file("1/data/weights", "w");
    assert_int_not_equal(fingerprint(), last);
    last = fingerprint();
    const struct timespec times[2] = { { .tv_sec = 1000 }, { .tv_sec = 1000 } };
    assert_int_equal(utimensat(root_descriptor, "1/data/weights", times, 0), 0);
    assert_int_not_equal(fingerprint(), last);
}

static void test_links_that_lead_out_are_refused(void **state) {
    (void)state;
    make_directory("inner");
    make_directory("inner/1");
    write_file("inner/inside", "fine");
    write_file("secret", "no");
    assert_int_equal(symlinkat("../secret", root_descriptor, "inner/out"), 0);
    assert_int_equal(symlinkat("/etc/passwd", root_descriptor, "inner/absolute"), 0);
    assert_int_equal(symlinkat("inside", root_descriptor, "inner/within"), 0);
    assert_int_equal(symlinkat("/", root_descriptor, "inner/2"), 0);
    AUTO(descriptor_close) int inner = openat(root_descriptor, "inner", O_RDONLY | O_DIRECTORY);
    static const char *const refused[] = { "out", "absolute", "../secret", "/etc/passwd",
                                           "1/../../secret" };
    for (size_t i = 0; i < ARRAY_LENGTH(refused); i++) {
        char *bytes = NULL;
        size_t length;
        Status status = beneath_read_file(inner, refused[i], 1 << 20, &bytes, &length);
        assert_int_equal(status.code, STATUS_PERMISSION_DENIED);
        assert_null(bytes);
    }
    AUTO(free) char *bytes = NULL;
    size_t length;
    Status status = beneath_read_file(inner, "within", 4, &bytes, &length);
    assert_true(status_is_ok(&status));
    assert_string_equal(bytes, "fine");
    ScanVersion *versions;
    size_t count;
    status = scan_versions(inner, arena, &versions, &count);
    assert_true(status_is_ok(&status));
    assert_int_equal(count, 1); /* "2" leads out, so it does not exist */
}

static void test_files_have_a_limit_and_must_be_files(void **state) {
    (void)state;
    write_file("five", "12345");
    make_directory("directory");
    assert_int_equal(mkfifoat(root_descriptor, "pipe", 0644), 0);
    static const struct {
        const char *name;
        StatusCode code;
    } rows[] = { { "five", STATUS_RESOURCE_EXHAUSTED },
                 { "directory", STATUS_INVALID_ARGUMENT },
                 { "pipe", STATUS_INVALID_ARGUMENT },
                 { "none", STATUS_NOT_FOUND } };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        char *bytes = NULL;
        size_t length;
        assert_int_equal(beneath_read_file(root_descriptor, rows[i].name, 4, &bytes, &length).code,
                         rows[i].code);
    }
}

static void test_when_a_version_has_settled(void **state) {
    (void)state;
    static const struct {
        SettleView view;
        bool settled;
    } rows[] = {
        /* old modification times count at once */
        { { .newest_ns = 10 * NS_PER_S, .realtime_ns = 12 * NS_PER_S, .settle_ns = NS_PER_S },
          true },
        /* just written: not yet */
        { { .newest_ns = 12 * NS_PER_S, .realtime_ns = 12 * NS_PER_S, .settle_ns = NS_PER_S },
          false },
        /* just written, but by rename */
        { { .newest_ns = 12 * NS_PER_S,
            .realtime_ns = 12 * NS_PER_S,
            .settle_ns = NS_PER_S,
            .moved_in = true },
          true },
        /* times from the future: only rest helps */
        { { .newest_ns = 99 * NS_PER_S, .realtime_ns = 12 * NS_PER_S, .settle_ns = NS_PER_S },
          false },
        { { .newest_ns = 99 * NS_PER_S,
            .realtime_ns = 12 * NS_PER_S,
            .settle_ns = NS_PER_S,
            .unchanged_ns = NS_PER_S },
          true },
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++)
        assert_int_equal(scan_has_settled(&rows[i].view), rows[i].settled);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_versions_are_positive_integers, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_models_have_a_version_or_a_config, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_the_fingerprint_follows_every_change, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_links_that_lead_out_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_files_have_a_limit_and_must_be_files, set_up,
                                        tear_down),
        cmocka_unit_test(test_when_a_version_has_settled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
