/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Methods and paths to handlers. In a pattern '*' stands for a model's name, '#' for a version's
 * number, '@' for a label; names and labels are percent-decoded and hold no '/' or ':' as sent. The
 * query is not looked at.
 */

#include "runtime/base/arena.h"
#include "runtime/tensor/dtype.h"

struct HttpExchange;

typedef enum RouteClass {
    ROUTE_PROBE,   /* never refused */
    ROUTE_CONTROL, /* small bodies, answered in place */
    ROUTE_INFER,   /* counted against live-call and byte limits */
} RouteClass;

typedef struct RouteRow {
    const char *method; /* "GET" serves HEAD too */
    const char *pattern;
    RouteClass class;
    /* Answers, now or later. Thread: http. */
    void (*serve)(struct HttpExchange *exchange);
    const void *argument; /* of serve */
} RouteRow;

typedef struct RouteMatch {
    const RouteRow *row;              /* NULL: none */
    bool wrong_method;                /* the path is known, the method is not */
    StringView model, version, label; /* in the arena; version: digits */
} RouteMatch;

extern const RouteRow ROUTES[];
extern const size_t ROUTE_COUNT;
/* Of a port for metrics alone; and what the path of --monitoring-config-file leads to. */
extern const RouteRow METRICS_ROUTE;

/* Whether a path fits a pattern; captures point into path. Fixed parts below /v1 in any case. */
bool route_fits(const char *pattern, StringView path, StringView captures[static 3]);
/* Errors: INVALID_ARGUMENT (percent-encoding), RESOURCE_EXHAUSTED */
Status route_find(const RouteRow *rows, size_t count, const char *method, StringView path,
                  Arena *arena, RouteMatch *ret_match);
/* The path without query; "/v1/..." */
StringView route_path(const char *target, size_t length);
bool route_is_tensorflow(StringView path);
