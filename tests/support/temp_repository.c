/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* See temp_repository.h. Whatever the file system refuses fails the test. */

#include "tests/support/temp_repository.h"

#include "tests/support/check.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_BYTES = 512, FIELD_INPUT = 11, FIELD_OUTPUT = 12, FIELD_INITIALIZER = 5 };

static void make_directory(const char *path) {
    if (mkdir(path, 0755) && errno != EEXIST)
        fail_msg("mkdir %s: %s", path, strerror(errno));
}

static void rename_path(const char *from, const char *to) {
    if (rename(from, to))
        fail_msg("rename %s to %s: %s", from, to, strerror(errno));
}

static void write_path(const char *path, const void *bytes, size_t length, bool append) {
    FILE *file = fopen(path, append ? "ae" : "we");
    if (!file)
        fail_msg("%s: %s", path, strerror(errno));
    assert_int_equal(fwrite(bytes, 1, length, file), length);
    assert_int_equal(fclose(file), 0);
}

void temp_repository_init(TempRepository *repository) {
    const char *base = getenv("TMPDIR");
    char root[64];
    snprintf(root, sizeof root, "%.40s/inferd-XXXXXX", base ? base : "/tmp");
    assert_non_null(mkdtemp(root));
    snprintf(repository->path, sizeof repository->path, "%s/repository", root);
    snprintf(repository->stage, sizeof repository->stage, "%s/stage", root);
    snprintf(repository->flag, sizeof repository->flag, "--model-repository=%s", repository->path);
    make_directory(repository->path);
    make_directory(repository->stage);
}

static int remove_entry(const char *path, const struct stat *info, int type, struct FTW *walk) {
    (void)info, (void)type, (void)walk;
    return remove(path);
}

void temp_repository_deinit(TempRepository *repository) {
    if (!*repository->path)
        return;
    char *slash = strrchr(repository->path, '/');
    *slash = '\0';
    (void)nftw(repository->path, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    *repository = (TempRepository){ 0 };
}

void temp_repository_add(TempRepository *repository, const char *model, int version,
                         const void *bytes, size_t length) {
    static unsigned serial;
    char staged[PATH_BYTES / 2], path[PATH_BYTES];
    snprintf(staged, sizeof staged, "%s/%u", repository->stage, serial++);
    make_directory(staged);
    snprintf(path, sizeof path, "%s/model.onnx", staged);
    write_path(path, bytes, length, false);
    snprintf(path, sizeof path, "%s/%s", repository->path, model);
    make_directory(path);
    snprintf(path, sizeof path, "%s/%s/%d", repository->path, model, version);
    rename_path(staged, path);
}

void temp_repository_add_file(TempRepository *repository, const char *model, int version,
                              const char *path) {
    FILE *file = fopen(path, "re");
    if (!file)
        fail_msg("%s: %s", path, strerror(errno));
    struct stat info;
    assert_int_equal(fstat(fileno(file), &info), 0);
    char *bytes = malloc((size_t)info.st_size + 1);
    assert_non_null(bytes);
    assert_int_equal(fread(bytes, 1, (size_t)info.st_size, file), info.st_size);
    fclose(file);
    temp_repository_add(repository, model, version, bytes, (size_t)info.st_size);
    free(bytes);
}

void temp_repository_remove(TempRepository *repository, const char *model, int version) {
    static unsigned serial;
    char from[PATH_BYTES], to[PATH_BYTES];
    snprintf(from, sizeof from, "%s/%s/%d", repository->path, model, version);
    snprintf(to, sizeof to, "%s/removed-%u", repository->stage, serial++);
    rename_path(from, to);
}

void temp_repository_configure(TempRepository *repository, const char *model, const char *text) {
    char from[PATH_BYTES], to[PATH_BYTES];
    snprintf(from, sizeof from, "%s/config.pbtxt", repository->stage);
    write_path(from, text, strlen(text), false);
    snprintf(to, sizeof to, "%s/%s", repository->path, model);
    make_directory(to);
    snprintf(to, sizeof to, "%s/%s/config.pbtxt", repository->path, model);
    rename_path(from, to);
}

void temp_repository_write(TempRepository *repository, const char *path, const void *bytes,
                           size_t length, bool append) {
    char whole[PATH_BYTES];
    int prefix = snprintf(whole, sizeof whole, "%s/", repository->path);
    snprintf(whole + prefix, sizeof whole - (size_t)prefix, "%s", path);
    for (char *slash = whole + prefix; (slash = strchr(slash, '/')); *slash++ = '/') {
        *slash = '\0';
        make_directory(whole);
    }
    write_path(whole, bytes, length, append);
}

/* --- models --- */

static void put_ports(WireWriter *writer, int64_t columns) {
    int64_t dims[] = { -1, columns };
    onnx_put_port(writer, FIELD_INPUT, "x", DTYPE_F32, dims, 2);
    onnx_put_port(writer, FIELD_OUTPUT, "y", DTYPE_F32, dims, 2);
}

void model_write_add(WireWriter *writer, int64_t columns, float addend) {
    size_t graph = onnx_open_model(writer, 13);
    onnx_put_node(writer, "Add", "x addend", "y");
    onnx_put_tensor(writer, FIELD_INITIALIZER, "addend", DTYPE_F32, (int64_t[]){ 1 }, 1, &addend,
                    sizeof addend);
    put_ports(writer, columns);
    wire_close(writer, graph);
}

void model_write_slow(WireWriter *writer, int64_t columns, size_t layers) {
    size_t graph = onnx_open_model(writer, 13);
    size_t side = (size_t)columns;
    float *unit = calloc(side * side, sizeof *unit);
    assert_non_null(unit);
    for (size_t i = 0; i < side; i++)
        unit[i * side + i] = 1;
    for (size_t i = 0; i < layers; i++) {
        char inputs[64], output[32];
        snprintf(inputs, sizeof inputs, i ? "h%zu unit" : "x unit", i);
        snprintf(output, sizeof output, i + 1 < layers ? "h%zu" : "y", i + 1);
        onnx_put_node(writer, "MatMul", inputs, output);
    }
    onnx_put_tensor(writer, FIELD_INITIALIZER, "unit", DTYPE_F32, (int64_t[]){ columns, columns },
                    2, unit, side * side * sizeof *unit);
    free(unit);
    put_ports(writer, columns);
    wire_close(writer, graph);
}

void model_write_unknown(WireWriter *writer, const char *op, const char *node, int64_t opset) {
    size_t graph = onnx_open_model(writer, opset);
    size_t at = onnx_open_node(writer, op, "x", "y");
    wire_put_text(writer, 3, node);
    wire_close(writer, at);
    put_ports(writer, 16);
    wire_close(writer, graph);
}
