/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Facts of certificates, for people who keep them. */

#include "runtime/base/status.h"

#include <stdint.h>

/* Whole days until the first certificate of a PEM file expires; negative: since. NOT_FOUND, or
 * INVALID_ARGUMENT for what is no certificate; names the file. */
Status certificate_days_left(const char *path, int64_t *ret_days);
