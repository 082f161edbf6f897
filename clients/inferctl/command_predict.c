/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * inferctl predict: asks the server what the model takes, brings the inputs to that, asks for the
 * prediction, prints it. Thread: main.
 */

#include "clients/inferctl/command.h"
#include "clients/inferctl/inputs.h"
#include "clients/inferctl/print.h"
#include "runtime/base/clock.h"

#include <string.h>

typedef struct Answer {
    Context *context;
    Inputs inputs;
    ClientPrediction prediction;
    uint64_t elapsed_ns;
    Ranking *rankings; /* one an output, with --top */
} Answer;

static void answer_deinit(Answer *answer) {
    client_prediction_deinit(&answer->prediction);
}
DEFINE_AUTO_VALUE(Answer, answer_deinit);

static Status check_outputs(Context *context, const ClientModel *model) {
    const TextList *wanted = &context->args->outputs;
    for (size_t i = 0; i < wanted->count; i++) {
        bool found = false;
        for (size_t j = 0; j < model->output_count; j++)
            found = found || strcmp(model->outputs[j].name, wanted->items[i]) == 0;
        if (!found && model->output_count > 0)
            return status_error(
                STATUS_INVALID_ARGUMENT,
                "model '%s' has no output '%s'; 'inferctl status %s' lists what it has",
                model->name, wanted->items[i], model->name);
    }
    return status_ok();
}

static Status ask(Context *context, Answer *answer) {
    ClientAsk ask = { 0 };
    ClientModel model = { 0 };
    ClientModelName name = context_model(context);
    TRY(context_ask(context, &ask));
    TRY(client_model(&ask, &name, &model));
    model.name = name.name;
    TRY(check_outputs(context, &model));
    TRY(inputs_read(context, &model, &answer->inputs));
    uint64_t start_ns = clock_now_ns(clock_monotonic());
    TRY(client_predict(ask.client,
                       &(ClientPredict){ .protocol = ask.protocol,
                                         .model = name,
                                         .inputs = answer->inputs.tensors,
                                         .input_count = answer->inputs.count,
                                         .outputs = context->args->outputs.items,
                                         .output_count = context->args->outputs.count },
                       ask.timeout_ns, context->arena, &answer->prediction));
    answer->elapsed_ns = clock_now_ns(clock_monotonic()) - start_ns;
    return status_ok();
}

static Status rank(Context *context, Answer *answer) {
    Labels labels = { 0 };
    if (context->args->labels)
        TRY(labels_read(context->args->labels, context->arena, &labels));
    if (context->args->top == 0)
        return status_ok();
    Ranking *rankings =
        arena_calloc(context->arena, answer->prediction.output_count, sizeof *rankings);
    if (!rankings)
        return arena_exhausted(context->arena);
    for (size_t i = 0; i < answer->prediction.output_count; i++)
        TRY(ranking_make(&answer->prediction.outputs[i], (size_t)context->args->top, &labels,
                         context->arena, &rankings[i]));
    answer->rankings = rankings;
    return status_ok();
}

static Status print_json(const Answer *answer) {
    const ClientPrediction *prediction = &answer->prediction;
    json_t *outputs = json_array(), *rankings = json_array();
    for (size_t i = 0; i < prediction->output_count; i++) {
        if (answer->rankings)
            json_array_append_new(rankings, json_ranking(&answer->rankings[i]));
        json_array_append_new(outputs, json_tensor(&prediction->outputs[i]));
    }
    json_t *document = json_pack("{s:s,s:I,s:f,s:o,s:o}", "model", answer->context->args->argument,
                                 "version", (json_int_t)prediction->version, "milliseconds",
                                 (double)answer->elapsed_ns / (double)NS_PER_MS, "top", rankings,
                                 "outputs", outputs);
    if (document && !answer->rankings)
        json_object_del(document, "top");
    return context_print_json(document, json_digits(prediction->outputs, prediction->output_count));
}

static void print_text(const Answer *answer, FILE *out) {
    const Context *context = answer->context;
    const ClientPrediction *prediction = &answer->prediction;
    fprintf(out, "%s%s", context_style(context, STYLE_BOLD), context->args->argument);
    if (prediction->version)
        fprintf(out, " version %lld", (long long)prediction->version);
    fprintf(out, "%s, %.3g ms\n", context_style(context, STYLE_NONE),
            (double)answer->elapsed_ns / (double)NS_PER_MS);
    for (size_t i = 0; i < prediction->output_count; i++) {
        if (answer->rankings)
            print_ranking(context, out, &answer->rankings[i]);
        else
            print_tensor(context, out, &prediction->outputs[i]);
    }
}

/* The answer as text, to be printed beside the picture. */
static Status print_beside(const Answer *answer) {
    enum { PICTURE_COLUMNS = 56 };
    AUTO(free) char *text = NULL;
    size_t bytes = 0;
    FILE *memory = open_memstream(&text, &bytes);
    if (!memory)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory");
    print_text(answer, memory);
    if (fclose(memory) != 0)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory");
    print_picture(answer->context, &answer->inputs.picture, PICTURE_COLUMNS, text);
    return status_ok();
}

Status command_predict(Context *context) {
    AUTO(answer_deinit) Answer answer = { .context = context };
    TRY(ask(context, &answer));
    TRY(rank(context, &answer));
    if (context->args->json)
        return print_json(&answer);
    if (context->args->draw && answer.inputs.has_picture)
        return print_beside(&answer);
    if (context->args->draw)
        fputs("inferctl: no input was given as a picture, so --draw has nothing to draw\n", stderr);
    print_text(&answer, stdout);
    return status_ok();
}
