/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The first of two gates (the second is the model's queue). gRPC tells no length in advance, so
 * what is charged on the headers is an estimate, at least the window that a client may fill
 * unasked; the real size is charged when the body has arrived. Probes always pass: an overloaded
 * server that looks dead gets killed, which helps nobody. Control calls have a margin above
 * inference, so that one can still ask what is wrong. Thread: rpc.
 */

#include "server/rpc/admission.h"

#include "runtime/base/clock.h"
#include "runtime/base/size.h"

/* What HTTP/2 lets a client send before we ask for more. */
enum { STREAM_WINDOW_BYTES = 65536 };

static size_t control_limit(size_t max_live_calls) {
    size_t limit;
    return size_add(max_live_calls, max_live_calls / 8 + 64, &limit) ? limit : max_live_calls;
}

/* How soon a place is likely to be free: nothing is known of who holds them. */
enum { RETRY_CALLS_MS = 100, RETRY_MEMORY_MS = 1000 };

static Status too_many_calls(const AdmissionView *view, size_t limit) {
    return status_retry(status_error(STATUS_RESOURCE_EXHAUSTED,
                                     "the server has %zu calls in progress, its limit is %zu",
                                     view->live_calls, limit),
                        RETRY_CALLS_MS * NS_PER_MS);
}

Status admission_decide(const AdmissionLimits *limits, const AdmissionView *view,
                        size_t *ret_reserve_bytes) {
    size_t reserve = MIN_OF(MAX_OF(view->estimate_bytes, (size_t)STREAM_WINDOW_BYTES),
                            limits->max_message_bytes);
    if (view->class == ADMIT_PROBE) {
        *ret_reserve_bytes = 0;
        return status_ok();
    }
    if (view->stopping)
        return status_error(STATUS_UNAVAILABLE, "the server is shutting down");
    if (view->deadline_passed)
        return status_error(STATUS_DEADLINE_EXCEEDED,
                            "the deadline passed before the request was read");
    if (view->class != ADMIT_INFER) {
        size_t limit = control_limit(limits->max_live_calls);
        if (view->live_calls >= limit)
            return too_many_calls(view, limit);
        *ret_reserve_bytes = 0;
        return status_ok();
    }
    if (view->memory_full)
        return status_retry(
            status_error(STATUS_RESOURCE_EXHAUSTED,
                         "the server has nearly all the memory it may have; retry later"),
            RETRY_MEMORY_MS * NS_PER_MS);
    if (view->live_calls >= limits->max_live_calls)
        return too_many_calls(view, limits->max_live_calls);
    size_t together;
    if (!size_add(view->reserved_bytes, reserve, &together) || together > limits->max_bytes)
        return status_retry(
            status_error(
                STATUS_RESOURCE_EXHAUSTED,
                "requests and replies in progress hold %zu bytes, the limit is %zu; retry later",
                view->reserved_bytes, limits->max_bytes),
            RETRY_CALLS_MS * NS_PER_MS);
    *ret_reserve_bytes = reserve;
    return status_ok();
}

Status admission_body(const AdmissionLimits *limits, size_t reserved_bytes, size_t message_bytes) {
    if (message_bytes > limits->max_message_bytes)
        return status_error(STATUS_RESOURCE_EXHAUSTED,
                            "a request of %zu bytes is above the limit of %zu", message_bytes,
                            limits->max_message_bytes);
    if (reserved_bytes > limits->max_bytes)
        return status_retry(
            status_error(STATUS_RESOURCE_EXHAUSTED,
                         "with this request of %zu bytes, requests and replies in progress "
                         "would hold %zu, the limit "
                         "is %zu; retry later",
                         message_bytes, reserved_bytes, limits->max_bytes),
            RETRY_CALLS_MS * NS_PER_MS);
    return status_ok();
}

/* Data compress to a tenth, a hundredth at best; a bomb to a thousandth. */
size_t admission_inflate_limit(const AdmissionLimits *limits, size_t compressed_bytes) {
    enum { BELIEVABLE_RATIO = 100 };
    size_t believable;
    if (!limits->max_inflated_bytes || !size_mul(compressed_bytes, BELIEVABLE_RATIO, &believable))
        return limits->max_message_bytes;
    return MIN_OF(MAX_OF(limits->max_inflated_bytes, believable), limits->max_message_bytes);
}
