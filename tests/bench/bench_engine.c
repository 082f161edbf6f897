/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Our side of ./dev bench engine: loads a model, then obeys lines on standard input, one JSON line
 * an answer. tests/bench/engine_peer.py speaks the same for the other runtimes, and engine.py lets
 * the two take turns.
 *
 * With two threads the calls are made from the pool's own workers, as the server makes them: a
 * caller that is alone is helped by the other worker, two callers share nothing.
 *
 * bench_engine FILE.onnx THREADS [bf16|deterministic]; or bench_engine peak
 */

#include "runtime/base/clock.h"
#include "runtime/base/size.h"
#include "runtime/device/device_open.h"
#include "runtime/exec/executor.h"
#include "runtime/onnx/onnx_import.h"
#include "clients/inferctl/fma_peak.h"

#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { SAMPLES_MAX = 1 << 16, CALLERS_MAX = 8, OUTPUTS_MAX = 256, LINE_BYTES = 4096 };

typedef struct Engine {
    Pool *pool;
    Executor *executor;
    OutputPool *outputs;
    Tensor *inputs;
} Engine;

/* One caller's loop, until its time is over. */
typedef struct Caller {
    Engine *engine;
    double seconds;
    size_t runs;
    double *samples_us; /* SAMPLES_MAX of them */
    double cpu_us;      /* of the calling thread, a run */
    FILE *dump;         /* first output of the last run; NULL */
    Status status;
    sem_t done;
} Caller;

static Status read_file(const char *path, void **ret_bytes, size_t *ret_length) {
    FILE *file = fopen(path, "rbe");
    if (!file)
        return status_error(STATUS_NOT_FOUND, "cannot open %s", path);
    fseek(file, 0, SEEK_END);
    long length = ftell(file);
    rewind(file);
    void *bytes = malloc((size_t)length + 1);
    bool complete = bytes && fread(bytes, 1, (size_t)length, file) == (size_t)length;
    fclose(file);
    if (!complete) {
        free(bytes);
        return status_error(STATUS_INTERNAL, "cannot read %s", path);
    }
    *ret_bytes = bytes;
    *ret_length = (size_t)length;
    return status_ok();
}

/* A figure of /proc/self/status, in KiB. */
static long memory_kib(const char *field) {
    char line[256];
    long kib = 0;
    FILE *file = fopen("/proc/self/status", "re");
    while (file && fgets(line, sizeof line, file))
        if (strncmp(line, field, strlen(field)) == 0)
            kib = atol(line + strlen(field) + 1);
    if (file)
        fclose(file);
    return kib;
}

/* How a model is loaded. */
typedef struct Mode {
    const char *name;
    Precision precision;
    bool deterministic;
} Mode;

static const Mode modes[] = {
    { .name = "", .precision = PRECISION_F32 },
    { .name = "bf16", .precision = PRECISION_BF16 },
    { .name = "deterministic", .precision = PRECISION_F32, .deterministic = true },
};

static const Mode *find_mode(const char *name) {
    for (size_t i = 0; i < ARRAY_LENGTH(modes); i++)
        if (strcmp(modes[i].name, name) == 0)
            return &modes[i];
    return NULL;
}

static Status load(const char *path, Device *device, const Mode *mode, Engine *engine) {
    AUTO(free) void *bytes = NULL;
    size_t length;
    TRY(read_file(path, &bytes, &length));
    AUTO(graph_free) Graph *graph = NULL;
    TRY(onnx_import(bytes, length, NULL, &graph));
    bytes = NULL; /* the graph's now */
    ExecutorOptions options = { .device = device,
                                .pool = engine->pool,
                                .max_rows = 32,
                                .precision = mode->precision,
                                .deterministic = mode->deterministic,
                                .optimise = true };
    TRY(executor_new(graph, &options, &engine->executor));
    graph = NULL;
    size_t inputs = executor_input_count(engine->executor);
    engine->inputs = calloc(MAX_OF(inputs, (size_t)1), sizeof *engine->inputs);
    return engine->inputs ? output_pool_new((size_t)4 << 30, &engine->outputs)
                          : status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory");
}

static void parse_dims(const char *text, Shape *shape) {
    *shape = (Shape){ .rank = 0 };
    for (char *end; *text >= '0' && *text <= '9' && shape->rank < SHAPE_MAX_RANK; text = end) {
        shape->dims[shape->rank++] = strtoll(text, &end, 10);
        end += *end == ',';
    }
}

