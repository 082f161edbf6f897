/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What a command works with. Everything it reads lives in the context's arena until the program
 * ends. */

#include "clients/c/client.h"
#include "clients/c/model.h"
#include "clients/inferctl/args.h"
#include "runtime/base/arena.h"

#include <jansson.h>

typedef struct Context {
    const Args *args;
    Arena *arena;
    Client *client; /* opened by context_ask */
    bool colour;    /* standard output is a terminal that wants it */
    bool unicode;   /* the locale writes UTF-8 */
} Context;

Status context_init(Context *context, const Args *args);
void context_deinit(Context *context);

/* Opens the client when first called; connecting happens with the first call. */
Status context_ask(Context *context, ClientAsk *ret_ask);
/* A client of another server, with the same credentials. */
Status context_client(const Context *context, const char *target, Client **ret_client);
/* A bar on standard error while something takes its time, if that is a terminal; gone when done
 * reaches total. */
void context_progress(const Context *context, size_t done, size_t total, const char *what);
/* The model that was named on the command line. */
ClientModelName context_model(const Context *context);
uint64_t context_timeout_ns(const Context *context);

/* One document, indented, a newline behind it. Takes the reference. */
Status context_print_json(json_t *document, int real_digits);

/* Terminal codes, "" where colours are off. */
typedef enum Style { STYLE_NONE, STYLE_BOLD, STYLE_DIM, STYLE_GOOD, STYLE_BAD, STYLE_COUNT } Style;
const char *context_style(const Context *context, Style style);

/* Says on stderr what went wrong and what to do next; with --json also on stdout. Asks the server
 * for its models when it did not know the one that was named. */
void context_report(Context *context, const Status *status);

DEFINE_AUTO_VALUE(Context, context_deinit);
static inline void json_decref_auto_(json_t **owner) {
    json_decref(*owner);
}
