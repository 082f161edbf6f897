/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * bench_json FILE ROUNDS: reads FILE, a JSON array of floats, ROUNDS times with the reader of
 * JSON tensors and prints the best time in ns, and a sum that the peer (bench_rapidjson) must agree
 * with. The arena is reset between rounds, so its memory is warm, as it is in a server.
 */

#include "server/rest/json_tensor.h"

#include "runtime/base/clock.h"

#include <stdio.h>
#include <stdlib.h>

static void must(Status status) {
    if (status_is_ok(&status))
        return;
    fprintf(stderr, "%s\n", status.message);
    exit(1);
}

static char *read_file(const char *path, size_t *ret_bytes) {
    FILE *file = fopen(path, "re");
    if (!file || fseek(file, 0, SEEK_END))
        must(status_error(STATUS_NOT_FOUND, "%s", path));
    size_t bytes = (size_t)ftell(file);
    char *text = malloc(bytes + 1);
    rewind(file);
    if (!text || fread(text, 1, bytes, file) != bytes)
        must(status_error(STATUS_INTERNAL, "cannot read %s", path));
    fclose(file);
    *ret_bytes = bytes;
    return text;
}

static double read_once(Arena *arena, const char *text, size_t bytes) {
    JsonTensor tensor;
    size_t used;
    json_tensor_init(&tensor, &(JsonTensorOptions){ .dtype = DTYPE_F32,
                                                    .arena = arena,
                                                    .type_name = "float",
                                                    .hint_bytes = bytes });
    must(json_tensor_feed(&tensor, text, bytes, true, &used));
    const float *values = (const float *)(const void *)tensor.data;
    double sum = tensor.count > 0 ? (double)values[0] + (double)values[tensor.count - 1] : 0;
    sum += (double)tensor.count;
    json_tensor_deinit(&tensor);
    return sum;
}

int main(int argc, char **argv) {
    if (argc != 3) {
        fprintf(stderr, "usage: bench_json FILE ROUNDS\n");
        return 2;
    }
    size_t bytes;
    char *text = read_file(argv[1], &bytes);
    AUTO(arena_free) Arena *arena = NULL;
    must(arena_new(16 * bytes + 65536, 64 * bytes + (1 << 20), &arena));
    uint64_t best_ns = UINT64_MAX;
    double sum = 0;
    for (long rounds = strtol(argv[2], NULL, 10); rounds > 0; rounds--) {
        uint64_t begun_ns = clock_now_ns(clock_monotonic());
        sum = read_once(arena, text, bytes);
        uint64_t ns = clock_now_ns(clock_monotonic()) - begun_ns;
        best_ns = ns < best_ns ? ns : best_ns;
        arena_reset(arena);
    }
    printf("%llu %.9g\n", (unsigned long long)best_ns, sum);
    free(text);
    return 0;
}
