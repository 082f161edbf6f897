/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Files that an operator names on the command line, read whole. */

#include "runtime/base/arena.h"

enum { TEXT_FILE_LIMIT = 16 << 20 };

/**
 * Reads a regular file into the arena; a NUL follows the text.
 *
 * Errors: INVALID_ARGUMENT (not a regular file, or above TEXT_FILE_LIMIT; names it), NOT_FOUND and
 * others of the system's. For operators: the message names the path.
 */
Status text_file_read(const char *path, Arena *arena, const char **ret_text, size_t *ret_length);
