/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Rows of floats as JSON writes them: the inner loop of JSON tensors.
 */

#include "runtime/json/decimal_read.h"

/**
 * Reads numbers, each with the comma behind it, as long as that is what comes and there is room;
 * the last one of an array, too.
 *
 * @text        what is readable in front of at begins here
 * @dst, @room  where the next goes, and behind the last place; dst is stepped
 * @ret_ended   the last number of an array was read
 *
 * Returns where it stopped: at the bracket if it ended, else in front of a number or of what is
 * none; never behind one.
 */
const char *decimal_row_f32(const char *text, const char *at, const char *end, float **dst,
                            const float *room, bool *ret_ended);
