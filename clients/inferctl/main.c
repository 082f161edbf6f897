/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * inferctl: the command line for people. One row per command; a command prints on stdout and
 * returns a Status, which is reported here and nowhere else. Exit status: 0 done, 1 refused, 2
 * wrong command line.
 */

#include "clients/inferctl/command.h"
#include "runtime/base/size.h"

#include <locale.h>
#include <string.h>

enum { EXIT_DONE = 0, EXIT_REFUSED = 1, EXIT_USAGE = 2 };

static const struct {
    const char *name;
    Status (*run)(Context *context);
} COMMANDS[] = {
    { "predict", command_predict },   { "models", command_models }, { "status", command_status },
    { "inspect", command_inspect },   { "bench", command_bench },   { "load", command_load },
    { "unload", command_unload },     { "label", command_label },   { "profile", command_profile },
    { "manifest", command_manifest }, { "sign", command_sign },     { "verify", command_verify },
    { "encrypt", command_encrypt },   { "top", command_top },       { "fleet", command_fleet },
    { "doctor", command_doctor },     { "new", command_new },       { "logs", command_logs },
};

static Status run(Context *context) {
    for (size_t i = 0; i < ARRAY_LENGTH(COMMANDS); i++)
        if (strcmp(COMMANDS[i].name, context->args->command) == 0)
            return COMMANDS[i].run(context);
    return status_error(STATUS_UNIMPLEMENTED, "'%s' is not built in", context->args->command);
}

int main(int argc, char **argv) {
    Args args;
    AUTO(context_deinit) Context context = { 0 };
    setlocale(LC_CTYPE, "");
    setenv("GRPC_VERBOSITY", "NONE", 0); /* failures are told once, by us */
    Status parsed = args_parse(argc, argv, &args);
    const CommandSpec *spec = args.command ? command_spec_find(args.command) : NULL;
    if (!status_is_ok(&parsed)) {
        fprintf(stderr, "inferctl: %s\nTry 'inferctl %s%s--help'.\n", parsed.message,
                spec ? spec->name : "", spec ? " " : "");
        return EXIT_USAGE;
    }
    if (args.help) {
        args_print_help(stdout, spec);
        return EXIT_DONE;
    }
    Status status = context_init(&context, &args);
    if (status_is_ok(&status))
        status = run(&context);
    if (status_is_ok(&status) && fflush(stdout) != 0)
        status = status_error(STATUS_INTERNAL, "cannot write to standard output");
    if (status_is_ok(&status))
        return EXIT_DONE;
    context_report(&context, &status);
    return EXIT_REFUSED;
}
