/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Repository and scheduler for tests of the rpc layer, behind their real headers: one model "m"
 * whose readiness the test sets, and a scheduler that answers OK on scheduler_kick, or holds what
 * it gets until told.
 */

#include "runtime/repo/repo.h"
#include "runtime/schedule/scheduler.h"

/* Before the server starts; forgets everything. */
void fake_serving_reset(void);
/* Any thread. */
void fake_repo_set_ready(bool ready);
void fake_scheduler_hold(bool hold);
/* Answers what is held. */
void fake_scheduler_release(void);
/* Waits until so many are queued, or that many were cancelled; aborts after 30 s. */
void fake_scheduler_wait_queued(size_t count);
void fake_scheduler_wait_cancelled(size_t count);
/* How many were ever submitted. */
size_t fake_scheduler_submitted(void);
extern Repo *const FAKE_REPO;
extern Scheduler *const FAKE_SCHEDULER;

/* Stands in for runtime/exec's OutputBlock: references are counted, memory is the test's. */
OutputBlock *fake_block_new(void);
size_t fake_block_live(void);