/* FOLDER/ports.txt has one line of dims a port; FOLDER/<port>.bin its bytes. */
static Status read_inputs(Engine *engine, const char *folder) {
    char path[LINE_BYTES + 32], line[LINE_BYTES];
    snprintf(path, sizeof path, "%s/ports.txt", folder);
    FILE *ports = fopen(path, "re");
    if (!ports)
        return status_error(STATUS_NOT_FOUND, "cannot open %s", path);
    Status status = status_ok();
    for (size_t i = 0; status_is_ok(&status) && i < executor_input_count(engine->executor); i++) {
        AUTO(free) void *bytes = NULL;
        size_t length;
        Shape shape;
        parse_dims(fgets(line, sizeof line, ports) ? line : "", &shape);
        snprintf(path, sizeof path, "%s/%zu.bin", folder, i);
        tensor_deinit(&engine->inputs[i]);
        engine->inputs[i] = (Tensor){ 0 };
        status =
            tensor_init(&engine->inputs[i], executor_input(engine->executor, i)->dtype, &shape);
        if (status_is_ok(&status))
            status = read_file(path, &bytes, &length);
        if (status_is_ok(&status) && length != engine->inputs[i].bytes)
            status = status_error(STATUS_INVALID_ARGUMENT, "%s: %zu bytes, expected %zu", path,
                                  length, engine->inputs[i].bytes);
        if (status_is_ok(&status) && length > 0)
            memcpy(engine->inputs[i].data, bytes, length);
    }
    fclose(ports);
    return status;
}

static Status run_once(Caller *caller) {
    Engine *engine = caller->engine;
    Tensor outputs[OUTPUTS_MAX];
    AUTO(output_block_unref) OutputBlock *block = NULL;
    TRY(output_block_new(engine->outputs, &block));
    TRY(executor_run(engine->executor,
                     &(RunArgs){ .inputs = engine->inputs, .outputs = outputs, .block = block }));
    if (caller->dump)
        fwrite(outputs[0].data, 1, outputs[0].bytes, caller->dump);
    return status_ok();
}

