/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The head of a request: collected as the parser finds it, then routed and admitted. Thread: http.
 */

#include "server/rest/http_internal.h"

int http_head_path(http_parser *parser, const char *at, size_t bytes);
int http_head_field(http_parser *parser, const char *at, size_t bytes);
int http_head_value(http_parser *parser, const char *at, size_t bytes);

/* A request begins. false: out of memory. */
bool http_head_begin(HttpConnection *connection);
/* Forgets the head that was being collected. */
void http_head_reset(HttpConnection *connection);
/* Moves it to the exchange, finds the route, admits; connection->refused otherwise. */
void http_head_finish(HttpConnection *connection, HttpExchange *exchange);
/* Notes why the request is not taken, unless there is a reason already. why: static. */
void http_head_refuse(HttpConnection *connection, int code, const char *why);
void http_head_answer_refused(HttpConnection *connection, HttpExchange *exchange);
