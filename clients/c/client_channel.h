/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* How a Client gets to its server: channels, and what proves who it is. */

#include "clients/c/client.h"

#include <grpc/grpc.h>

/* Errors: INVALID_ARGUMENT (target, or a file that is not PEM), NOT_FOUND; names it. */
Status client_channel_new(const ClientOptions *options, grpc_channel **ret_channel);
/* "Bearer ..." out of options->token_file; NULL without one. The caller frees it. */
Status client_authorization(const ClientOptions *options, char **ret_text);
