/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Picture -> tensor. The model's declared shape says where channels, rows and columns are:
 * candidates are tried in a fixed order and the first that the declared dims accept is taken. Pure
 * but for the arena.
 */

#include "clients/inferctl/source.h"

#include "runtime/base/size.h"

#include <string.h>

/* n: batch, c: channels, h: rows, w: columns, *: all of them together. Channels-first wins where
 * both fit. */
static const char *const LAYOUTS[] = { "nchw", "nhwc", "chw", "hwc", "nhw", "hw", "n*", "*" };

static int64_t dim_of(const Image *image, char axis) {
    switch (axis) {
    case 'c':
        return (int64_t)image->channels;
    case 'h':
        return (int64_t)image->height;
    case 'w':
        return (int64_t)image->width;
    case '*':
        return (int64_t)(image->channels * image->height * image->width);
    default:
        return 1;
    }
}

static bool accepts(const char *layout, const Image *image, const ClientPort *port) {
    if (port->rank != (int32_t)strlen(layout))
        return false;
    if (!strchr(layout, 'c') && !strchr(layout, '*') && image->channels != 1)
        return false;
    for (int32_t i = 0; i < port->rank; i++)
        if (port->dims[i] >= 0 && port->dims[i] != dim_of(image, layout[i]))
            return false;
    return true;
}

static Status find_layout(const Image *image, const ClientPort *port, const char **ret_layout) {
    for (size_t i = 0; i < ARRAY_LENGTH(LAYOUTS); i++) {
        if (accepts(LAYOUTS[i], image, port)) {
            *ret_layout = LAYOUTS[i];
            return status_ok();
        }
    }
    return status_error(
        STATUS_INVALID_ARGUMENT,
        "input '%s' is %s, the picture %zu x %zu pixels of %zu channel%s: resize it first",
        port->name, CLIENT_DIMS_TEXT(port->dims, port->rank), image->width, image->height,
        image->channels, image->channels == 1 ? "" : "s");
}

/* The sample as the model wants it. */
static Number sample_number(const Image *image, size_t index, bool real) {
    if (real)
        return (Number){ .kind = NUMBER_REAL,
                         .r = (double)image->samples[index] / image->full_scale };
    return (Number){ .kind = NUMBER_UNSIGNED, .u = image->samples[index] };
}

Status image_to_tensor(const Image *image, const ClientPort *port, Arena *arena,
                       ClientTensor *ret_tensor) {
    const char *layout = NULL;
    TRY(find_layout(image, port, &layout));
    size_t width = port->type->bytes, channels = image->channels,
           pixels = image->width * image->height;
    bool real =
        strncmp(port->type->name, "float", 5) == 0 || strcmp(port->type->name, "bfloat16") == 0;
    bool channels_last = strcmp(layout, "nhwc") == 0 || strcmp(layout, "hwc") == 0;
    if (width == 0 || strcmp(port->type->name, "bool") == 0)
        return status_error(STATUS_INVALID_ARGUMENT, "input '%s' is %s: it takes no picture",
                            port->name, port->type->name);
    char *data = arena_alloc(arena, pixels * channels * width);
    if (!data)
        return arena_exhausted(arena);
    for (size_t p = 0; p < pixels; p++)
        for (size_t c = 0; c < channels; c++)
            TRY(number_write(sample_number(image, p * channels + c, real), port->type,
                             data + (channels_last ? p * channels + c : c * pixels + p) * width));
    *ret_tensor = (ClientTensor){ .name = port->name,
                                  .type = port->type,
                                  .rank = (size_t)port->rank,
                                  .data = data,
                                  .bytes = pixels * channels * width };
    for (size_t i = 0; i < ret_tensor->rank; i++)
        ret_tensor->dims[i] = dim_of(image, layout[i]);
    return status_ok();
}
