/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * One row per series that is kept, with the field of VersionSample it goes to; histograms' buckets
 * go to arrays. Labels are found by name, whatever their order; the server's label values hold no
 * quotes but escaped ones, which models' names cannot have. Pure. Thread: any.
 */

#include "clients/inferctl/exposition_read.h"

#include "runtime/base/size.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name;
    size_t offset;
} SERIES[] = {
    { "inferd_request_duration_seconds_count", offsetof(VersionSample, requests) },
    { "inferd_request_duration_seconds_sum", offsetof(VersionSample, seconds) },
    { "nv_inference_request_failure", offsetof(VersionSample, failures) },
    { "inferd_batch_rows_count", offsetof(VersionSample, batches) },
    { "inferd_batch_rows_sum", offsetof(VersionSample, batch_rows) },
    { "inferd_queue_requests", offsetof(VersionSample, queued) },
    { "inferd_weight_bytes", offsetof(VersionSample, weight_bytes) },
    { "inferd_arena_bytes", offsetof(VersionSample, arena_bytes) },
};

static const char BUCKET[] = "inferd_request_duration_seconds_bucket";

typedef struct Series {
    const char *name, *labels, *end; /* labels: behind '{', or NULL; end: of the name */
    double value;
} Series;

/* name{labels} value */
static bool split(const char *line, Series *ret_series) {
    size_t length = strcspn(line, "{ \n");
    const char *value = line + length;
    *ret_series = (Series){ .name = line, .end = value };
    if (*value == '{') {
        ret_series->labels = value + 1;
        value = strchr(value, '}');
        if (!value)
            return false;
        value++;
    }
    char *end;
    ret_series->value = strtod(value, &end);
    return end != value;
}

static bool is_named(const Series *series, const char *name) {
    size_t length = (size_t)(series->end - series->name);
    return strlen(name) == length && memcmp(series->name, name, length) == 0;
}

/* In memory of arena; NULL when it is not there. */
static const char *label(const Series *series, const char *name, Arena *arena) {
    size_t length = strlen(name);
    for (const char *at = series->labels; at && *at && *at != '}';) {
        const char *quote = strchr(at, '"'), *end = quote ? strchr(quote + 1, '"') : NULL;
        if (!end)
            return NULL;
        if (strncmp(at, name, length) == 0 && at[length] == '=')
            return arena_strndup(arena, quote + 1, (size_t)(end - quote) - 1);
        at = end + 1 + (end[1] == ',');
    }
    return NULL;
}

static VersionSample *find_or_add(Exposition *exposition, const char *model, const char *version) {
    for (size_t i = exposition->count; i-- > 0;)
        if (strcmp(exposition->versions[i].model, model) == 0 &&
            strcmp(exposition->versions[i].version, version) == 0)
            return &exposition->versions[i];
    if (exposition->count == EXPOSITION_VERSIONS_MAX)
        return NULL;
    VersionSample *sample = &exposition->versions[exposition->count++];
    *sample = (VersionSample){ .model = model, .version = version };
    return sample;
}

static void add_bucket(VersionSample *sample, const char *bound, double value) {
    if (!bound || sample->bucket_count == EXPOSITION_BUCKETS_MAX)
        return;
    sample->bounds_s[sample->bucket_count] = strtod(bound, NULL); /* "+Inf" too */
    sample->cumulative[sample->bucket_count++] = value;
}

static void take(Exposition *exposition, const Series *series, Arena *arena) {
    size_t row = 0;
    while (row < ARRAY_LENGTH(SERIES) && !is_named(series, SERIES[row].name))
        row++;
    bool is_bucket = is_named(series, BUCKET);
    if (row == ARRAY_LENGTH(SERIES) && !is_bucket)
        return;
    const char *model = label(series, "model", arena), *version = label(series, "version", arena);
    VersionSample *sample = model && version ? find_or_add(exposition, model, version) : NULL;
    if (!sample)
        return;
    if (is_bucket)
        add_bucket(sample, label(series, "le", arena), series->value);
    else
        *(double *)(void *)((char *)sample + SERIES[row].offset) += series->value;
}

Status exposition_read(const char *text, Arena *arena, Exposition *ret_exposition) {
    bool is_known = false;
    *ret_exposition = (Exposition){ .versions = arena_calloc(arena, EXPOSITION_VERSIONS_MAX,
                                                             sizeof(VersionSample)) };
    if (!ret_exposition->versions)
        return arena_exhausted(arena);
    for (const char *line = text; *line; line += *line == '\n') {
        Series series;
        if (*line != '#' && split(line, &series)) {
            is_known = is_known || strncmp(line, "inferd_", 7) == 0;
            take(ret_exposition, &series, arena);
            if (is_named(&series, "inferd_live_calls"))
                ret_exposition->live_calls = series.value;
            if (is_named(&series, "process_resident_memory_bytes"))
                ret_exposition->resident_bytes = series.value;
        }
        line += strcspn(line, "\n");
    }
    return is_known ? status_ok()
                    : status_error(STATUS_INVALID_ARGUMENT, "these are not an inferd's metrics");
}

const VersionSample *exposition_find(const Exposition *exposition, const char *model,
                                     const char *version) {
    for (size_t i = 0; i < exposition->count; i++)
        if (strcmp(exposition->versions[i].model, model) == 0 &&
            strcmp(exposition->versions[i].version, version) == 0)
            return &exposition->versions[i];
    return NULL;
}

double exposition_percentile(const VersionSample *now, const VersionSample *before,
                             double fraction) {
    size_t last = now->bucket_count;
    bool comparable = before && before->bucket_count == last;
    double from = 0, total = last ? now->cumulative[last - 1] : 0;
    if (comparable && last)
        total -= before->cumulative[last - 1];
    if (!(total > 0))
        return NAN;
    for (size_t i = 0; i < last; i++) {
        double upto = now->cumulative[i] - (comparable ? before->cumulative[i] : 0);
        double low = i ? now->bounds_s[i - 1] : 0, high = now->bounds_s[i];
        if (upto >= fraction * total)
            return isinf(high) ? low
                               : low + (high - low) * (fraction * total - from) / (upto - from);
        from = upto;
    }
    return NAN;
}
