/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A call that manages models: bytes in, bytes out, and perhaps minutes in between, in which nobody
 * waits. The transport embeds a ControlCall in its own call, and is told the end by `finish`.
 */

#include "runtime/repo/change.h"
#include "server/server_context.h"
#include "server/wire/wire_reply.h"

typedef struct ControlCall ControlCall;
struct ControlCall {
    /* fixed before it is begun */
    ServerContext *context;
    Arena *arena;
    Spans message; /* lent, as arena is, until finish */
    uint64_t deadline_ns;
    /* Answers and gives the call back. reply may be NULL: an empty message. Thread: any; once. */
    void (*finish)(ControlCall *call, const Status *status, const WireReply *reply);
    /* whoever serves it */
    RepoChange change;
    const void *request;
};

/* Ends in call->finish, now or later. Thread: rpc, http, worker. */
typedef void (*ControlBegin)(ControlCall *call);

void inference_repository_load(ControlCall *call);
void inference_repository_unload(ControlCall *call);
void tensorflow_reload_config(ControlCall *call);
/* For them: the change, with what its end wants filled in. */
Status control_change(ControlCall *call, const RepoChange *change,
                      void (*done)(RepoChange *change, const Status *status));
