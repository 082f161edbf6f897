/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* inferctl load, unload and label: what a server serves, changed while it does. Thread: main. */

#include "clients/inferctl/command.h"

#include "runtime/base/size.h"

#include <string.h>

static Status print_done(const Context *context, const char *what) {
    if (context->args->json)
        return context_print_json(
            json_pack("{s:s,s:s}", "model", context->args->argument, "done", what), 9);
    printf("%s %s\n", context->args->argument, what);
    return status_ok();
}

/* "stable=3"; "stable=" takes the label away. */
static Status read_label(const char *word, Arena *arena, ClientLabel *label) {
    const char *equals = strchr(word, '=');
    char *end = NULL;
    long long version = 0;
    if (equals && equals[1])
        version = strtoll(equals + 1, &end, 10);
    if (!equals || equals == word || (equals[1] && (*end || version < 1)))
        return status_error(STATUS_INVALID_ARGUMENT,
                            "'%s' is not LABEL=VERSION (LABEL= takes the label away)", word);
    label->name = arena_strndup(arena, word, (size_t)(equals - word));
    label->version = version;
    return label->name ? status_ok() : arena_exhausted(arena);
}

static Status read_labels(const TextList *words, Arena *arena, ClientLoad *load) {
    ClientLabel *labels = arena_calloc(arena, words->count, sizeof *labels);
    if (!labels)
        return arena_exhausted(arena);
    for (size_t i = 0; i < words->count; i++)
        TRY(read_label(words->items[i], arena, &labels[i]));
    load->labels = labels;
    load->label_count = words->count;
    return status_ok();
}

Status command_load(Context *context) {
    const Args *args = context->args;
    ClientAsk ask = { 0 };
    ClientLoad load = { .model = args->argument,
                        .base_path = args->base_path,
                        .config = args->config };
    TRY(context_ask(context, &ask));
    TRY(read_labels(&args->words, ask.arena, &load));
    TRY(client_load(&ask, &load));
    return print_done(context, "loaded");
}

Status command_unload(Context *context) {
    ClientAsk ask = { 0 };
    TRY(context_ask(context, &ask));
    TRY(client_unload(&ask, context->args->argument));
    return print_done(context, "unloading");
}

Status command_label(Context *context) {
    const Args *args = context->args;
    ClientAsk ask = { 0 };
    ClientLoad load = { .model = args->argument };
    if (args->words.count == 0)
        return status_error(STATUS_INVALID_ARGUMENT, "'label' wants LABEL=VERSION");
    TRY(context_ask(context, &ask));
    TRY(read_labels(&args->words, ask.arena, &load));
    TRY(client_load(&ask, &load));
    return print_done(context, "labelled");
}
