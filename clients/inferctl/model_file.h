/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Model files for the commands that need no server. */

#include "clients/inferctl/context.h"
#include "runtime/graph/graph.h"

/* The file named on the command line, read as the server reads it. Errors name the file. */
Status model_file_read(Context *context, Graph **ret_graph, size_t *ret_bytes);
