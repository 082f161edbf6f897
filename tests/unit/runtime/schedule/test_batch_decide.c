/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* batch_decide from literal tables: one row a situation. */

#include "runtime/base/size.h"
#include "runtime/schedule/batch_decide.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

/* By class of rows: 1, 2, 3-4, 5-8. */
static const LearnedTime TINY = {
    { { 3000, 3000, 9 }, { 3200, 3200, 9 }, { 3500, 3500, 9 }, { 4000, 4000, 9 } }
};
static const LearnedTime LARGE = { { { 1000000, 1000000, 9 },
                                     { 2000000, 2000000, 9 },
                                     { 4000000, 4000000, 9 },
                                     { 8000000, 8000000, 9 } } };
/* Eight rows take as long as one: weights are the traffic. */
static const LearnedTime FLAT = { { { 1000000, 1000000, 9 },
                                    { 1000000, 1000000, 9 },
                                    { 1000000, 1000000, 9 },
                                    { 1000000, 1000000, 9 } } };

typedef struct Row {
    const char *says;
    BatchView view; /* rows, first_rows, oldest_ns, idle_workers, start_by_ns, draining */
    QueuePolicy policy;
    uint64_t now_ns;
    BatchDecision expected; /* action, reason, max_rows, wake_ns */
} Row;

#define NEVER TIME_NEVER
#define NOW_POLICY(n)                                                                              \
    { .batching = true, .max_rows = (n) }
#define DELAYED(n, d)                                                                              \
    { .batching = true, .max_rows = (n), .delay_ns = (d) }
#define PREFERS(n, d)                                                                              \
    {                                                                                              \
        .batching = true, .max_rows = (n), .delay_ns = (d), .preferred_rows = { 4, 8 },            \
        .preferred_count = 2                                                                       \
    }
