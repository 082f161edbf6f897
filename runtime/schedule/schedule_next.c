/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Priority with a floor: an urgent class goes first, but a lower class that waits meanwhile earns
 * RESERVED per cent of the compute time spent, and goes first itself as soon as it is owed any.
 * Hence no class starves, however much of a higher one arrives. Debts and credits are bounded, so
 * that a long quiet time is not paid back in one burst. Pure; called under the scheduler's lock.
 */

#include "runtime/schedule/schedule_next.h"

#include "runtime/base/clock.h"
#include "runtime/base/size.h"

static const int64_t CREDIT_LIMIT_NS = (int64_t)NS_PER_S;
static const int64_t RESERVED_PERCENT[CLASS_COUNT] = {
    [CLASS_URGENT] = 0,
    [CLASS_NORMAL] = 20,
    [CLASS_BACKGROUND] = 5,
};

ScheduleClass schedule_class(uint32_t priority) {
    static const ScheduleClass classes[] = { CLASS_NORMAL, CLASS_URGENT, CLASS_NORMAL };
    return priority < ARRAY_LENGTH(classes) ? classes[priority] : CLASS_BACKGROUND;
}

unsigned schedule_reserved_percent(ScheduleClass class) {
    return (unsigned)RESERVED_PERCENT[class];
}

ScheduleClass schedule_next(const ScheduleView *view) {
    ScheduleClass first = CLASS_NONE, owed = CLASS_NONE;
    for (ScheduleClass class = CLASS_URGENT; class < CLASS_COUNT; class ++) {
        if (!view->is_ready[class])
            continue;
        if (first == CLASS_NONE)
            first = class;
        else if (view->credit_ns[class] > (owed == CLASS_NONE ? 0 : view->credit_ns[owed]))
            owed = class;
    }
    return owed != CLASS_NONE ? owed : first;
}

static bool is_contended(const ScheduleView *view, ScheduleClass class) {
    for (ScheduleClass higher = CLASS_URGENT; higher < class; higher++)
        if (view->is_ready[higher])
            return true;
    return false;
}

void schedule_charge(ScheduleView *view, ScheduleClass class, uint64_t cost_ns) {
    int64_t cost = (int64_t)MIN_OF(cost_ns, (uint64_t)CREDIT_LIMIT_NS);
    for (ScheduleClass other = CLASS_URGENT; other < CLASS_COUNT; other++) {
        int64_t earned = 0;
        if (other != class && view->is_ready[other])
            earned = cost * RESERVED_PERCENT[other] / 100;
        else if (other == class && is_contended(view, class))
            earned = -cost * (100 - RESERVED_PERCENT[other]) / 100;
        int64_t credit = view->credit_ns[other] + earned;
        view->credit_ns[other] = MAX_OF(-CREDIT_LIMIT_NS, MIN_OF(CREDIT_LIMIT_NS, credit));
    }
}

bool lane_key_before(const LaneKey *a, const LaneKey *b) {
    if (a->virtual_ns != b->virtual_ns)
        return a->virtual_ns < b->virtual_ns;
    if (a->urgent_ns != b->urgent_ns)
        return a->urgent_ns < b->urgent_ns;
    return a->sequence < b->sequence;
}
