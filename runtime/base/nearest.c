/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * "Did you mean": the name with the smallest edit distance to a wrong one. A part of a name counts
 * as near too. For messages to people only, so it may be slow. Thread: any.
 */

#include "runtime/base/nearest.h"

#include "runtime/base/size.h"

#include <string.h>

enum { NAME_LENGTH_MAX = 64 };

/* Levenshtein distance with one row; names longer than NAME_LENGTH_MAX count as far away. */
static size_t edit_distance(const char *a, size_t a_length, const char *b, size_t b_length) {
    if (a_length > NAME_LENGTH_MAX || b_length > NAME_LENGTH_MAX)
        return SIZE_MAX;
    size_t row[NAME_LENGTH_MAX + 1];
    for (size_t j = 0; j <= b_length; j++)
        row[j] = j;
    for (size_t i = 1; i <= a_length; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b_length; j++) {
            size_t change = diagonal + (a[i - 1] != b[j - 1]);
            diagonal = row[j];
            row[j] = MIN_OF(change, MIN_OF(row[j], row[j - 1]) + 1);
        }
    }
    return row[b_length];
}

const char *nearest_name(const char *name, size_t length, NameAt name_at, const void *user,
                         size_t count) {
    const char *nearest = NULL;
    size_t nearest_distance = MAX_OF(length / 2, (size_t)2) + 1; /* further away is no help */
    for (size_t i = 0; i < count; i++) {
        const char *candidate = name_at(user, i);
        size_t candidate_length = strlen(candidate);
        size_t distance = edit_distance(name, length, candidate, candidate_length);
        /* "batch_size" for "max_batch_size": a part of a name is near as well. */
        if (length >= 4 && candidate_length > length &&
            memmem(candidate, candidate_length, name, length))
            distance = MIN_OF(distance, length / 2);
        if (distance < nearest_distance) {
            nearest = candidate;
            nearest_distance = distance;
        }
    }
    return nearest;
}
