/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The files of this folder as embed.py puts them into the program. */

#include <stddef.h>

typedef struct ConsoleFile {
    const char *name, *content_type;
    const unsigned char *data;
    size_t bytes;
} ConsoleFile;

extern const ConsoleFile CONSOLE_FILES[];
extern const size_t CONSOLE_FILE_COUNT;
