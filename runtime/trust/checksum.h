/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The checksum agent of Triton's model_repository_agents: MD5 of files, told in config.pbtxt. It
 * finds what was copied badly; against who wants to deceive there are signatures.
 */

#include "runtime/base/status.h"

/**
 * @directory  the model's; lent
 * @name       beneath it
 * @expected   32 hex digits
 *
 * Errors: FAILED_PRECONDITION naming both digests, those of beneath_read_file. Thread: loader
 */
Status checksum_check(int directory, const char *name, const char *expected, size_t limit_bytes);
