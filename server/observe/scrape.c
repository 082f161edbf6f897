/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Looking at everything for one page of metrics. Versions are found by name and held by a lease
 * while they are read, so nothing here outlives them. What the process itself uses comes from
 * /proc; a file that cannot be read leaves zeros. Thread: http.
 */

#include "server/observe/scrape.h"

#include "runtime/base/size.h"

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

/* --- versions --- */

void scrape_batch_rows(Scheduler *scheduler, const ModelVersion *version,
                       uint64_t totals[ROWS_CELLS]) {
    enum { SIZES_MAX = 65537 };
    size_t sizes = MIN_OF(scheduler_batch_sizes(scheduler, version), (size_t)SIZES_MAX);
    BatchCounts *counts = calloc(sizes + 1, sizeof *counts);
    if (!counts)
        return; /* no memory: not told */
    scheduler_batches_of(scheduler, version, sizes, counts);
    for (size_t rows = 0; rows < sizes; rows++) {
        size_t bucket = 0;
        while (bucket < ROWS_BOUNDS && rows > (size_t)1 << bucket)
            bucket++;
        totals[bucket] += counts[rows].batches;
        totals[ROWS_SUM] += counts[rows].batches * rows;
    }
    free(counts);
}

void metrics_escape(const char *value, char *buffer, size_t bytes) {
    size_t length = 0;
    for (; *value && length + 3 < bytes; value++) {
        if (*value == '\\' || *value == '"' || *value == '\n')
            buffer[length++] = '\\';
        buffer[length++] = *value == '\n' ? 'n' : *value;
    }
    buffer[length] = '\0';
}

/* A tag's key becomes a label: "_key", other characters as "_". Tags beyond the room are left out.
 */
static size_t add_tag(const ConfigPair *tag, char *labels, size_t length) {
    char value[512];
    size_t key_bytes = strlen(tag->key);
    metrics_escape(tag->value, value, sizeof value);
    if (length + key_bytes + strlen(value) + 8 > METRICS_LABELS_BYTES)
        return length;
    char *key = labels + length + 2;
    length += (size_t)sprintf(labels + length, ",_%s=\"%s\"", tag->key, value);
    for (size_t i = 0; i < key_bytes; i++)
        if (!isalnum((unsigned char)key[i]))
            key[i] = '_';
    return length;
}

static const char *make_labels(const ModelVersion *version, Arena *arena) {
    char name[768], labels[METRICS_LABELS_BYTES];
    metrics_escape(version->name, name, sizeof name);
    size_t length = (size_t)snprintf(labels, sizeof labels, "model=\"%s\",version=\"%lld\"", name,
                                     (long long)version->number);
    for (size_t i = 0; i < version->config.metric_tag_count; i++)
        length = add_tag(&version->config.metric_tags[i], labels, length);
    return arena_strndup(arena, labels, length);
}

static void read_version(Scheduler *scheduler, const ModelVersion *version, VersionSample *sample) {
    PlanCacheCounts plans = { 0 };
    ExecutorBytes bytes = { 0 };
    if (version->executor) {
        plans = executor_plan_counts(version->executor);
        bytes = executor_bytes(version->executor);
    }
    metrics_version_sums(version, sample->cells);
    for (size_t i = 0; i < FAIL_REASONS; i++)
        sample->failed += sample->cells[CELL_FAIL + i];
    sample->queue = scheduler_counts(scheduler, version);
    sample->pending = sample->queue.queued_requests;
    scrape_batch_rows(scheduler, version, sample->batch_rows);
    sample->plan_hits = plans.hits;
    sample->plan_misses = plans.misses;
    sample->plan_evictions = plans.evictions;
    sample->plans = plans.entries;
    sample->weight_bytes = bytes.weights;
    sample->arena_bytes = bytes.arena;
    sample->load_ns = version->load_ns;
}

static Status read_model(ServerContext *context, const char *name, Arena *arena, Scrape *scrape) {
    VersionStatus *states;
    size_t count;
    StringView view = { .data = name, .length = strlen(name) };
    TRY(repo_model_status(context->repo, view, arena, &states, &count));
    VersionSample *grown = arena_calloc(arena, scrape->version_count + count + 1, sizeof *grown);
    if (!grown)
        return arena_exhausted(arena);
    if (scrape->version_count > 0)
        memcpy(grown, scrape->versions, scrape->version_count * sizeof *grown);
    scrape->versions = grown;
    for (size_t i = 0; i < count; i++) {
        VersionChoice choice = { .has_number = true, .number = states[i].number };
        AUTO(lease_release) Lease lease = { 0 };
        if (states[i].state != VERSION_AVAILABLE)
            continue;
        Status found = repo_acquire(context->repo, view, &choice, &lease);
        if (!status_is_ok(&found))
            continue; /* gone meanwhile */
        VersionSample *sample = &scrape->versions[scrape->version_count++];
        sample->labels = make_labels(lease.version, arena);
        if (!sample->labels)
            return arena_exhausted(arena);
        read_version(context->scheduler, lease.version, sample);
    }
    return status_ok();
}

