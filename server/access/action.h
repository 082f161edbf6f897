/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What may be allowed or denied: every method and every route is one action, by its row in
 * action.c. What has no row has ACTION_UNKNOWN, which no policy can allow.
 */

#include "runtime/base/status.h"
#include "runtime/tensor/dtype.h"
#include "runtime/tensor/spans.h"

typedef enum Action {
    ACTION_UNKNOWN,
    ACTION_HEALTH, /* is the server alive, is it ready: always allowed, but for restricted APIs */
    ACTION_SERVER, /* its name and extensions, reflection */
    ACTION_READY,  /* whether a model is */
    ACTION_STATUS, /* states of a model's versions */
    ACTION_METADATA,
    ACTION_CONFIG,
    ACTION_INFER,
    ACTION_STATISTICS,
    ACTION_INDEX, /* which models there are */
    ACTION_LOAD,
    ACTION_UNLOAD,
    ACTION_RELOAD, /* the list of models */
    ACTION_SHARED_MEMORY,
    ACTION_TRACE,
    ACTION_LOG,
    ACTION_METRICS,
    ACTION_CONSOLE, /* the files of the web console, which hold nothing: always allowed */
    ACTION_COUNT
} Action;

/* "infer"; never NULL. */
const char *action_name(Action action);
/* ACTION_UNKNOWN: there is none of that name. */
Action action_find(StringView name);

typedef struct ActionRow {
    const char *path; /* of a method, or the pattern of a route */
    Action action;
    /* Where a method's request names the model: the field, and the field inside that; 0: not at
     * all, or only as part of an inference, which is decided on when it is decoded. */
    uint32_t field, inner_field;
} ActionRow;

/* NULL: ACTION_UNKNOWN. */
const ActionRow *action_row_find(const char *path);

/**
 * The model that a control request names; empty: none, which stands for all.
 *
 * Errors: INVALID_ARGUMENT (malformed, or named twice: who reads it may take either)
 */
Status action_model(const ActionRow *row, const Spans *request, char *buffer, size_t bytes,
                    StringView *ret_model);

/* Of a route, by its pattern. */
Action action_of_route(const char *pattern);

/* Triton's groups of the API, as its flags name them: a mask of actions; 0: no such group. */
uint32_t action_group(StringView name);
