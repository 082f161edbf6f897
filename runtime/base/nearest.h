/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The name nearest to a wrong one, for error messages.
 */

#include <stddef.h>

/* name_at(user, i) lists the names. */
typedef const char *(*NameAt)(const void *user, size_t index);

/* By edit distance; NULL when none is near. */
const char *nearest_name(const char *name, size_t length, NameAt name_at, const void *user,
                         size_t count);
