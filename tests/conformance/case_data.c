/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Files of the official data: <root>/<kind>/test_<name>/model.onnx with
 * test_data_set_<k>/{input,output}_<i>.pb, and <root>/light/light_<name>.onnx with
 * light_<name>_output_0.pb. The kind "real" holds only addresses and is left out.
 */

#include "tests/conformance/case_data.h"

#include "runtime/onnx/onnx_import.h"
#include "tests/conformance/case_list.h"

#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const double RELATIVE = 1e-3, ABSOLUTE = 1e-7; /* of the official runner */

static void *must(void *memory) {
    if (!memory)
        abort();
    return memory;
}

static int compare_names(const void *left, const void *right) {
    return strcmp(*(char *const *)left, *(char *const *)right);
}

/* Adds the matches of pattern, without the root before and the suffix behind. */
static void add_matches(CaseList *list, const char *root, const char *pattern, const char *suffix) {
    char full[PATH_MAX];
    snprintf(full, sizeof full, "%s/%s", root, pattern);
    glob_t found;
    if (glob(full, 0, NULL, &found) != 0)
        return;
    list->names =
        must(realloc(list->names, (list->count + found.gl_pathc + 1) * sizeof *list->names));
    for (size_t i = 0; i < found.gl_pathc; i++) {
        const char *name = found.gl_pathv[i] + strlen(root) + 1;
        list->names[list->count++] = must(strndup(name, strlen(name) - strlen(suffix)));
    }
    globfree(&found);
}

CaseList case_list_new(const char *root) {
    CaseList list = { 0 };
    add_matches(&list, root, "*/test_*/model.onnx", "/model.onnx");
    add_matches(&list, root, "light/light_*.onnx", ".onnx");
    if (list.count > 0)
        qsort(list.names, list.count, sizeof *list.names, compare_names);
    return list;
}

void case_list_free(CaseList *list) {
    for (size_t i = 0; i < list->count; i++)
        free(list->names[i]);
    free(list->names);
}

bool case_is_light(const char *name) {
    return strncmp(name, "light/", 6) == 0;
}

void case_model_path(const char *root, const char *name, char *buffer) {
    snprintf(buffer, PATH_MAX, case_is_light(name) ? "%s/%s.onnx" : "%s/%s/model.onnx", root, name);
}

void case_tensor_path(const char *root, const char *name, size_t set, const char *kind,
                      size_t index, char *buffer) {
    if (case_is_light(name))
        snprintf(buffer, PATH_MAX, "%s/%s_%s_%zu.pb", root, name, kind, index);
    else
        snprintf(buffer, PATH_MAX, "%s/%s/test_data_set_%zu/%s_%zu.pb", root, name, set, kind,
                 index);
}

bool case_file_exists(const char *path) {
    return access(path, R_OK) == 0;
}

void *case_read_file(const char *path, size_t *ret_length) {
    FILE *file = fopen(path, "rb");
    if (!file)
        return NULL;
    long length = fseek(file, 0, SEEK_END) == 0 ? ftell(file) : -1;
    rewind(file);
    char *bytes = length >= 0 ? must(calloc((size_t)length + 1, 1)) : NULL;
    bool complete = bytes && fread(bytes, 1, (size_t)length, file) == (size_t)length;
    fclose(file);
    if (!complete) {
        free(bytes);
        return NULL;
    }
    *ret_length = (size_t)length;
    return bytes;
}

Status case_read_tensor(const char *path, DType dtype, Tensor *ret_tensor, void **ret_bytes) {
    size_t length;
    AUTO(free) void *bytes = case_read_file(path, &length);
    if (!bytes)
        return status_error(STATUS_NOT_FOUND, "a data file cannot be read");
    TRY(dtype_is_list(dtype) ? case_read_list(bytes, length, dtype, ret_tensor)
                             : onnx_read_tensor(bytes, length, ret_tensor));
    /* The writer of 2022 had no bfloat16: it wrote the bits as what it had. */
    if (dtype == DTYPE_BF16 && ret_tensor->dtype == DTYPE_U16)
        ret_tensor->dtype = DTYPE_BF16;
    *ret_bytes = TAKE(bytes);
    return status_ok();
}

static void override_number(const char *json, const char *key, double *number) {
    const char *at = strstr(json, key);
    const char *colon = at ? strchr(at, ':') : NULL;
    if (colon)
        *number = strtod(colon + 1, NULL);
}

void case_tolerances(const char *root, const char *name, double *ret_relative,
                     double *ret_absolute) {
    *ret_relative = RELATIVE;
    *ret_absolute = ABSOLUTE;
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%s/data.json", root, name);
    size_t length;
    AUTO(free) char *json = case_read_file(path, &length);
    if (!json)
        return;
    override_number(json, "\"rtol\"", ret_relative);
    override_number(json, "\"atol\"", ret_absolute);
}
