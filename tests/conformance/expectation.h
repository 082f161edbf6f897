/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The checked-in list of what is expected: one line a test, "name pass" or "name reason". Only pass
 * or not is compared: reasons are for people.
 */

#include <stdbool.h>
#include <stddef.h>

typedef struct Expectation {
    char *name;
    char *outcome; /* "pass" or the reason */
    bool seen;
} Expectation;

typedef struct ExpectationList {
    Expectation *items; /* sorted by name */
    size_t count;
} ExpectationList;

/* An absent file is an empty list. Aborts when memory is out. */
ExpectationList expectation_list_read(const char *path);
void expectation_list_free(ExpectationList *list);
/* NULL when there is none. */
Expectation *expectation_find(ExpectationList *list, const char *name);
bool outcome_is_pass(const char *outcome);
