/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The timer thread: calls scheduler_tick exactly when it asks to be called, also while every worker
 * is busy.
 */

#include "runtime/schedule/scheduler.h"

typedef struct Timer Timer;

Status timer_new(Scheduler *scheduler, Timer **ret_timer);
void timer_free(Timer *timer);
DEFINE_AUTO(Timer, timer_free);
