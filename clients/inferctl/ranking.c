/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* The K highest values along a tensor's last dim, and their labels. Pure but for the arena. */

#include "clients/inferctl/inputs.h"
#include "clients/inferctl/print.h"

#include "runtime/base/size.h"

#include <math.h>
#include <string.h>

enum { BAR_CELLS = 24, LABEL_BYTES = 24, LABEL_COLUMNS_MAX = 40 };

Status labels_read(const char *path, Arena *arena, Labels *ret_labels) {
    const char *text = NULL;
    size_t length = 0, lines = 1;
    TRY(file_read(path, arena, &text, &length));
    for (size_t i = 0; i < length; i++)
        lines += text[i] == '\n';
    Labels labels = { .lines = arena_calloc(arena, lines, sizeof *labels.lines) };
    if (!labels.lines)
        return arena_exhausted(arena);
    for (const char *at = text, *end = text + length; at < end;) {
        size_t line = strcspn(at, "\r\n");
        char *copy = arena_strndup(arena, at, line);
        if (!copy)
            return arena_exhausted(arena);
        labels.lines[labels.count++] = copy;
        const char *next = memchr(at, '\n', (size_t)(end - at));
        at = next ? next + 1 : end;
    }
    *ret_labels = labels;
    return status_ok();
}

static bool is_better(double a, double b) {
    return a > b || (isnan(b) && !isnan(a));
}

/* Keeps the best in order while walking the row once. */
static void rank_row(const ClientTensor *tensor, size_t start, size_t length, Score *scores,
                     size_t wanted) {
    size_t kept = 0;
    for (size_t i = 0; i < length; i++) {
        double value = number_as_real(number_read(
            tensor->type, (const char *)tensor->data + (start + i) * tensor->type->bytes));
        size_t at = kept;
        while (at > 0 && is_better(value, scores[at - 1].score))
            at--;
        if (at == wanted)
            continue;
        kept = MIN_OF(kept + 1, wanted);
        memmove(&scores[at + 1], &scores[at], (kept - at - 1) * sizeof *scores);
        scores[at] = (Score){ .index = i, .score = value };
    }
}

static Status name_scores(Ranking *ranking, const Labels *labels, Arena *arena) {
    for (size_t i = 0; i < ranking->rows * ranking->per_row; i++) {
        Score *score = &ranking->scores[i];
        char text[LABEL_BYTES];
        int length = snprintf(text, sizeof text, "%zu", score->index);
        bool named = score->index < labels->count && *labels->lines[score->index];
        score->label =
            named ? labels->lines[score->index] : arena_strndup(arena, text, (size_t)length);
        if (!score->label)
            return arena_exhausted(arena);
    }
    return status_ok();
}

Status ranking_make(const ClientTensor *tensor, size_t top, const Labels *labels, Arena *arena,
                    Ranking *ret_ranking) {
    size_t elements = 0;
    if (tensor->type->bytes == 0 || strncmp(tensor->type->name, "complex", 7) == 0 ||
        tensor->rank == 0)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "output '%s' is %s %s: there is nothing to rank; leave --top out",
                            tensor->name, tensor->type->name,
                            CLIENT_DIMS_TEXT(tensor->dims, tensor->rank));
    if (!client_tensor_elements(tensor, &elements))
        elements = 0;
    size_t length = (size_t)tensor->dims[tensor->rank - 1];
    Ranking ranking = { .tensor = tensor,
                        .rows = length ? elements / length : 0,
                        .per_row = MIN_OF(top, length) };
    ranking.scores = arena_calloc(arena, ranking.rows * ranking.per_row, sizeof *ranking.scores);
    if (!ranking.scores)
        return arena_exhausted(arena);
    for (size_t row = 0; row < ranking.rows; row++)
        rank_row(tensor, row * length, length, ranking.scores + row * ranking.per_row,
                 ranking.per_row);
    TRY(name_scores(&ranking, labels, arena));
    *ret_ranking = ranking;
    return status_ok();
}

/* Bars are for probabilities; beside other scores they would mislead. */
static bool are_fractions(const Ranking *ranking) {
    for (size_t i = 0; i < ranking->rows * ranking->per_row; i++)
        if (!(ranking->scores[i].score >= 0 && ranking->scores[i].score <= 1))
            return false;
    return true;
}

static void print_bar(const Context *context, FILE *out, double fraction) {
    int cells =
        isfinite(fraction) && fraction > 0 ? (int)(MIN_OF(fraction, 1.0) * BAR_CELLS + 0.5) : 0;
    for (int i = 0; i < cells; i++)
        fputs(context->unicode ? "\u2588" : "#", out);
}

void print_ranking(const Context *context, FILE *out, const Ranking *ranking) {
    const ClientTensor *tensor = ranking->tensor;
    fprintf(out, "%s%s%s  %s %s\n", context_style(context, STYLE_BOLD), tensor->name,
            context_style(context, STYLE_NONE), tensor->type->name,
            CLIENT_DIMS_TEXT(tensor->dims, tensor->rank));
    int columns = 1;
    bool fractions = are_fractions(ranking);
    for (size_t i = 0; i < ranking->rows * ranking->per_row; i++)
        columns = MAX_OF(columns, MIN_OF((int)strlen(ranking->scores[i].label), LABEL_COLUMNS_MAX));
    for (size_t row = 0; row < ranking->rows; row++) {
        if (ranking->rows > 1)
            fprintf(out, "  row %zu\n", row);
        for (size_t i = 0; i < ranking->per_row; i++) {
            const Score *score = &ranking->scores[row * ranking->per_row + i];
            fprintf(out, "  %s%-*s%s  %8.5g  ", i == 0 ? context_style(context, STYLE_GOOD) : "",
                    columns, score->label, i == 0 ? context_style(context, STYLE_NONE) : "",
                    score->score);
            if (fractions)
                print_bar(context, out, score->score);
            fputc('\n', out);
        }
    }
}

json_t *json_ranking(const Ranking *ranking) {
    json_t *rows = json_array();
    for (size_t row = 0; rows && row < ranking->rows; row++) {
        json_t *scores = json_array();
        for (size_t i = 0; scores && i < ranking->per_row; i++) {
            const Score *score = &ranking->scores[row * ranking->per_row + i];
            json_t *value = isfinite(score->score) ? json_real(score->score) : json_null();
            json_array_append_new(scores,
                                  json_pack("{s:I,s:s,s:o}", "index", (json_int_t)score->index,
                                            "label", score->label, "score", value));
        }
        json_array_append_new(rows, scores);
    }
    return json_pack("{s:s,s:o}", "output", ranking->tensor->name, "rows", rows);
}
