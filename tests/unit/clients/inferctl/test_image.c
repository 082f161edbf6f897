/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* Pictures: the formats, where a model wants their pixels, and damaged files. */

#include "runtime/base/size.h"
#include "tests/unit/clients/inferctl/source_case.h"

#include <stdio.h>

static Status read_pnm(const char *text, size_t length, Arena *arena, Image *image) {
    return pnm_read(text, length, arena, image);
}

#define PNM(text, arena, image) read_pnm((text), sizeof(text) - 1, (arena), (image))

static void test_plain_and_raw_greys_are_read(void **state) {
    (void)state;
    AUTO(arena_free) Arena *arena = case_arena();
    Image image;
    check_ok(PNM("P2 # by hand\n2 1\n# white\n15\n3 15\n", arena, &image));
    assert_int_equal(image.full_scale, 15);
    assert_int_equal(image.samples[1], 15);
    check_ok(PNM("P5\n1 2\n255\n\x07\xff", arena, &image));
    assert_int_equal(image.height, 2);
    assert_int_equal(image.samples[1], 255);
    check_ok(PNM("P5 1 1 1000 \x03\xe8", arena, &image));
    assert_int_equal(image.samples[0], 1000);
    check_ok(PNM("P6 1 1 255\n\x01\x02\x03", arena, &image));
    assert_int_equal(image.channels, 3);
}

static void test_damaged_headers_are_refused(void **state) {
    (void)state;
    AUTO(arena_free) Arena *arena = case_arena();
    static const char *const FILES[] = {
        "",
        "P",
        "P4 1 1\n1",
        "P5",
        "P5 1",
        "P5 1 1",
        "P5 1 1 0 1",
        "P5 0 1 255 1",
        "P5 1 1 65536 11",
        "P5 2 2 255 123",
        "P5 -1 1 255 1",
        "P5 999999 999999 255 1",
        "P5 99999999999999999999 1 255 1",
        "P2 1 1 255",
        "P2 1 1 255 256",
        "P2 1 1 255 x",
        "P5 1 1 7 \x08",
    };
    for (size_t i = 0; i < ARRAY_LENGTH(FILES); i++) {
        Image image;
        assert_int_equal(pnm_read(FILES[i], strlen(FILES[i]), arena, &image).code,
                         STATUS_INVALID_ARGUMENT);
    }
}

static size_t read_sample(const char *name, unsigned char *bytes, size_t capacity) {
    char path[512];
    snprintf(path, sizeof path, SAMPLES "/digits/%s", name);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t length = fread(bytes, 1, capacity, file);
    fclose(file);
    return length;
}

static void test_png_and_pgm_of_a_digit_are_alike(void **state) {
    (void)state;
    AUTO(arena_free) Arena *arena = case_arena();
    unsigned char bytes[4096];
    Image png, pgm;
    size_t length = read_sample("3.png", bytes, sizeof bytes);
    check_ok(png_image_read(bytes, length, arena, &png));
    length = read_sample("3.pgm", bytes, sizeof bytes);
    check_ok(pnm_read(bytes, length, arena, &pgm));
    assert_int_equal(png.width, 8);
    assert_int_equal(png.channels, 1);
    assert_memory_equal(png.samples, pgm.samples, 64 * sizeof *png.samples);
}

static Image two_by_one_rgb(void) {
    static const uint16_t SAMPLES_RGB[] = { 1, 2, 3, 4, 5, 255 };
    return (
        Image){ .width = 2, .height = 1, .channels = 3, .full_scale = 255, .samples = SAMPLES_RGB };
}

static void test_channels_go_where_the_model_wants_them(void **state) {
    (void)state;
    AUTO(arena_free) Arena *arena = case_arena();
    Image image = two_by_one_rgb();
    static const uint8_t FIRST[] = { 1, 4, 2, 5, 3, 255 }, LAST[] = { 1, 2, 3, 4, 5, 255 };
    ClientPort port = case_port("uint8", 4, -1, 3, 1, 2);
    ClientTensor tensor;
    check_ok(image_to_tensor(&image, &port, arena, &tensor));
    assert_int_equal(tensor.dims[0], 1);
    assert_memory_equal(tensor.data, FIRST, sizeof FIRST);
    port = case_port("uint8", 3, -1, -1, 3);
    check_ok(image_to_tensor(&image, &port, arena, &tensor));
    assert_memory_equal(tensor.data, LAST, sizeof LAST);
}

static void test_reals_are_scaled_and_whole_numbers_are_not(void **state) {
    (void)state;
    AUTO(arena_free) Arena *arena = case_arena();
    static const uint16_t GREY[] = { 0, 51 };
    Image image = { .width = 2, .height = 1, .channels = 1, .full_scale = 255, .samples = GREY };
    ClientPort port = case_port("float32", 2, -1, 2);
    ClientTensor tensor;
    check_ok(image_to_tensor(&image, &port, arena, &tensor));
    assert_true(((const float *)tensor.data)[1] == 0.2f);
    port = case_port("int64", 2, 1, 2);
    check_ok(image_to_tensor(&image, &port, arena, &tensor));
    assert_int_equal(((const int64_t *)tensor.data)[1], 51);
}

static void test_another_size_is_an_error_that_names_both(void **state) {
    (void)state;
    AUTO(arena_free) Arena *arena = case_arena();
    Image image = two_by_one_rgb();
    ClientPort port = case_port("float32", 4, -1, 3, 224, 224);
    ClientTensor tensor;
    Status status = image_to_tensor(&image, &port, arena, &tensor);
    assert_int_equal(status.code, STATUS_INVALID_ARGUMENT);
    assert_string_equal(
        status.message,
        "input 'x' is [?,3,224,224], the picture 2 x 1 pixels of 3 channels: resize it first");
    port = case_port("string", 4, -1, 3, 1, 2);
    assert_int_equal(image_to_tensor(&image, &port, arena, &tensor).code, STATUS_INVALID_ARGUMENT);
}

static void read_any_png(const void *bytes, size_t length) {
    AUTO(arena_free) Arena *arena = case_arena();
    Image image = { 0 };
    Status status = png_image_read(bytes, length, arena, &image);
    if (status_is_ok(&status))
        assert_true(image.width * image.height > 0);
}

static void read_any_pnm(const void *bytes, size_t length) {
    AUTO(arena_free) Arena *arena = case_arena();
    Image image = { 0 };
    Status status = pnm_read(bytes, length, arena, &image);
    if (status_is_ok(&status))
        assert_true(image.samples[image.width * image.height * image.channels - 1] <=
                    image.full_scale);
}

static void test_damage_is_survived(void **state) {
    (void)state;
    unsigned char bytes[4096];
    size_t length = read_sample("3.png", bytes, sizeof bytes);
    case_damage(bytes, length, length, read_any_png);
    length = read_sample("3.pgm", bytes, sizeof bytes);
    case_damage(bytes, length, 16, read_any_pnm);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain_and_raw_greys_are_read),
        cmocka_unit_test(test_damaged_headers_are_refused),
        cmocka_unit_test(test_png_and_pgm_of_a_digit_are_alike),
        cmocka_unit_test(test_channels_go_where_the_model_wants_them),
        cmocka_unit_test(test_reals_are_scaled_and_whole_numbers_are_not),
        cmocka_unit_test(test_another_size_is_an_error_that_names_both),
        cmocka_unit_test(test_damage_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
