/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* A picture in characters: light pixels are full cells, two characters a pixel since cells are
 * twice as high as wide. */

#include "clients/inferctl/print.h"

#include "runtime/base/size.h"

#include <string.h>

typedef struct Shade {
    const char *unicode, *ascii;
} Shade;

static const Shade SHADES[] = {
    { "  ", "  " },           { "\u2591\u2591", ".." }, { "\u2592\u2592", "++" },
    { "\u2593\u2593", "%%" }, { "\u2588\u2588", "@@" },
};

/* Mean brightness of the pixels that a cell stands for, 0 to 1. */
static double brightness(const Image *image, size_t x0, size_t x1, size_t y0, size_t y1) {
    double sum = 0;
    for (size_t y = y0; y < y1; y++)
        for (size_t x = x0; x < x1; x++)
            for (size_t c = 0; c < image->channels; c++)
                sum += image->samples[(y * image->width + x) * image->channels + c];
    return sum / (double)((x1 - x0) * (y1 - y0) * image->channels) / image->full_scale;
}

static void print_line(const Context *context, const Image *image, size_t width, size_t height,
                       size_t y) {
    fputs(context_style(context, STYLE_DIM), stdout);
    fputs(context->unicode ? "\u2502" : "|", stdout);
    fputs(context_style(context, STYLE_NONE), stdout);
    for (size_t x = 0; x < width; x++) {
        double light = brightness(image, x * image->width / width, (x + 1) * image->width / width,
                                  y * image->height / height, (y + 1) * image->height / height);
        size_t shade = (size_t)(light * (ARRAY_LENGTH(SHADES) - 1) + 0.5);
        fputs(context->unicode ? SHADES[shade].unicode : SHADES[shade].ascii, stdout);
    }
    fputs(context_style(context, STYLE_DIM), stdout);
    fputs(context->unicode ? "\u2502" : "|", stdout);
    fputs(context_style(context, STYLE_NONE), stdout);
}

void print_picture(const Context *context, const Image *image, size_t columns, const char *beside) {
    size_t width = MIN_OF(image->width, MAX_OF(columns / 2, (size_t)1));
    size_t height = MAX_OF(image->height * width / image->width, (size_t)1);
    for (size_t y = 0; y < height || *beside; y++) {
        size_t length = strcspn(beside, "\n");
        if (y < height)
            print_line(context, image, width, height, y);
        else
            printf("%*s", (int)(width * 2 + 2), "");
        printf("   %.*s\n", (int)length, beside);
        beside += length + (beside[length] == '\n');
    }
}
