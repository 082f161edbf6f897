/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What a person gives as an input, read but not yet brought to a model's type and shape. The bytes
 * come from files of unknown origin: every size is checked, and nothing larger than
 * SOURCE_MAX_BYTES is made of them.
 */

#include "clients/c/tensor.h"
#include "clients/inferctl/element.h"
#include "runtime/base/arena.h"

#define SOURCE_MAX_BYTES ((size_t)4 << 30)

/* A picture: rows of pixels, channels interleaved. */
typedef struct Image {
    size_t width, height;
    size_t channels;     /* 1 or 3 */
    uint32_t full_scale; /* the sample that means white: 255, or what a PGM says */
    const uint16_t *samples;
} Image;

/* A numpy array file, versions 1 to 3, any byte order and memory order. Strings become UTF-8.
 * Errors: INVALID_ARGUMENT saying where it is wrong, UNIMPLEMENTED (its dtype, named). The result's
 * name is NULL. */
Status npy_read(const void *bytes, size_t length, Arena *arena, ClientTensor *ret_tensor);

/* PGM and PPM, plain (P2, P3) and raw (P5, P6). */
Status pnm_read(const void *bytes, size_t length, Arena *arena, Image *ret_image);
/* Grey or colour of 8 bits; palettes are looked up, narrower and wider samples scaled to 8 bits,
 * transparency dropped. */
Status png_image_read(const void *bytes, size_t length, Arena *arena, Image *ret_image);

/* Nested JSON arrays of equal lengths, or one value, in the given type (strings, bools, numbers).
 */
Status json_tensor_read(const char *text, size_t length, const ClientType *type, Arena *arena,
                        ClientTensor *ret_tensor);

/* The picture as a tensor of the port's type and declared shape: [N,C,H,W], [N,H,W,C], [C,H,W],
 * [H,W,C], [N,H,W], [H,W], or [N,C*H*W] and [C*H*W] of the right length. Reals get sample / full
 * scale, whole numbers the sample. INVALID_ARGUMENT naming both sides; nothing is resized. */
Status image_to_tensor(const Image *image, const ClientPort *port, Arena *arena,
                       ClientTensor *ret_tensor);

/* A tensor in the port's type and rank: converted by number_write, with a leading dim of 1 added if
 * one is missing. INVALID_ARGUMENT naming both sides. */
Status tensor_fit(const ClientTensor *given, const ClientPort *port, Arena *arena,
                  ClientTensor *ret_tensor);
