/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What runs the batches of a version that is no graph on a device: the identity engine, ensembles.
 * A version without one is run by its executor.
 */

#include "runtime/exec/executor.h"

typedef struct Engine Engine;

/* One batch; lent until done. */
typedef struct EngineRun {
    RunArgs args; /* as for an executor; ports are the places in the signature */
    /**
     * Decoupled models: one more response is in args.outputs. Whoever wants it has taken it when
     * this returns; args.block is another one afterwards.
     *
     * false: nobody wants more, or there is no memory for more
     */
    bool (*respond)(void *user);
    ProgramDone done; /* once, on any thread, perhaps before submit returns */
    void *user;
} EngineRun;

typedef struct EngineApi {
    void (*submit)(Engine *engine, EngineRun *run); /* Thread: worker */
    void (*free)(Engine *engine);                   /* nothing runs */
} EngineApi;

/* Every engine begins with its table. */
struct Engine {
    const EngineApi *api;
};