#define SEND(why, rows)                                                                            \
    { BATCH_SEND, BATCH_REASON_##why, (rows), NEVER }
#define WAIT_TO(t)                                                                                 \
    { BATCH_WAIT, BATCH_REASON_NONE, 0, (t) }

static const Row ROWS[] = {
    { "an empty queue waits for ever",
      { 0, 0, 0, 2, NEVER, false, NULL },
      NOW_POLICY(8),
      100,
      WAIT_TO(NEVER) },
    { "an empty queue that drains waits too",
      { 0, 0, 0, 2, NEVER, true, NULL },
      DELAYED(8, 50),
      100,
      WAIT_TO(NEVER) },
    { "without batching a request goes alone",
      { 5, 1, 0, 2, NEVER, false, NULL },
      { .max_rows = 1 },
      100,
      SEND(FULL, 1) },
    { "without batching its own rows stay together",
      { 9, 4, 0, 1, NEVER, false, NULL },
      { .max_rows = 1 },
      0,
      SEND(FULL, 4) },

    { "delay 0 sends one at once",
      { 1, 1, 100, 1, NEVER, false, NULL },
      NOW_POLICY(8),
      100,
      SEND(IDLE, 1) },
    { "one worker takes all",
      { 5, 1, 100, 1, NEVER, false, NULL },
      NOW_POLICY(8),
      100,
      SEND(IDLE, 5) },
    { "two workers take half each",
      { 6, 1, 100, 2, NEVER, false, NULL },
      NOW_POLICY(8),
      100,
      SEND(IDLE, 3) },
    { "the odd one goes with the first",
      { 7, 1, 100, 2, NEVER, false, NULL },
      NOW_POLICY(8),
      100,
      SEND(IDLE, 4) },
    { "as many requests as workers: one each",
      { 4, 1, 100, 4, NEVER, false, NULL },
      NOW_POLICY(8),
      100,
      SEND(IDLE, 1) },
    { "more workers than requests",
      { 2, 1, 100, 16, NEVER, false, NULL },
      NOW_POLICY(8),
      100,
      SEND(IDLE, 1) },
    { "a request is never split",
      { 8, 6, 100, 4, NEVER, false, NULL },
      NOW_POLICY(16),
      100,
      SEND(IDLE, 6) },
    { "a hint of no workers means the asker",
      { 3, 1, 100, 0, NEVER, false, NULL },
      NOW_POLICY(8),
      100,
      SEND(IDLE, 3) },
    { "full at the limit",
      { 8, 1, 100, 1, NEVER, false, NULL },
      NOW_POLICY(8),
      100,
      SEND(FULL, 8) },
    { "beyond the limit one batch at a time",
      { 80, 1, 100, 1, NEVER, false, NULL },
      NOW_POLICY(8),
      100,
      SEND(FULL, 8) },
    { "full and shared", { 8, 1, 100, 2, NEVER, false, NULL }, NOW_POLICY(8), 100, SEND(FULL, 4) },
    { "a first request above the limit goes",
      { 12, 12, 100, 1, NEVER, false, NULL },
      NOW_POLICY(8),
      100,
      SEND(FULL, 12) },
    { "tiny batches are not shared",
      { 8, 1, 100, 2, NEVER, false, &TINY },
      NOW_POLICY(16),
      100,
      SEND(IDLE, 8) },
    { "large ones are",
      { 8, 1, 100, 2, NEVER, false, &LARGE },
      NOW_POLICY(16),
      100,
      SEND(IDLE, 4) },
    { "nothing is gained by sharing",
      { 8, 1, 100, 2, NEVER, false, &FLAT },
      NOW_POLICY(8),
      100,
      SEND(FULL, 8) },
    { "what is not shared keeps to the limit",
      { 20, 1, 100, 4, NEVER, false, &TINY },
      NOW_POLICY(8),
      100,
      SEND(FULL, 8) },

    { "a delay waits for company",
      { 1, 1, 100, 2, NEVER, false, NULL },
      DELAYED(8, 50),
      100,
      WAIT_TO(150) },
    { "to the last nanosecond",
      { 1, 1, 100, 2, NEVER, false, NULL },
      DELAYED(8, 50),
      149,
      WAIT_TO(150) },
    { "and not longer", { 3, 1, 100, 2, NEVER, false, NULL }, DELAYED(8, 50), 150, SEND(DELAY, 3) },
    { "what has gathered is not divided",
      { 8, 1, 100, 4, NEVER, false, NULL },
      DELAYED(8, 50),
      110,
      SEND(FULL, 8) },
    { "draining waits for nobody",
      { 3, 1, 100, 2, NEVER, true, NULL },
      DELAYED(8, 50),
      110,
      SEND(DRAIN, 3) },
    { "a deadline ends the wait early",
      { 3, 1, 100, 2, 130, false, NULL },
      DELAYED(8, 50),
      110,
      WAIT_TO(130) },
    { "at the latest start it goes",
      { 3, 1, 100, 2, 130, false, NULL },
      DELAYED(8, 50),
      130,
      SEND(DELAY, 3) },
    { "a far deadline changes nothing",
      { 3, 1, 100, 2, 900, false, NULL },
      DELAYED(8, 50),
      110,
      WAIT_TO(150) },
    { "a delay without end",
      { 3, 1, 100, 2, NEVER, false, NULL },
      DELAYED(8, NEVER),
      110,
      WAIT_TO(NEVER) },

    { "below the smallest preferred size",
      { 3, 1, 100, 2, NEVER, false, NULL },
      PREFERS(16, 50),
      110,
      WAIT_TO(150) },
    { "a preferred size goes at once",
      { 4, 1, 100, 2, NEVER, false, NULL },
      PREFERS(16, 50),
      110,
      SEND(PREFERRED, 4) },
    { "exactly that many",
      { 7, 1, 100, 2, NEVER, false, NULL },
      PREFERS(16, 50),
      110,
      SEND(PREFERRED, 4) },
    { "the largest that is there",
      { 9, 1, 100, 2, NEVER, false, NULL },
      PREFERS(16, 50),
      110,
      SEND(PREFERRED, 8) },
    { "a delay that is over sends fewer",
      { 3, 1, 100, 2, NEVER, false, NULL },
      PREFERS(16, 50),
      150,
      SEND(DELAY, 3) },
    { "full goes before preferred",
      { 16, 1, 100, 2, NEVER, false, NULL },
      PREFERS(16, 50),
      110,
      SEND(FULL, 16) },
};

static void test_every_row_of_the_table(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(ROWS); i++) {
        const Row *row = &ROWS[i];
        BatchDecision decision = batch_decide(&row->view, &row->policy, row->now_ns);
        if (decision.action != row->expected.action || decision.reason != row->expected.reason ||
            decision.max_rows != row->expected.max_rows ||
            decision.wake_ns != row->expected.wake_ns)
            fail_msg("%s: got action %d, reason %d, rows %zu, wake %llu", row->says,
                     (int)decision.action, (int)decision.reason, decision.max_rows,
                     (unsigned long long)decision.wake_ns);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_every_row_of_the_table) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
