/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * inferd --check: what would be served, without serving it.
 */

#include "server/serving.h"

#include <stdio.h>

/**
 * Loads everything that the options name, once, and prints a block per model and a last line
 * "CHECK models= versions= failed=".
 *
 * @serving  started with options->check: it does not listen
 *
 * Returns whether every model has all the versions that are wanted of it. Thread: main
 */
bool check_run(Serving *serving, FILE *file);
