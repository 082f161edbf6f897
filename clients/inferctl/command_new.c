/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * inferctl new: a model file becomes the next version of a model in a repository. The file is read
 * as the server reads it first, so what cannot be served is not put there. It is written beside its
 * place and renamed, which a watching server takes for complete at once. Thread: main.
 */

#include "clients/inferctl/command.h"

#include "clients/inferctl/inputs.h"
#include "clients/inferctl/interrupt.h"
#include "clients/inferctl/model_file.h"
#include "runtime/base/size.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_BATCH_DEFAULT = 64 };

typedef struct New {
    const char *name;
    char folder[PATH_MAX]; /* of the model */
    long long version;
    int64_t max_batch;
    bool writes_config;
} New;

/* "models/resnet-50.onnx" -> "resnet-50" */
static Status choose_name(Context *context, const char **ret_name) {
    const char *slash = strrchr(context->args->argument, '/');
    const char *base = slash ? slash + 1 : context->args->argument;
    const char *end = strrchr(base, '.');
    const char *name = context->args->name;
    if (!name)
        name = arena_strndup(context->arena, base,
                             end && end != base ? (size_t)(end - base) : strlen(base));
    if (!name)
        return arena_exhausted(context->arena);
    for (const char *at = name; *at; at++)
        if (!isalnum((unsigned char)*at) && !strchr("._-", *at))
            return status_error(STATUS_INVALID_ARGUMENT,
                                "a model's name has letters, digits, '.', '_' and '-', got '%s'; "
                                "--name gives it another",
                                name);
    if (!isalnum((unsigned char)*name))
        return status_error(STATUS_INVALID_ARGUMENT, "'%s' is no name of a model", name);
    *ret_name = name;
    return status_ok();
}

static Status make_folder(const char *path) {
    return mkdir(path, 0777) == 0 || errno == EEXIST ? status_ok() : status_from_errno(errno, path);
}

/* One more than the highest version there. */
static Status next_version(const char *folder, long long *ret_version) {
    *ret_version = 1;
    DIR *entries = opendir(folder);
    if (!entries)
        return status_from_errno(errno, folder);
    for (const struct dirent *entry; (entry = readdir(entries));) {
        char *end;
        long long number = strtoll(entry->d_name, &end, 10);
        if (isdigit((unsigned char)*entry->d_name) && !*end && number < LLONG_MAX)
            *ret_version = MAX_OF(*ret_version, number + 1);
    }
    closedir(entries);
    return status_ok();
}

/* Dim 0 of every input and output is open: it may be the batch. */
static bool has_batch_dim(const Graph *graph) {
    for (size_t i = 0; i < graph_input_count(graph) + graph_output_count(graph); i++) {
        const Port *port = i < graph_input_count(graph)
                               ? graph_input(graph, i)
                               : graph_output(graph, i - graph_input_count(graph));
        if (port->shape.rank < 1 || port->shape.dims[0] != DIM_UNKNOWN)
            return false;
    }
    return true;
}

/* "TYPE_FP32" */
static const char *config_type(DType dtype, char text[static 32]) {
    const ClientType *type = client_type_by_onnx_number((int32_t)dtype);
    const char *name = type && type->inference_name ? type->inference_name : "INVALID";
    snprintf(text, 32, "TYPE_%s", strcmp(name, "BYTES") == 0 ? "STRING" : name);
    return text;
}

static void write_port(FILE *file, const char *kind, const Port *port, bool is_batched) {
    char type[32];
    fprintf(file, "%s [\n  {\n    name: \"%s\"\n    data_type: %s\n    dims: [", kind, port->name,
            config_type(port->dtype, type));
    for (int32_t i = is_batched; i < (int32_t)port->shape.rank; i++)
        fprintf(file, "%s %lld", i > is_batched ? "," : "",
                port->shape.dims[i] == DIM_UNKNOWN ? -1LL : (long long)port->shape.dims[i]);
    fputs(" ]\n  }\n]\n", file);
}

