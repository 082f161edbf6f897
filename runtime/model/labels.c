/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Labels: one a line, in the order of the classes. A config names the file per output; without
 * that, labels.txt beside the versions serves every output whose last dim is as long as the file
 * has lines, or unknown. A label file that a config names must be there; labels.txt need not.
 *
 * Thread: loader.
 */

#include "runtime/model/signature.h"

#include "runtime/base/beneath.h"

#include <string.h>

enum { LABELS_BYTES_MAX = 16 << 20 };

typedef struct Labels {
    const char *const *items;
    size_t count;
} Labels;

/* Splits in the arena: text is copied once and cut at the line ends. */
static Status split_lines(const char *text, size_t length, Arena *arena, Labels *ret_labels) {
    char *copy = arena_strndup(arena, text, length);
    size_t lines = 0;
    for (size_t i = 0; i < length; i++)
        lines += text[i] == '\n' || i + 1 == length;
    const char **items = arena_calloc(arena, lines, sizeof *items);
    if (!copy || !items)
        return arena_exhausted(arena);
    char *cursor = copy;
    for (size_t i = 0; i < lines; i++) {
        char *end = memchr(cursor, '\n', (size_t)(copy + length - cursor));
        end = end ? end : copy + length;
        items[i] = cursor;
        cursor = end + 1;
        *end = '\0';
        if (end > items[i] && end[-1] == '\r')
            end[-1] = '\0';
    }
    while (lines > 0 && items[lines - 1][0] == '\0') /* blank lines at the end are no classes */
        lines--;
    *ret_labels = (Labels){ items, lines };
    return status_ok();
}

static Status read_labels(int directory, const char *name, Arena *arena, Labels *ret_labels) {
    AUTO(free) char *text = NULL;
    size_t length;
    TRY(beneath_read_file(directory, name, LABELS_BYTES_MAX, &text, &length));
    if (memchr(text, '\0', length))
        return status_error(STATUS_INVALID_ARGUMENT, "%s: is not text", name);
    return split_lines(text, length, arena, ret_labels);
}

static const char *label_filename(const ModelConfig *config, const char *output) {
    for (size_t i = 0; i < config->output_count; i++)
        if (strcmp(config->outputs[i].name, output) == 0)
            return config->outputs[i].label_filename;
    return NULL;
}

static bool last_dim_fits(const Shape *shape, size_t count) {
    if (shape->rank <= 0)
        return shape->rank == SHAPE_UNRANKED;
    int64_t last = shape->dims[shape->rank - 1];
    return last == DIM_UNKNOWN || (uint64_t)last == count;
}

Status signature_read_labels(Signature *signature, const ModelConfig *config, int model_directory,
                             Arena *arena) {
    if (model_directory < 0)
        return status_ok();
    Labels common = { 0 };
    Status status = read_labels(model_directory, "labels.txt", arena, &common);
    if (!status_is_ok(&status) && status.code != STATUS_NOT_FOUND)
        return status;
    SignatureTensor *outputs = arena_calloc(arena, signature->output_count, sizeof *outputs);
    if (!outputs)
        return arena_exhausted(arena);
    for (size_t i = 0; i < signature->output_count; i++) {
        outputs[i] = signature->outputs[i];
        const char *filename = label_filename(config, outputs[i].name);
        Labels labels = { 0 };
        if (filename)
            TRY(read_labels(model_directory, filename, arena, &labels));
        else if (common.count > 0 && last_dim_fits(&outputs[i].shape, common.count))
            labels = common;
        outputs[i].labels = labels.items;
        outputs[i].label_count = labels.count;
    }
    signature->outputs = outputs;
    return status_ok();
}
