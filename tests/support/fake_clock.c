/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Time for simulations: what decides by a Clock can be shown any history, in any order of events,
 * without waiting. The struct stays where it was initialised, since the Clock points to it. Test
 * threads only.
 */

#include "tests/support/fake_clock.h"

#include <assert.h>

static uint64_t fake_now_ns(void *user) {
    return ((FakeClock *)user)->now_ns;
}

void fake_clock_init(FakeClock *fake, uint64_t now_ns) {
    *fake = (FakeClock){ .clock = { .now_ns = fake_now_ns, .user = fake }, .now_ns = now_ns };
}

void fake_clock_set(FakeClock *fake, uint64_t now_ns) {
    assert(now_ns >= fake->now_ns);
    fake->now_ns = now_ns;
}

void fake_clock_advance(FakeClock *fake, uint64_t by_ns) {
    fake->now_ns += by_ns;
}
