/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A clock that stands still until a test moves it. One thread at a time. */

#include "runtime/base/clock.h"

typedef struct FakeClock {
    Clock clock; /* hand out its address */
    uint64_t now_ns;
} FakeClock;

void fake_clock_init(FakeClock *fake, uint64_t now_ns);
/* Never backwards. */
void fake_clock_set(FakeClock *fake, uint64_t now_ns);
void fake_clock_advance(FakeClock *fake, uint64_t by_ns);
