/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Whether a folder is a repository that the server can serve: models that are folders, versions
 * that are numbers, files that are read as the server reads them. Each model is one finding, about
 * the first thing that is wrong with it. Thread: main.
 */

#include "clients/inferctl/findings.h"

#include "clients/inferctl/inputs.h"
#include "clients/inferctl/model_file.h"
#include "runtime/config/model_config.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_folder(const char *path) {
    struct stat found;
    return stat(path, &found) == 0 && S_ISDIR(found.st_mode);
}

static int is_version(const struct dirent *entry) {
    size_t digits = strspn(entry->d_name, "0123456789");
    return *entry->d_name != '0' && digits > 0 && !entry->d_name[digits];
}

static int is_shown(const struct dirent *entry) {
    return *entry->d_name != '.';
}

/* The highest version's folder below the model; false without any. */
static bool newest_version(const char *model, size_t *ret_count, char path[static PATH_MAX]) {
    struct dirent **entries = NULL;
    int count = scandir(model, &entries, is_version, versionsort);
    if (count > 0)
        snprintf(path, PATH_MAX, "%.3000s/%s", model, entries[count - 1]->d_name);
    for (int i = 0; i < count; i++)
        free(entries[i]);
    free(entries);
    *ret_count = count > 0 ? (size_t)count : 0;
    return count > 0;
}

static Status check_config(Context *context, const char *model, const char *name,
                           ModelConfig *ret_config) {
    char path[PATH_MAX];
    const char *text = NULL;
    size_t length = 0;
    snprintf(path, sizeof path, "%.3000s/config.pbtxt", model);
    *ret_config = model_config_default();
    if (access(path, F_OK) != 0)
        return status_ok();
    TRY(file_read(path, context->arena, &text, &length));
    return model_config_parse(text, length, name, context->arena, ret_config);
}

static Status check_model_file(Context *context, const char *version) {
    char path[PATH_MAX];
    size_t bytes = 0;
    AUTO(graph_free) Graph *graph = NULL;
    snprintf(path, sizeof path, "%.3000s/model.onnx", version);
    return model_file_read(context, path, &graph, &bytes);
}

static void check_model(Context *context, const char *model, const char *name, Findings *findings) {
    char version[PATH_MAX];
    size_t count = 0;
    ModelConfig config;
    Status read = check_config(context, model, name, &config);
    if (!status_is_ok(&read)) {
        findings_add(findings, FINDING_BAD, "model", "mend its config.pbtxt, or take it away",
                     "%s: %s", name, read.message);
        return;
    }
    if (!newest_version(model, &count, version)) {
        findings_add(findings, FINDING_BAD, "model",
                     "put the file into a folder of a number: inferctl new FILE.onnx --repository "
                     "DIR",
                     "%s has no version", name);
        return;
    }
    read = config.kind == MODEL_ONNX ? check_model_file(context, version) : status_ok();
    if (!status_is_ok(&read))
        findings_add(findings, FINDING_BAD, "model",
                     "export it again; 'inferctl inspect' tells what of it can be read", "%s: %s",
                     name, read.message);
    else
        findings_add(findings, FINDING_GOOD, "model", NULL, "%s: %zu version%s, the newest is read",
                     name, count, count == 1 ? "" : "s");
}

void check_repository(Context *context, const char *folder, Findings *findings) {
    struct dirent **entries = NULL;
    int count = scandir(folder, &entries, is_shown, alphasort), models = 0;
    if (count < 0) {
        findings_add(findings, FINDING_BAD, "repository", "name a folder that this user may read",
                     "%s: %s", folder, strerror(errno));
        return;
    }
    for (int i = 0; i < count; i++) {
        char path[PATH_MAX];
        snprintf(path, sizeof path, "%.2000s/%s", folder, entries[i]->d_name);
        context_progress(context, (size_t)i, (size_t)count, entries[i]->d_name);
        if (is_folder(path)) {
            check_model(context, path, entries[i]->d_name, findings);
            models++;
        }
        free(entries[i]);
    }
    context_progress(context, (size_t)count, (size_t)count, "");
    free(entries);
    if (models == 0)
        findings_add(
            findings, FINDING_BAD, "repository",
            "a model is a folder DIR/NAME/1/model.onnx: inferctl new FILE.onnx --repository "
            "DIR",
            "%s has no models", folder);
}
