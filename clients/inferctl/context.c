/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The frame around a command: its memory, its connection, its colours, and the words for its
 * failure. gRPC's own words for a connection that failed are for its authors, so they are replaced.
 * Thread: main.
 */

#include "clients/inferctl/context.h"

#include "runtime/base/clock.h"

#include <langinfo.h>
#include <string.h>
#include <unistd.h>

static bool wants_colour(void) {
    const char *none = getenv("NO_COLOR"), *terminal = getenv("TERM");
    return isatty(STDOUT_FILENO) && !(none && *none) &&
           !(terminal && strcmp(terminal, "dumb") == 0);
}

Status context_init(Context *context, const Args *args) {
    enum { FIRST_BYTES = 64 * 1024 };
    size_t budget_bytes = (size_t)16 << 30;
    *context = (Context){ .args = args,
                          .colour = wants_colour(),
                          .unicode = strcmp(nl_langinfo(CODESET), "UTF-8") == 0 };
    return arena_new(FIRST_BYTES, budget_bytes, &context->arena);
}

void context_deinit(Context *context) {
    client_free(context->client);
    arena_free(context->arena);
    *context = (Context){ 0 };
}

uint64_t context_timeout_ns(const Context *context) {
    return (uint64_t)(context->args->timeout_s * (double)NS_PER_S);
}

Status context_client(const Context *context, const char *target, Client **ret_client) {
    return client_new(&(ClientOptions){ .target = target,
                                        .connections = (size_t)context->args->connections,
                                        .tls = context->args->tls,
                                        .ca_file = context->args->ca_file,
                                        .cert_file = context->args->cert_file,
                                        .key_file = context->args->key_file,
                                        .token_file = context->args->token_file },
                      ret_client);
}

Status context_ask(Context *context, ClientAsk *ret_ask) {
    if (!context->client)
        TRY(context_client(context, context->args->server, &context->client));
    *ret_ask = (ClientAsk){ .client = context->client,
                            .protocol = context->args->protocol,
                            .timeout_ns = context_timeout_ns(context),
                            .arena = context->arena };
    return status_ok();
}

ClientModelName context_model(const Context *context) {
    return (ClientModelName){ .name = context->args->argument, .version = context->args->version };
}

Status context_print_json(json_t *document, int real_digits) {
    AUTO(json_decref) json_t *owned = document;
    if (!owned)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory");
    if (json_dumpf(owned, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION((size_t)real_digits)) != 0 ||
        putchar('\n') == EOF)
        return status_error(STATUS_INTERNAL, "cannot write to standard output");
    return status_ok();
}

void context_progress(const Context *context, size_t done, size_t total, const char *what) {
    enum { WIDTH = 24 };
    if (context->args->json || !isatty(STDERR_FILENO) || total == 0)
        return;
    if (done >= total) {
        fputs("\r\033[K", stderr);
        return;
    }
    int filled = (int)(done * WIDTH / total);
    fputs("\r\033[K[", stderr);
    for (int i = 0; i < WIDTH; i++)
        fputs(i < filled ? (context->unicode ? "█" : "#") : (context->unicode ? "░" : "."), stderr);
    fprintf(stderr, "] %3zu%%  %s", done * 100 / total, what);
    fflush(stderr);
}

const char *context_style(const Context *context, Style style) {
    static const char *const CODES[STYLE_COUNT] = {
        [STYLE_NONE] = "\033[0m",    [STYLE_BOLD] = "\033[1m",   [STYLE_DIM] = "\033[2m",
        [STYLE_GOOD] = "\033[1;32m", [STYLE_BAD] = "\033[1;31m",
    };
    return context->colour ? CODES[style] : "";
}

/* The server cannot be reached, as gRPC words it. */
static bool is_unreachable(const Status *status) {
    static const char *const WORDS[] = { "connect", "Connect",         "DNS",   "Socket closed",
                                         "recvmsg", "name resolution", "GOAWAY" };
    for (size_t i = 0; status->code == STATUS_UNAVAILABLE && i < sizeof WORDS / sizeof *WORDS; i++)
        if (strstr(status->message, WORDS[i]))
            return true;
    return false;
}

/* "digits (version 1)", "two_layer (versions 1, 2)": the rows of one model, which stand together.
 * Returns how many. */
static size_t print_model(const ClientIndexRow *rows, size_t count) {
    size_t versions = 1;
    while (versions < count && strcmp(rows[versions].name, rows[0].name) == 0)
        versions++;
    fprintf(stderr, " %s", rows[0].name);
    if (!*rows[0].version)
        return versions;
    fputs(versions > 1 ? " (versions " : " (version ", stderr);
    for (size_t i = 0; i < versions; i++)
        fprintf(stderr, "%s%s", i ? ", " : "", rows[i].version);
    fputc(')', stderr);
    return versions;
}

static void list_models(Context *context) {
    ClientAsk ask;
    ClientIndexRow *rows = NULL;
    size_t count = 0;
    Status asked = context_ask(context, &ask);
    if (status_is_ok(&asked))
        asked = client_index(&ask, &rows, &count);
    if (!status_is_ok(&asked))
        return;
    if (count == 0) {
        fputs("This server has no models.\n", stderr);
        return;
    }
    const Args *args = context->args;
    for (size_t i = 0; i < count && args->argument && args->version == 0; i++) {
        if (strcmp(rows[i].name, args->argument) ==
            0) { /* known, but nothing of it is in service */
            fprintf(stderr, "'inferctl status %s' tells why.\n", args->argument);
            return;
        }
    }
    fputs("This server has:", stderr);
    for (size_t i = 0; i < count;) {
        i += print_model(&rows[i], count - i);
        fputs(i < count ? "," : "\n", stderr);
    }
}

static void print_hint(Context *context, const Status *status) {
    const Args *args = context->args;
    if (is_unreachable(status))
        fputs("Start one with 'inferd --model-repository=DIR', or name another with --server "
              "HOST:PORT.\n",
              stderr);
    else if (status->code == STATUS_NOT_FOUND && context->client)
        list_models(context);
    else if (status->code == STATUS_DEADLINE_EXCEEDED)
        fprintf(stderr, "The call was given %g s; --timeout S gives it more.\n", args->timeout_s);
    else if (status->code == STATUS_FAILED_PRECONDITION && args->argument)
        fprintf(stderr, "'inferctl status %s' tells the states of its versions.\n", args->argument);
    else if (status->code == STATUS_UNIMPLEMENTED && context->client)
        fprintf(stderr, "This server does not offer that in this protocol; try --protocol %s.\n",
                args->protocol == CLIENT_INFERENCE ? "tensorflow" : "inference");
}

void context_report(Context *context, const Status *status) {
    Status told = *status;
    if (is_unreachable(status))
        told = status_error(status->code, "cannot reach %s: is inferd running?",
                            context->args->server);
    fprintf(stderr, "inferctl: %s\n", told.message);
    print_hint(context, status);
    if (!context->args->json)
        return;
    Status printed =
        context_print_json(json_pack("{s:{s:s,s:s}}", "error", "code", status_code_name(told.code),
                                     "message", told.message),
                           9);
    (void)printed;
}