static double cpu_us(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static void run_caller(void *user) {
    Caller *caller = user;
    double begin_us = cpu_us(CLOCK_THREAD_CPUTIME_ID);
    const Clock *clock = clock_monotonic();
    uint64_t begin_ns = clock_now_ns(clock), now_ns = begin_ns;
    uint64_t limit_ns = (uint64_t)(caller->seconds * (double)NS_PER_S);
    do {
        caller->status = run_once(caller);
        uint64_t end_ns = clock_now_ns(clock);
        caller->samples_us[caller->runs++ % SAMPLES_MAX] = (double)(end_ns - now_ns) / 1e3;
        now_ns = end_ns;
    } while (status_is_ok(&caller->status) && now_ns - begin_ns < limit_ns);
    caller->seconds = (double)(now_ns - begin_ns) / 1e9;
    caller->cpu_us = (cpu_us(CLOCK_THREAD_CPUTIME_ID) - begin_us) / (double)caller->runs;
    sem_post(&caller->done);
}

static int by_size(const void *a, const void *b) {
    double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

/* Runs all callers at once and prints the first one's times and what they did together. */
static Status measure(Engine *engine, size_t count, double seconds, FILE *dump) {
    static double samples_us[CALLERS_MAX][SAMPLES_MAX];
    Caller callers[CALLERS_MAX] = { 0 };
    count = MIN_OF(count, (size_t)CALLERS_MAX);
    for (size_t i = 0; i < count; i++) {
        callers[i] = (Caller){
            .engine = engine, .seconds = seconds, .samples_us = samples_us[i], .dump = dump
        };
        sem_init(&callers[i].done, 0, 0);
        if (!engine->pool || !pool_try_task(engine->pool, run_caller, &callers[i]))
            run_caller(&callers[i]);
    }
    double runs_per_s = 0;
    Status status = status_ok();
    for (size_t i = 0; i < count; i++) {
        while (sem_wait(&callers[i].done) != 0)
            ;
        sem_destroy(&callers[i].done);
        runs_per_s += (double)callers[i].runs / callers[i].seconds;
        if (!status_is_ok(&callers[i].status))
            status = callers[i].status;
    }
    TRY(status);
    size_t kept = MIN_OF(callers[0].runs, (size_t)SAMPLES_MAX);
    qsort(samples_us[0], kept, sizeof(double), by_size);
    printf("{\"runs\": %zu, \"min_us\": %.2f, \"median_us\": %.2f, \"cpu_us\": %.2f, "
           "\"runs_per_s\": %.3f}\n",
           callers[0].runs, samples_us[0][0], samples_us[0][kept / 2], callers[0].cpu_us,
           runs_per_s);
    return status_ok();
}

static Status dump_output(Engine *engine, const char *path) {
    FILE *dump = fopen(path, "wbe");
    if (!dump)
        return status_error(STATUS_NOT_FOUND, "cannot write %s", path);
    Status status = measure(engine, 1, 0, dump);
    fclose(dump);
    return status;
}

static Status obey(Engine *engine, char *line) {
    char word[16] = "", rest[LINE_BYTES] = "";
    double seconds = 0;
    size_t callers = 1;
    line[strcspn(line, "\n")] = '\0';
    if (sscanf(line, "%15s %4095[^\n]", word, rest) < 1)
        return status_error(STATUS_INVALID_ARGUMENT, "an empty line");
    if (strcmp(word, "inputs") == 0) {
        TRY(read_inputs(engine, rest));
        puts("{}");
        return status_ok();
    }
    if (strcmp(word, "run") == 0)
        return measure(engine, 1, atof(rest), NULL);
    if (strcmp(word, "callers") == 0 && sscanf(rest, "%zu %lf", &callers, &seconds) == 2)
        return measure(engine, callers, seconds, NULL);
    if (strcmp(word, "output") == 0)
        return dump_output(engine, rest);
    if (strcmp(word, "memory") == 0) {
        printf("{\"peak_kib\": %ld, \"cpu_ms\": %.2f}\n", memory_kib("VmHWM:"),
               cpu_us(CLOCK_PROCESS_CPUTIME_ID) / 1e3);
        return status_ok();
    }
    return status_error(STATUS_INVALID_ARGUMENT, "no such command: %s", word);
}

static Status serve(const char *path, size_t threads, const Mode *mode, Engine *engine) {
    static char line[LINE_BYTES];
    AUTO(device_close) Device *device = NULL;
    const char *note;
    if (threads > 1)
        TRY(pool_new(threads, &engine->pool));
    DeviceHost host = { .abi = DEVICE_ABI, .struct_bytes = sizeof host, .pool = engine->pool };
    TRY(device_open("cpu", &host, &device, &note));
    long before_kib = memory_kib("VmRSS:");
    double before_cpu_us = cpu_us(CLOCK_PROCESS_CPUTIME_ID);
    const Clock *clock = clock_monotonic();
    uint64_t begin_ns = clock_now_ns(clock);
    Status status = load(path, device, mode, engine);
    printf("{\"load_ms\": %.2f, \"before_kib\": %ld, \"before_cpu_ms\": %.2f}\n",
           (double)(clock_now_ns(clock) - begin_ns) / 1e6, before_kib, before_cpu_us / 1e3);
    while (status_is_ok(&status) && fflush(stdout) == 0 && fgets(line, sizeof line, stdin))
        status = obey(engine, line);
    for (size_t i = 0; engine->inputs && i < executor_input_count(engine->executor); i++)
        tensor_deinit(&engine->inputs[i]);
    free(engine->inputs);
    executor_free(engine->executor);
    output_pool_free(engine->outputs);
    pool_free(engine->pool);
    return status;
}

int main(int argc, char **argv) {
    Engine engine = { 0 };
    if (argc == 2 && strcmp(argv[1], "peak") == 0) {
        printf("{\"gflops\": %.1f}\n", fma_peak_gflops());
        return 0;
    }
    const Mode *mode = argc == 3 ? &modes[0] : argc == 4 ? find_mode(argv[3]) : NULL;
    if (!mode) {
        fprintf(stderr, "usage: bench_engine FILE.onnx THREADS [bf16|deterministic]\n"
                        "       bench_engine peak\n");
        return 2;
    }
    Status status = serve(argv[1], (size_t)atoll(argv[2]), mode, &engine);
    if (!status_is_ok(&status)) {
        fprintf(stderr, "bench_engine: %s: %s\n", status_code_name(status.code), status.message);
        return 1;
    }
    return 0;
}
