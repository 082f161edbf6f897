/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The file that lists models (--model-config-file), read again while the server runs: now and then,
 * or when a signal asks. A file that cannot be read or is wrong changes nothing and is told once.
 */

#include "runtime/repo/repo.h"
#include "server/options.h"

typedef struct ModelList ModelList;

/* NULL in *ret_list: there is no such file. */
Status model_list_new(const Options *options, Repo *repo, ModelList **ret_list);
void model_list_free(ModelList *list); /* repo_end_changes has been called, or the repo is gone */

/* Milliseconds until the next look; -1: none is due. */
int model_list_wait_ms(const ModelList *list, uint64_t now_ns);
/* Looks at the file if that is due, or forced. Thread: main. */
void model_list_look(ModelList *list, uint64_t now_ns, bool forced);
