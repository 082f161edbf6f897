/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * See samples.h. The recorded answers are JSON that our own script wrote, so finding a key and
 * reading the list behind it is enough.
 */

#include "tests/support/samples.h"

#include "tests/support/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_BYTES = 1 << 16 };

static size_t read_file(const char *path, char buffer[static FILE_BYTES]) {
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    size_t length = fread(buffer, 1, FILE_BYTES - 1, file);
    buffer[length] = '\0';
    fclose(file);
    return length;
}

/* The numbers of `key: [ ... ]` at or after text. */
static void read_list(const char *text, const char *key, float *ret_values, size_t count) {
    const char *at = strstr(text, key);
    assert_non_null(at);
    at = strchr(at, '[');
    assert_non_null(at);
    for (size_t i = 0; i < count; i++) {
        char *end;
        ret_values[i] = strtof(at + 1, &end);
        assert_true(end != at + 1 && (*end == ',' || *end == ']'));
        at = end;
    }
    assert_int_equal(*at, ']');
}

void sample_digit(int digit, float ret_image[DIGIT_PIXELS], float ret_expected[DIGIT_CLASSES]) {
    static char text[FILE_BYTES];
    char path[512];
    snprintf(path, sizeof path, "%s/digits/%d.pgm", SAMPLES, digit);
    size_t length = read_file(path, text);
    assert_true(length > DIGIT_PIXELS && !memcmp(text, "P5\n8 8\n255\n", 11));
    for (size_t i = 0; i < DIGIT_PIXELS; i++)
        ret_image[i] = (float)(unsigned char)text[length - DIGIT_PIXELS + i] / 255.0F;
    read_file(SAMPLES "/digits/expected.json", text);
    char key[16];
    snprintf(key, sizeof key, "\"%d.pgm\"", digit);
    const char *entry = strstr(text, key);
    assert_non_null(entry);
    read_list(entry, "\"probabilities\"", ret_expected, DIGIT_CLASSES);
}

void sample_two_layer(int version, float ret_x[TWO_LAYER_WIDTH], float ret_y[TWO_LAYER_WIDTH]) {
    static char text[FILE_BYTES];
    char key[32];
    read_file(SAMPLES "/two_layer/expected.json", text);
    read_list(text, "\"x\": [", ret_x, TWO_LAYER_WIDTH);
    snprintf(key, sizeof key, "{\"version\": %d", version);
    const char *entry = strstr(text, key);
    assert_non_null(entry);
    read_list(entry, "\"y\"", ret_y, TWO_LAYER_WIDTH);
}
