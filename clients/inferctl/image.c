/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Pictures: PGM and PPM by hand, PNG by libpng. Sizes are limited before memory is made for them.
 * libpng leaves by longjmp, so the function that calls it owns nothing of its own: all memory is
 * the arena's or libpng's. Pure but for the arena.
 */

#include "clients/inferctl/source.h"

#include "runtime/base/size.h"

#include <ctype.h>
#include <png.h>
#include <setjmp.h>
#include <string.h>

enum { SIDE_MAX = 32768, PIXELS_MAX = 1 << 28 };

typedef struct Reader {
    const unsigned char *at, *end;
} Reader;

static Status new_samples(Image *image, Arena *arena, uint16_t **ret_samples) {
    if (image->width < 1 || image->height < 1 || image->width > SIDE_MAX ||
        image->height > SIDE_MAX || image->width * image->height > PIXELS_MAX)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "a picture of %zu x %zu: sides of 1 to %d and %d pixels are understood",
                            image->width, image->height, SIDE_MAX, PIXELS_MAX);
    *ret_samples =
        arena_alloc(arena, image->width * image->height * image->channels * sizeof **ret_samples);
    image->samples = *ret_samples;
    return *ret_samples ? status_ok() : arena_exhausted(arena);
}

/* The next decimal number, behind space and comments. */
static bool take_number(Reader *reader, size_t *ret_number) {
    while (reader->at < reader->end && (isspace(*reader->at) || *reader->at == '#')) {
        if (*reader->at == '#')
            while (reader->at < reader->end && *reader->at != '\n')
                reader->at++;
        else
            reader->at++;
    }
    size_t number = 0;
    const unsigned char *start = reader->at;
    while (reader->at < reader->end && isdigit(*reader->at) && number < 1000000)
        number = number * 10 + (size_t)(*reader->at++ - '0');
    *ret_number = number;
    return reader->at > start;
}

static Status read_plain(Reader *reader, const Image *image, size_t count, uint16_t *samples) {
    for (size_t i = 0; i < count; i++) {
        size_t sample;
        if (!take_number(reader, &sample) || sample > image->full_scale)
            return status_error(STATUS_INVALID_ARGUMENT,
                                "the picture's sample %zu of %zu is missing or above %u", i, count,
                                image->full_scale);
        samples[i] = (uint16_t)sample;
    }
    return status_ok();
}

static Status read_raw(Reader *reader, const Image *image, size_t count, uint16_t *samples) {
    size_t width = image->full_scale > 255 ? 2 : 1;
    reader->at += reader->at < reader->end; /* the one space behind the header */
    if ((size_t)(reader->end - reader->at) < count * width)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "the picture says %zu x %zu pixels but ends after %zu bytes of them",
                            image->width, image->height, (size_t)(reader->end - reader->at));
    for (size_t i = 0; i < count; i++) {
        const unsigned char *sample = reader->at + i * width;
        samples[i] = (uint16_t)(width == 2 ? sample[0] << 8 | sample[1] : sample[0]);
        if (samples[i] > image->full_scale)
            return status_error(STATUS_INVALID_ARGUMENT,
                                "the picture's sample %zu is %u, above its own maximum %u", i,
                                samples[i], image->full_scale);
    }
    return status_ok();
}

Status pnm_read(const void *bytes, size_t length, Arena *arena, Image *ret_image) {
    Reader reader = { .at = bytes, .end = (const unsigned char *)bytes + length };
    if (length < 3 || reader.at[0] != 'P' || !strchr("2356", reader.at[1]))
        return status_error(STATUS_INVALID_ARGUMENT, "not a PGM or PPM picture (P2, P3, P5 or P6)");
    bool plain = reader.at[1] < '5';
    Image image = { .channels = reader.at[1] == '2' || reader.at[1] == '5' ? 1 : 3 };
    size_t full_scale;
    reader.at += 2;
    if (!take_number(&reader, &image.width) || !take_number(&reader, &image.height) ||
        !take_number(&reader, &full_scale) || full_scale < 1 || full_scale > UINT16_MAX)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "the picture's header is damaged: width, height, maximum (1 to 65535)");
    image.full_scale = (uint32_t)full_scale;
    uint16_t *samples = NULL;
    TRY(new_samples(&image, arena, &samples));
    size_t count = image.width * image.height * image.channels;
    TRY(plain ? read_plain(&reader, &image, count, samples)
              : read_raw(&reader, &image, count, samples));
    *ret_image = image;
    return status_ok();
}

/* What libpng's callbacks share with png_image_read. */
typedef struct PngJob {
    Reader reader;
    Arena *arena;
    Image image;
    Status status; /* ours, or libpng's message */
} PngJob;

static void png_failed(png_structp png, png_const_charp message) {
    PngJob *job = png_get_error_ptr(png);
    if (status_is_ok(&job->status))
        job->status =
            status_error(STATUS_INVALID_ARGUMENT, "the PNG picture is damaged: %s", message);
    png_longjmp(png, 1);
}

static void png_warned(png_structp png, png_const_charp message) {
    (void)png, (void)message;
}

static void png_feed(png_structp png, png_bytep dst, png_size_t bytes) {
    PngJob *job = png_get_io_ptr(png);
    if ((size_t)(job->reader.end - job->reader.at) < bytes)
        png_error(png, "it ends too early");
    memcpy(dst, job->reader.at, bytes);
    job->reader.at += bytes;
}

static void set_transforms(png_structp png) {
    png_set_expand(png); /* palettes, and samples of 1, 2 and 4 bits */
    png_set_scale_16(png);
    png_set_strip_alpha(png);
    png_set_interlace_handling(png);
}

static void read_rows(png_structp png, png_infop info, PngJob *job) {
    png_set_user_limits(png, SIDE_MAX, SIDE_MAX);
    png_set_read_fn(png, job, png_feed);
    png_read_info(png, info);
    set_transforms(png);
    png_read_update_info(png, info);
    job->image = (Image){ .width = png_get_image_width(png, info),
                          .height = png_get_image_height(png, info),
                          .channels = png_get_channels(png, info),
                          .full_scale = 255 };
    uint16_t *samples = NULL;
    job->status = new_samples(&job->image, job->arena, &samples);
    if (!status_is_ok(&job->status))
        png_error(png, "size");
    size_t row_bytes = png_get_rowbytes(png, info),
           row_samples = job->image.width * job->image.channels;
    png_bytep pixels = arena_alloc(job->arena, row_bytes * job->image.height);
    png_bytepp rows = arena_calloc(job->arena, job->image.height, sizeof *rows);
    if (!pixels || !rows || row_bytes != row_samples)
        png_error(png, "out of memory");
    for (size_t y = 0; y < job->image.height; y++)
        rows[y] = pixels + y * row_bytes;
    png_read_image(png, rows);
    png_read_end(png, NULL);
    for (size_t i = 0; i < row_samples * job->image.height; i++)
        samples[i] = pixels[i];
}

Status png_image_read(const void *bytes, size_t length, Arena *arena, Image *ret_image) {
    PngJob job = { .reader = { .at = bytes, .end = (const unsigned char *)bytes + length },
                   .arena = arena };
    job.status = status_ok();
    png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &job, png_failed, png_warned);
    png_infop info = png ? png_create_info_struct(png) : NULL;
    if (!info) {
        png_destroy_read_struct(&png, NULL, NULL);
        return status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory");
    }
    if (setjmp(png_jmpbuf(png)) == 0)
        read_rows(png, info, &job);
    png_destroy_read_struct(&png, &info, NULL);
    TRY(job.status);
    *ret_image = job.image;
    return status_ok();
}
