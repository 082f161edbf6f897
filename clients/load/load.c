/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The loop: start what is due, poll until the next is due. A record per call slot holds when it was
 * due. Counting begins when the warm-up is over and ends with the calls that were started in time.
 * Thread: the caller's.
 */

#include "clients/load/load.h"

#include "runtime/base/clock.h"
#include "runtime/base/size.h"

#include <math.h>
#include <string.h>
#include <time.h>

enum { PROGRESS_NS = 250000000, STOP_NS = 100000000 };

typedef struct Run Run;

typedef struct Slot {
    Run *run;
    struct Slot *next_free;
    uint64_t due_ns;
} Slot;

struct Run {
    const LoadOptions *options;
    LoadResult *result;
    ClientMessage *message;
    Slot *slots, *free_slots;
    uint64_t start_ns, count_from_ns, end_ns, next_due_ns, next_progress_ns;
    uint64_t random;
};

static uint64_t now_ns(void) {
    return clock_now_ns(clock_monotonic());
}

/* splitmix64 */
static uint64_t next_random(uint64_t *state) {
    uint64_t z = *state += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return z ^ z >> 31;
}

static uint64_t exponential_ns(Run *run) {
    double uniform = ((double)(next_random(&run->random) >> 11) + 0.5) / 9007199254740992.0;
    return (uint64_t)(-log(uniform) / run->options->calls_per_s * 1e9);
}

static void call_ended(void *user, const Status *status, size_t reply_bytes, ClientReply *reply) {
    Slot *slot = user;
    Run *run = slot->run;
    (void)reply;
    slot->next_free = run->free_slots;
    run->free_slots = slot;
    if (!status_is_ok(status)) {
        if ((size_t)status->code < ARRAY_LENGTH(run->result->failed_by_code))
            run->result->failed_by_code[status->code]++;
        if (run->result->failed++ == 0)
            run->result->first_error = *status;
        return;
    }
    run->result->reply_bytes = reply_bytes;
    if (slot->due_ns >= run->count_from_ns && slot->due_ns < run->end_ns)
        histogram_add(&run->result->latency, now_ns() - slot->due_ns);
}

static Status start_one(Run *run, uint64_t due_ns) {
    Slot *slot = run->free_slots;
    run->free_slots = slot->next_free;
    slot->due_ns = due_ns;
    return client_start(run->options->client, &(ClientCall){ .method = run->options->method,
                                                             .message = run->message,
                                                             .timeout_ns = run->options->timeout_ns,
                                                             .done = call_ended,
                                                             .user = slot });
}

/* Starts everything that is due; sets when the next one is. */
static Status start_due(Run *run, uint64_t time_ns) {
    if (run->options->calls_per_s <= 0) {
        while (run->free_slots)
            TRY(start_one(run, now_ns()));
        run->next_due_ns = TIME_NEVER;
        return status_ok();
    }
    while (run->next_due_ns <= time_ns) {
        if (run->free_slots)
            TRY(start_one(run, run->next_due_ns));
        else
            run->result->missed++;
        run->next_due_ns += exponential_ns(run);
    }
    return status_ok();
}

static void tell_progress(Run *run, uint64_t time_ns) {
    if (!run->options->progress || time_ns < run->next_progress_ns)
        return;
    run->next_progress_ns = time_ns + PROGRESS_NS;
    run->options->progress(run->options->user, time_ns - run->start_ns, run->result->latency.total,
                           run->result->failed);
}

static bool wants_stop(const Run *run) {
    return run->options->stop && run->options->stop();
}

static Status run_loop(Run *run) {
    uint64_t time_ns;
    while ((time_ns = now_ns()) < run->end_ns && !wants_stop(run)) {
        TRY(start_due(run, time_ns));
        tell_progress(run, time_ns);
        uint64_t wake_ns = MIN_OF(run->next_due_ns, run->end_ns);
        if (run->options->stop)
            wake_ns = MIN_OF(wake_ns, time_ns + STOP_NS);
        if (client_outstanding(run->options->client) == 0 && run->options->calls_per_s > 0) {
            struct timespec pause = {
                .tv_nsec = (long)(wake_ns > time_ns ? (wake_ns - time_ns) % NS_PER_S : 0)
            };
            nanosleep(&pause, NULL); /* nothing to poll: the next arrival is what is waited for */
            continue;
        }
        client_poll(run->options->client, run->options->busy_poll ? 0 : wake_ns);
    }
    run->end_ns = MIN_OF(run->end_ns, MAX_OF(time_ns, run->count_from_ns + 1));
    run->result->elapsed_ns = run->end_ns - run->count_from_ns;
    while (client_outstanding(run->options->client) > 0)
        client_poll(run->options->client, TIME_NEVER);
    return status_ok();
}

Status load_run(const LoadOptions *options, LoadResult *ret_result) {
    memset(ret_result, 0, sizeof *ret_result);
    ret_result->first_error = status_ok();
    AUTO(client_message_free) ClientMessage *message = NULL;
    TRY(client_message_new(options->message, options->message_bytes, &message));
    AUTO(free) Slot *slots = calloc(options->outstanding, sizeof *slots);
    if (!slots)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory");
    uint64_t start_ns = now_ns();
    Run run = { .options = options,
                .result = ret_result,
                .message = message,
                .slots = slots,
                .start_ns = start_ns,
                .count_from_ns = start_ns + options->warm_up_ns,
                .end_ns = start_ns + options->warm_up_ns + options->duration_ns,
                .next_due_ns = start_ns,
                .next_progress_ns = start_ns + PROGRESS_NS,
                .random = options->seed };
    for (size_t i = 0; i < options->outstanding; i++) {
        slots[i] = (Slot){ .run = &run, .next_free = run.free_slots };
        run.free_slots = &slots[i];
    }
    return run_loop(&run);
}