static Status write_config(const New *new, const Graph *graph, const char *path) {
    bool is_batched = new->max_batch > 0;
    FILE *file = fopen(path, "wxe");
    if (!file)
        return status_from_errno(errno, path);
    fprintf(
        file,
        "# Written by inferctl new. All of it could be left out: it says what is in the model.\n"
        "name: \"%s\"\nplatform: \"onnxruntime_onnx\"\nmax_batch_size: %lld\n",
        new->name, (long long)new->max_batch);
    for (size_t i = 0; i < graph_input_count(graph); i++)
        write_port(file, "input", graph_input(graph, i), is_batched);
    for (size_t i = 0; i < graph_output_count(graph); i++)
        write_port(file, "output", graph_output(graph, i), is_batched);
    if (is_batched)
        fputs(
            "# Rows of several requests are computed together when they wait at the same time. To "
            "wait for company:\n"
            "# dynamic_batching { max_queue_delay_microseconds: 500 }\n"
            "dynamic_batching { }\n",
            file);
    if (fclose(file) != 0)
        return status_from_errno(errno, path);
    return status_ok();
}

/* The bytes as VERSION/model.onnx, complete when the folder has its name. */
static Status write_version(Context *context, const New *new) {
    const char *bytes = NULL;
    size_t count = 0;
    char made[PATH_MAX + 64], final[PATH_MAX + 64], path[PATH_MAX + 96];
    TRY(file_read(context->args->argument, context->arena, &bytes, &count));
    snprintf(final, sizeof final, "%s/%lld", new->folder, new->version);
    snprintf(made, sizeof made, "%s/.new-%lld-%d", new->folder, new->version, (int)getpid());
    snprintf(path, sizeof path, "%s/model.onnx", made);
    if (mkdir(made, 0777) != 0)
        return status_from_errno(errno, made);
    FILE *file = fopen(path, "wxe");
    bool written = file && fwrite(bytes, 1, count, file) == count && fflush(file) == 0 &&
                   fsync(fileno(file)) == 0;
    int error = errno;
    if (file && fclose(file) != 0)
        written = false;
    if (written && rename(made, final) == 0)
        return status_ok();
    error = written ? errno : error;
    unlink(path);
    rmdir(made);
    return status_from_errno(error, final);
}

static Status show(const Context *context, const New *new, const char *config) {
    if (context->args->json)
        return context_print_json(json_pack("{s:s,s:I,s:s,s:s,s:b,s:I}", "model", new->name,
                                            "version", (json_int_t) new->version, "folder",
                                            new->folder, "config", config, "config_written",
                                            new->writes_config, "max_batch_size",
                                            (json_int_t) new->max_batch),
                                  9);
    printf("%s version %lld is in %s\n", new->name, new->version, new->folder);
    printf(new->writes_config ? "its config is %s\n" : "its config stays as it is: %s\n", config);
    printf("Serve it: inferd --model-repository=%s\n", context->args->repository);
    return status_ok();
}

Status command_new(Context *context) {
    const Args *args = context->args;
    AUTO(graph_free) Graph *graph = NULL;
    size_t bytes = 0;
    New new = { 0 };
    char config[PATH_MAX + 32];
    if (!args->repository)
        return status_error(STATUS_INVALID_ARGUMENT, "'new' wants --repository DIR");
    TRY(choose_name(context, &new.name));
    TRY(model_file_read(context, context->args->argument, &graph, &bytes));
    int written = snprintf(new.folder, sizeof new.folder, "%s/%s", args->repository, new.name);
    if (written < 0 || (size_t)written >= sizeof new.folder)
        return status_error(STATUS_INVALID_ARGUMENT, "the repository's path is too long");
    bool is_open = has_batch_dim(graph);
    new.max_batch = args->max_batch != ARGS_MAX_BATCH_AUTO ? args->max_batch
                    : is_open                              ? MAX_BATCH_DEFAULT
                                                           : 0;
    if (new.max_batch > 0 && !is_open)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "'%s' has an input or output whose dim 0 is fixed: it cannot be "
                            "batched; export it with an open one, or leave out --max-batch",
                            args->argument);
    interrupt_catch(); /* from here to the end all of it is done */
    TRY(make_folder(args->repository));
    TRY(make_folder(new.folder));
    TRY(next_version(new.folder, &new.version));
    snprintf(config, sizeof config, "%s/config.pbtxt", new.folder);
    new.writes_config = access(config, F_OK) != 0;
    if (new.writes_config)
        TRY(write_config(&new, graph, config));
    TRY(write_version(context, &new));
    return show(context, &new, config);
}
