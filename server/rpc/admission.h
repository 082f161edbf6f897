/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Who may come in, decided on the headers, before the body is read. A pure function over a small
 * view: it takes no lock and reads no clock, and is tested as a table.
 */

#include "runtime/base/status.h"

#include <stdint.h>

/* Rows of server/rpc/method_table.h, as far as admission cares. */
typedef enum AdmissionClass {
    ADMIT_PROBE,   /* never refused while the server runs */
    ADMIT_CONTROL, /* refused only when calls pile up beyond the limit and its margin */
    ADMIT_INFER,   /* refused above the limit of live calls or of bytes */
    ADMIT_STREAM,  /* long-lived: refused like CONTROL */
} AdmissionClass;

typedef struct AdmissionLimits {
    size_t max_live_calls;
    size_t max_bytes;          /* of requests and unsent replies, all calls together */
    size_t max_message_bytes;  /* one request */
    size_t max_inflated_bytes; /* of one that came compressed, unless it is less than 100 times what
                                  came; 0: max_message_bytes */
} AdmissionLimits;

typedef struct AdmissionView {
    AdmissionClass class;
    bool stopping;
    bool memory_full;
    size_t live_calls; /* others, this one not counted */
    size_t reserved_bytes;
    size_t estimate_bytes; /* of this request's body: announced, or what this method usually gets */
    bool deadline_passed;
} AdmissionView;

/**
 * @ret_reserve_bytes  what to charge before the body is read, corrected when it is there
 *
 * Errors: UNAVAILABLE (stopping), RESOURCE_EXHAUSTED (calls, bytes, memory), DEADLINE_EXCEEDED
 */
Status admission_decide(const AdmissionLimits *limits, const AdmissionView *view,
                        size_t *ret_reserve_bytes);

/* The body is there: may it stay? reserved_bytes: all calls, with this one's correction. Errors:
 * RESOURCE_EXHAUSTED. */
Status admission_body(const AdmissionLimits *limits, size_t reserved_bytes, size_t message_bytes);

/* What a compressed request may inflate to. */
size_t admission_inflate_limit(const AdmissionLimits *limits, size_t compressed_bytes);
