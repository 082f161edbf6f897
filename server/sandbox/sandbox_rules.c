/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * One row per flag that names something to read. Where models are listed in a file, or clients may
 * send another list, any folder may come to be served: reading is then not restricted. Writing is
 * for three things that are off by default: files that clients send with a load, traces, a socket
 * in the file system. Pure but for the environment.
 */

#include "server/sandbox/sandbox_rules.h"

#include "runtime/base/size.h"
#include "runtime/device/plugin_loader.h"

#include <stdlib.h>
#include <string.h>

static const size_t FILES[] = {
    offsetof(Options, single_file),       offsetof(Options, model_base_path),
    offsetof(Options, joined_path),       offsetof(Options, tls_cert),
    offsetof(Options, tls_key),           offsetof(Options, tls_ca),
    offsetof(Options, tls_config_file),   offsetof(Options, tokens_file),
    offsetof(Options, jwks_file),         offsetof(Options, policy_file),
    offsetof(Options, trust_policy_file), offsetof(Options, model_config_file),
    offsetof(Options, batching_file),     offsetof(Options, monitoring_file),
};

static void add_readable(SandboxRules *rules, const char *path) {
    if (!path)
        return;
    if (rules->readable_count == SANDBOX_PATHS_MAX)
        rules->reads_anything = true;
    else
        rules->readable[rules->readable_count++] = path;
}

static void add_readables(SandboxRules *rules, const TextList *paths) {
    for (size_t i = 0; i < paths->count; i++)
        add_readable(rules, paths->items[i]);
}

/* The folder of a file that is going to be made. */
static void add_writable_folder(SandboxRules *rules, const char *path, char *buffer, size_t bytes) {
    if (!path || strlen(path) >= bytes)
        return;
    strcpy(buffer, path);
    char *slash = strrchr(buffer, '/');
    if (!slash)
        strcpy(buffer, ".");
    else
        slash[slash == buffer] = '\0';
    rules->writable[rules->writable_count++] = buffer;
}

void sandbox_plan(const Options *options, SandboxPlan *ret_plan) {
    *ret_plan = (SandboxPlan){ 0 };
    SandboxRules *rules = &ret_plan->rules;
    ret_plan->mode = !strcmp(options->sandbox, "on")    ? SANDBOX_ON
                     : !strcmp(options->sandbox, "off") ? SANDBOX_OFF
                                                        : SANDBOX_AUTO;
    /* A GPU's driver opens devices, libraries and sockets of its own, which no one has listed yet.
     */
    if (ret_plan->mode == SANDBOX_AUTO && plugin_is_there("cuda"))
        ret_plan->mode = SANDBOX_OFF;
    for (size_t i = 0; i < ARRAY_LENGTH(FILES); i++)
        add_readable(rules, *(const char *const *)((const char *)options + FILES[i]));
    add_readables(rules, &options->repositories);
    add_readables(rules, &options->model_keys);
    add_readable(rules, plugin_directory_get());
    bool has_list = options->model_config_file || options->model_base_path;
    if (options->model_config_file || (has_list && options->allow_reload))
        rules->reads_anything = true;
    if (!strcmp(options->control_mode, "explicit")) {
        const char *folder = getenv("TMPDIR"); /* as runtime/repo/override.c has it */
        rules->writable[rules->writable_count++] = folder && *folder == '/' ? folder : "/tmp";
    }
    add_writable_folder(rules, options->trace.file, ret_plan->trace_folder,
                        sizeof ret_plan->trace_folder);
    add_writable_folder(rules, options->socket_path, ret_plan->socket_folder,
                        sizeof ret_plan->socket_folder);
}
