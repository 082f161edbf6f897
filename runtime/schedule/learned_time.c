/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Exponential averages that follow downwards faster than upwards: the first run of a shape builds
 * plans, and a run that lost its core says nothing of the model, so a sample counts for at most
 * OUTLIER times what is known. Held in the shape queue, under the scheduler's lock; pure
 * arithmetic.
 */

#include "runtime/schedule/learned_time.h"

#include "runtime/base/size.h"

enum { OUTLIER = 4, WEIGHT_UP = 8, WEIGHT_DOWN = 3, SETTLED_SAMPLES = 3 };

/* Largest row count of a class: 1, 2, 4, 8 ... */
static size_t class_rows(size_t index) {
    return (size_t)1 << index;
}

static size_t class_of(size_t rows) {
    size_t index = 0;
    while (index + 1 < LEARNED_CLASSES && class_rows(index) < rows)
        index++;
    return index;
}

static uint64_t scale(uint64_t ns, size_t from_rows, size_t to_rows) {
    return (uint64_t)((double)ns * (double)MAX_OF(to_rows, (size_t)1) /
                      (double)MAX_OF(from_rows, (size_t)1));
}

void learned_time_record(LearnedTime *learned, size_t rows, uint64_t elapsed_ns) {
    size_t index = class_of(rows);
    uint64_t sample = scale(MAX_OF(elapsed_ns, (uint64_t)1), rows, class_rows(index));
    uint64_t known = learned->classes[index].batch_ns;
    uint32_t samples = learned->classes[index].samples;
    if (samples == 0)
        known = sample;
    else if (sample <= known)
        known -= (known - sample) / (samples < SETTLED_SAMPLES ? 1 : WEIGHT_DOWN);
    else
        known += (MIN_OF(sample, known * OUTLIER) - known) / WEIGHT_UP;
    learned->classes[index].batch_ns = MAX_OF(known, (uint64_t)1);
    uint64_t slow = learned->classes[index].slow_ns;
    if (samples < SETTLED_SAMPLES)
        slow = known;
    else if (sample > slow)
        slow += (MIN_OF(sample, slow * OUTLIER) - slow) / WEIGHT_DOWN;
    else
        slow -= (slow - sample) / WEIGHT_UP;
    learned->classes[index].slow_ns = MAX_OF(slow, (uint64_t)1);
    if (samples < UINT32_MAX)
        learned->classes[index].samples = samples + 1;
}

/* The class that tells most about that many rows; LEARNED_CLASSES: none does. */
static size_t nearest_class(const LearnedTime *learned, size_t rows) {
    size_t wanted = class_of(rows);
    for (size_t distance = 0; distance < LEARNED_CLASSES; distance++) {
        if (wanted + distance < LEARNED_CLASSES && learned->classes[wanted + distance].samples)
            return wanted + distance;
        if (distance <= wanted && learned->classes[wanted - distance].samples)
            return wanted - distance;
    }
    return LEARNED_CLASSES;
}

uint64_t learned_time_estimate(const LearnedTime *learned, size_t rows) {
    size_t index = nearest_class(learned, rows);
    if (index == LEARNED_CLASSES)
        return 0;
    return MAX_OF((uint64_t)1, scale(learned->classes[index].batch_ns, class_rows(index), rows));
}

uint64_t learned_time_promise(const LearnedTime *learned, size_t rows) {
    size_t index = nearest_class(learned, rows);
    if (index == LEARNED_CLASSES)
        return 0;
    return MAX_OF((uint64_t)1, scale(learned->classes[index].slow_ns, class_rows(index), rows));
}

uint32_t learned_time_samples(const LearnedTime *learned, size_t rows) {
    return learned->classes[class_of(rows)].samples;
}

bool learned_time_is_known(const LearnedTime *learned) {
    for (size_t i = 0; i < LEARNED_CLASSES; i++)
        if (learned->classes[i].samples >= SETTLED_SAMPLES)
            return true;
    return false;
}
