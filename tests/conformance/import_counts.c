/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * import_counts FOLDER: reads every model.onnx of the official data (kind/test/model.onnx) and
 * counts. A model is read, and its shapes are inferred, or it is refused as UNIMPLEMENTED; anything
 * else is told and fails, because every one of these files is valid. Last line: RESULT imported=
 * unimplemented= wrong=. Exit 77, a skip, without the folder.
 */

#include "runtime/graph/op_schema.h"
#include "runtime/onnx/onnx_import.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>

enum { EXIT_SKIP = 77 };

static void *read_file(const char *path, size_t *ret_length) {
    AUTO(free) char *bytes = NULL;
    FILE *file = fopen(path, "rb");
    if (!file)
        return NULL;
    long length = fseek(file, 0, SEEK_END) == 0 ? ftell(file) : -1;
    rewind(file);
    bytes = length >= 0 ? malloc((size_t)length + 1) : NULL;
    bool complete = bytes && fread(bytes, 1, (size_t)length, file) == (size_t)length;
    fclose(file);
    *ret_length = (size_t)length;
    return complete ? TAKE(bytes) : NULL;
}

static Status import_file(const char *path) {
    size_t length;
    AUTO(free) void *bytes = read_file(path, &length);
    if (!bytes)
        return status_error(STATUS_INTERNAL, "cannot be read");
    AUTO(graph_free) Graph *graph = NULL;
    TRY(onnx_import(bytes, length, NULL, &graph));
    bytes = NULL; /* the graph's now */
    return graph_infer(graph);
}

int main(int argc, char **argv) {
    char pattern[4096];
    glob_t found;
    snprintf(pattern, sizeof pattern, "%s/*/*/model.onnx", argc > 1 ? argv[1] : ".");
    if (glob(pattern, 0, NULL, &found) != 0) {
        printf("no models under the folder given\n");
        return EXIT_SKIP;
    }
    size_t imported = 0, unimplemented = 0, wrong = 0;
    for (size_t i = 0; i < found.gl_pathc; i++) {
        Status status = import_file(found.gl_pathv[i]);
        imported += status_is_ok(&status);
        unimplemented += status.code == STATUS_UNIMPLEMENTED;
        if (status_is_ok(&status) || status.code == STATUS_UNIMPLEMENTED)
            continue;
        wrong++;
        printf("%s: %s: %s\n", found.gl_pathv[i], status_code_name(status.code), status.message);
    }
    globfree(&found);
    printf("RESULT imported=%zu unimplemented=%zu wrong=%zu\n", imported, unimplemented, wrong);
    return wrong > 0;
}
