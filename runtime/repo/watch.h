/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Waiting until a directory changes: inotify where it works, the caller's timeout where it does not
 * (network and overlay file systems report nothing, and no error either). Private to runtime/repo.
 */

#include "runtime/base/cleanup.h"
#include "runtime/base/status.h"

#include <stdint.h>

typedef struct Watch Watch;

enum { WATCH_NONE = -1 };

/* @notify  false: only watch_wake ends a wait */
Status watch_new(bool notify, Watch **ret_watch);
void watch_free(Watch *watch);
DEFINE_AUTO(Watch, watch_free);

/* An id for this directory, the same as before if it is watched already; WATCH_NONE where that
 * cannot be. Removed by the kernel when the directory goes. Thread: repo. */
int watch_add(Watch *watch, int directory);
void watch_remove(Watch *watch, int id);

/* Ends a wait, now or the next. Thread: any. */
void watch_wake(Watch *watch);

/* A name that arrived by rename in a watched directory. */
typedef void (*WatchMoved)(void *user, int id, const char *name);
/* true: some watched directory changed. false: timeout or wake. Thread: repo. */
bool watch_wait(Watch *watch, uint64_t timeout_ns, WatchMoved moved, void *user);