/* --- models, whether in service or not --- */

typedef struct Collector {
    Arena *arena;
    Scrape *scrape;
    size_t capacity;
} Collector;

static void add_model(void *user, const ModelTotals *totals) {
    Collector *collector = user;
    Scrape *scrape = collector->scrape;
    if (scrape->model_count < collector->capacity)
        scrape->models[scrape->model_count++] = *totals;
}

static void count_model(void *user, const ModelTotals *totals) {
    (void)totals;
    (*(size_t *)user)++;
}

/* Twice, because nothing is allocated under the lock; what is loaded in between comes next time. */
static Status read_totals(Metrics *metrics, Arena *arena, Scrape *scrape) {
    Collector collector = { .arena = arena, .scrape = scrape };
    metrics_each_model(metrics, count_model, &collector.capacity);
    scrape->models = arena_calloc(arena, collector.capacity + 1, sizeof *scrape->models);
    if (!scrape->models)
        return arena_exhausted(arena);
    metrics_each_model(metrics, add_model, &collector);
    return status_ok();
}

/* --- the process and its machine --- */

static void read_memory(ServerSample *sample) {
    unsigned long long resident = 0, total = 0, available = 0;
    FILE *file = fopen("/proc/self/statm", "re");
    if (file) {
        if (fscanf(file, "%*u %llu", &resident) == 1)
            sample->resident_bytes = resident * (uint64_t)sysconf(_SC_PAGESIZE);
        fclose(file);
    }
    file = fopen("/proc/meminfo", "re");
    if (file) {
        if (fscanf(file, "MemTotal: %llu kB MemFree: %*u kB MemAvailable: %llu", &total,
                   &available) == 2) {
            sample->memory_bytes = total * 1024;
            sample->memory_used_bytes = (total - MIN_OF(available, total)) * 1024;
        }
        fclose(file);
    }
}

static void read_process(ServerSample *sample) {
    struct rusage usage;
    if (!getrusage(RUSAGE_SELF, &usage))
        sample->cpu_ns = (uint64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * NS_PER_S +
                         (uint64_t)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * NS_PER_US;
    DIR *folder = opendir("/proc/self/fd");
    while (folder && readdir(folder))
        sample->open_files++;
    if (folder)
        closedir(folder);
    sample->open_files -= MIN_OF(sample->open_files, (uint64_t)3); /* ".", "..", and the folder */
}

/* All cores' time since the last look, as Triton has it. Two looks at once share it among them. */
static void read_machine(ServerSample *sample) {
    static atomic_uint_fast64_t last_total, last_busy;
    unsigned long long ticks[8] = { 0 };
    FILE *file = fopen("/proc/stat", "re");
    if (!file)
        return;
    int fields = fscanf(file, "cpu %llu %llu %llu %llu %llu %llu %llu %llu", &ticks[0], &ticks[1],
                        &ticks[2], &ticks[3], &ticks[4], &ticks[5], &ticks[6], &ticks[7]);
    fclose(file);
    enum { IDLE = 3, WAITING = 4 };
    uint64_t total = 0, busy = 0;
    for (int i = 0; i < fields; i++) {
        total += ticks[i];
        busy += i == IDLE || i == WAITING ? 0 : ticks[i];
    }
    sample->machine_total = total - atomic_exchange(&last_total, total);
    sample->machine_busy = MIN_OF(busy - atomic_exchange(&last_busy, busy), sample->machine_total);
}

Status scrape_make(const ScrapeSources *sources, Arena *arena, Scrape *ret_scrape) {
    ServerContext *context = sources->context;
    Scrape scrape = { 0 };
    const char **names;
    size_t count;
    TRY(repo_model_names(context->repo, arena, &names, &count));
    for (size_t i = 0; i < count; i++) {
        Status read = read_model(context, names[i], arena, &scrape);
        if (read.code != STATUS_NOT_FOUND) /* gone meanwhile */
            TRY(read);
    }
    TRY(read_totals(context->metrics, arena, &scrape));
    ServerSample *server = &scrape.server;
    server->models = count;
    server->versions = scrape.version_count;
    server->workers = pool_thread_count(context->pool);
    server->workers_idle = pool_idle_count(context->pool);
    metrics_calls(context->metrics, &server->calls);
    read_memory(server);
    read_process(server);
    read_machine(server);
    sources->read(sources->user, server);
    *ret_scrape = scrape;
    return status_ok();
}
