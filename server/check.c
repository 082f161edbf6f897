/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The dry run. Models are loaded as they would be for service, warm-up included, since only that
 * tells whether they work; then the versions are listed with what a client would see of them, the
 * batch size that came out, and what of the configuration has no effect. Thread: main.
 */

#include "server/check.h"

#include "runtime/base/size.h"
#include "server/wire/inference_tensor.h"

#include <string.h>

enum { ARENA_FIRST_BYTES = 65536, ARENA_BUDGET_BYTES = 256 << 20 };

typedef struct Check {
    Repo *repo;
    Arena *arena;
    FILE *file;
    size_t models, versions, failed;
} Check;

static const char *kind_name(ModelKind kind) {
    static const char *const names[] = {
        [MODEL_ONNX] = "ONNX", [MODEL_ENSEMBLE] = "ensemble", [MODEL_IDENTITY] = "identity"
    };
    return names[kind];
}

static void print_tensors(const Check *check, const char *word, const SignatureTensor *tensors,
                          size_t count) {
    for (size_t i = 0; i < count; i++) {
        const char *datatype = inference_dtype_name(tensors[i].dtype);
        fprintf(check->file, "    %-6s %s %s %s", word, tensors[i].name,
                datatype ? datatype : dtype_name(tensors[i].dtype), SHAPE_TEXT(&tensors[i].shape));
        if (tensors[i].label_count > 0)
            fprintf(check->file, " %zu labels", tensors[i].label_count);
        fputc('\n', check->file);
    }
}

static void print_queue(const Check *check, const ModelVersion *version) {
    const QueuePolicy *queue = &version->queue_policy;
    if (!version->signature.batched)
        fputs("axis 0 is not a batch", check->file);
    else if (queue->batching)
        fprintf(check->file, "batches of up to %zu, delay %llu us", queue->max_rows,
                (unsigned long long)(queue->delay_ns / NS_PER_US));
    else
        fprintf(check->file, "requests of up to %zu rows, not joined",
                version->signature.max_batch_size);
    if (queue->priority_levels > 0)
        fprintf(check->file, ", %u priority levels", queue->priority_levels);
}

static void print_version(const Check *check, const ModelVersion *version) {
    fprintf(check->file, "  version %lld: %s, ", (long long)version->number,
            kind_name(version->config.kind));
    print_queue(check, version);
    fputc('\n', check->file);
    print_tensors(check, "input", version->signature.inputs, version->signature.input_count);
    print_tensors(check, "output", version->signature.outputs, version->signature.output_count);
    for (size_t i = 0; i < version->config.ignored_count; i++)
        fprintf(check->file, "    without effect: %s\n", version->config.ignored[i]);
}

/* false: it is wanted, and there is no use of it. */
static bool check_version(const Check *check, const char *name, const VersionStatus *version) {
    if (version->state == VERSION_AVAILABLE) {
        AUTO(lease_release) Lease lease = { 0 };
        VersionChoice choice = { .has_number = true, .number = version->number };
        Status status =
            repo_acquire(check->repo, (StringView){ name, strlen(name) }, &choice, &lease);
        if (status_is_ok(&status))
            print_version(check, lease.version);
        return status_is_ok(&status);
    }
    if (status_is_ok(&version->status))
        return true; /* there, and not wanted by the policy */
    fprintf(check->file, "  version %lld FAILED: %s: %s\n", (long long)version->number,
            status_code_name(version->status.code), version->status.message);
    return false;
}

static bool check_model(Check *check, const char *name) {
    VersionStatus *versions = NULL;
    size_t count = 0, served = 0, failed = 0;
    fprintf(check->file, "model %s\n", name);
    Status status = repo_model_status(check->repo, (StringView){ name, strlen(name) }, check->arena,
                                      &versions, &count);
    for (size_t i = 0; status_is_ok(&status) && i < count; i++) {
        failed += !check_version(check, name, &versions[i]);
        served += versions[i].state == VERSION_AVAILABLE;
    }
    if (!status_is_ok(&status))
        fprintf(check->file, "  FAILED: %s\n", status.message);
    else if (served == 0 && failed == 0)
        fputs("  FAILED: no version that its version policy wants\n", check->file);
    check->versions += served;
    return served > 0 && failed == 0;
}

bool check_run(Serving *serving, FILE *file) {
    AUTO(arena_free) Arena *arena = NULL;
    const char **names = NULL;
    Status status = arena_new(ARENA_FIRST_BYTES, ARENA_BUDGET_BYTES, &arena);
    Check check = { .repo = serving->repo, .arena = arena, .file = file };
    if (status_is_ok(&status))
        status = serving_load(serving);
    if (status_is_ok(&status)) {
        while (!repo_wait_loaded(serving->repo, TIME_NEVER))
            continue;
        status = repo_model_names(serving->repo, arena, &names, &check.models);
    }
    for (size_t i = 0; status_is_ok(&status) && i < check.models; i++)
        check.failed += !check_model(&check, names[i]);
    if (!status_is_ok(&status))
        fprintf(file, "FAILED: %s\n", status.message);
    fprintf(file, "CHECK models=%zu versions=%zu failed=%zu\n", check.models, check.versions,
            check.failed);
    return status_is_ok(&status) && check.failed == 0 && check.models > 0;
}
