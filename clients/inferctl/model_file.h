/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Model files for the commands that need no server. */

#include "clients/inferctl/context.h"
#include "runtime/graph/graph.h"

/* A file, read as the server reads it. Errors name the file. */
Status model_file_read(Context *context, const char *path, Graph **ret_graph, size_t *ret_bytes);
