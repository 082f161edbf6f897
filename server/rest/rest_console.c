/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The web console: its files, which are part of the program (server/console), and the one thing its
 * pages want to know of a model that no protocol tells: labels, and what may be changed here. The
 * files hold no data, so anybody may have them; what they show, pages ask for like any client, with
 * the token that their user gives them. Nothing in them may come from elsewhere: the policy below
 * has browsers see to that. Thread: http.
 */

#include "server/console/console_files.h"
#include "server/rest/rest.h"
#include "server/wire/wire_tensor.h"

#include <jansson.h>

static const char HEADERS[] =
    "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' blob:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'\r\n"
    "X-Content-Type-Options: nosniff\r\n"
    "Referrer-Policy: no-referrer\r\n"
    "Cross-Origin-Opener-Policy: same-origin\r\n"
    "Cache-Control: no-cache\r\n";

void rest_console(HttpExchange *exchange) {
    StringView name = exchange->match.row->argument ? text_view(exchange->match.row->argument)
                                                    : exchange->match.model;
    const ConsoleFile *file = NULL;
    for (size_t i = 0; i < CONSOLE_FILE_COUNT && !file; i++)
        if (text_equal(name, text_view(CONSOLE_FILES[i].name)))
            file = &CONSOLE_FILES[i];
    if (!file || !http_exchange_context(exchange)->console) {
        http_exchange_fail(exchange, 404, "Not Found");
        return;
    }
    struct evbuffer *body = evbuffer_new();
    if (!body || evbuffer_add_reference(body, file->data, file->bytes, NULL, NULL)) {
        if (body)
            evbuffer_free(body);
        http_exchange_fail(exchange, 503, "out of memory");
        return;
    }
    http_exchange_reply(exchange, (HttpReply){ .code = 200,
                                               .content_type = file->content_type,
                                               .body = body,
                                               .extra = HEADERS });
}

void rest_console_model(HttpExchange *exchange) {
    ServerContext *server = http_exchange_context(exchange);
    VersionLabel *labels;
    size_t count;
    Status status =
        repo_model_labels(server->repo, exchange->match.model, exchange->arena, &labels, &count);
    if (!server->console)
        status = status_error(STATUS_NOT_FOUND, "Not Found");
    if (!status_is_ok(&status)) {
        rest_fail(exchange, &status, REST_INFERENCE);
        return;
    }
    json_t *object = json_object();
    for (size_t i = 0; i < count; i++)
        json_object_set_new(object, labels[i].label, json_integer(labels[i].number));
    rest_reply_document(exchange,
                        json_pack("{s:s%, s:o, s:{s:b, s:b}}", "name", exchange->match.model.data,
                                  exchange->match.model.length, "labels", object, "allowed",
                                  "label", server->manage.label, "load", server->manage.load));
}
