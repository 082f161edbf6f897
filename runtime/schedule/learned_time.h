/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * How long batches of one shape take, learned from those that ran: a moving average a class of row
 * counts (1, 2, 3-4, 5-8, ...). Used to charge flows, to refuse what cannot be met and to find
 * models tiny enough to run in place.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LEARNED_CLASSES = 24 };

typedef struct LearnedTime {
    struct {
        uint64_t batch_ns; /* scaled to the largest row count of its class */
        uint64_t slow_ns;  /* the same, of those that were slow lately */
        uint32_t samples;
    } classes[LEARNED_CLASSES];
} LearnedTime;

void learned_time_record(LearnedTime *learned, size_t rows, uint64_t elapsed_ns);
/* 0 when nothing is known of any row count; else scaled from the nearest class that is known. */
uint64_t learned_time_estimate(const LearnedTime *learned, size_t rows);
/* The same, so that most take less: what is promised to clients is reckoned with it. */
uint64_t learned_time_promise(const LearnedTime *learned, size_t rows);
/* Whether enough was seen, of any row count, to be believed. */
bool learned_time_is_known(const LearnedTime *learned);
/* How many batches of about that many rows were seen. */
uint32_t learned_time_samples(const LearnedTime *learned, size_t rows);
