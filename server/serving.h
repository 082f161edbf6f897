/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Everything that serves, put together from the command line: pool, scheduler, device, repository,
 * rpc server. Apart from main.c so that starting is one call and stopping, in the opposite order,
 * another.
 */

#include "runtime/repo/repo.h"
#include "runtime/schedule/response_cache.h"
#include "runtime/schedule/timer.h"
#include "server/observe/metrics.h"
#include "server/model_list.h"
#include "server/options.h"
#include "server/rest/http_server.h"
#include "server/rpc/rpc_server.h"
#include "server/settings.h"
#include "server/shared_memory.h"

typedef struct Serving {
    /* fixed after start */
    const Options *options;
    ServerContext context;
    Tls *tls; /* NULL: none */
    Access *access;
    Trust trust;  /* owned; from before the start */
    Arena *arena; /* what configuration files said */
    OutputPool *outputs;
    ResponseCache *cache; /* NULL: not wanted */
    Pool *pool;
    Scheduler *scheduler;
    Timer *timer;
    Device *device;
    Repo *repo;
    ModelList *list; /* NULL: there is no file of models */
    SharedMemory *shared_memory;
    Settings *settings;
    RpcServer *rpc;
    HttpServer *http;         /* NULL: not wanted */
    HttpServer *metrics_http; /* the port for metrics alone; NULL */
    Metrics *metrics;
    uint64_t start_epoch_ns;
} Serving;

/**
 * Makes everything and, unless options->check, listens; models are not looked for before
 * serving_load. core_init has been called.
 *
 * @options  lent for the serving's life
 * @serving  zeroed, but for trust; written in part on failure too: serving_deinit mends that
 *
 * Errors: of the flag or file that is wrong, or the address that cannot be had
 * Thread: main
 */
Status serving_start(const Options *options, const char *version, Serving *serving);
/* Starts to watch and load. */
Status serving_load(Serving *serving);
/* Looks at files that may change while we serve (certificates). Thread: main, once a second. */
void serving_refresh(Serving *serving);
/* Network first, then models, then threads. Calls still in progress are cancelled. */
void serving_deinit(Serving *serving);
