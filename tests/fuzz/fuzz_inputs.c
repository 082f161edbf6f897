/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * libFuzzer: files that a person gives inferctl. The first byte chooses: .npy, PGM and PPM, PNG.
 * Every byte of a picture that is accepted is read.
 */

#include "clients/inferctl/source.h"
#include "runtime/base/size.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ARENA_BYTES = 64 << 20 };

static Arena *arena;

static void must(bool holds) {
    if (!holds)
        abort();
}

static void read_all(const void *data, size_t bytes) {
    size_t sum = 0;
    for (size_t i = 0; i < bytes; i++)
        sum += ((const volatile unsigned char *)data)[i];
    must(sum <= 255 * bytes);
}

static void check_image(const Status *status, const Image *image) {
    must((status->message[0] == '\0') == status_is_ok(status));
    if (!status_is_ok(status))
        return;
    must(image->channels == 1 || image->channels == 3);
    read_all(image->samples, image->width * image->height * image->channels * 2);
}

static void fuzz_npy(const char *data, size_t length) {
    ClientTensor tensor = { 0 };
    Status status = npy_read(data, length, arena, &tensor);
    must((status.message[0] == '\0') == status_is_ok(&status));
}

static void fuzz_pnm(const char *data, size_t length) {
    Image image = { 0 };
    Status status = pnm_read(data, length, arena, &image);
    check_image(&status, &image);
}

static void fuzz_png(const char *data, size_t length) {
    Image image = { 0 };
    Status status = png_image_read(data, length, arena, &image);
    check_image(&status, &image);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static void (*const kinds[])(const char *, size_t) = { fuzz_npy, fuzz_pnm, fuzz_png };
    if (size == 0)
        return 0;
    char *copy = malloc(size); /* exactly as long */
    Status made = arena_new(4096, ARENA_BYTES, &arena);
    must(copy && status_is_ok(&made));
    memcpy(copy, data + 1, size - 1);
    kinds[data[0] % ARRAY_LENGTH(kinds)](copy, size - 1);
    free(copy);
    arena_free(arena);
    return 0;
}
