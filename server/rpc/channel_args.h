/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What the core is told about limits, keep-alive and the like, as its argument list. */

#include "server/rpc/core_compat.h"
#include "server/rpc/listener.h"
#include "server/rpc/rpc_server.h"

typedef struct ChannelArgs ChannelArgs;

/* Ports that take connections which were accepted elsewhere, by ListenerKind. */
extern const char *const CHANNEL_ARG_TAKERS[LISTENER_KINDS];

/**
 * @takers  where the core puts who takes connections, when such a port is added; lent for the
 *          server's life
 *
 * Errors: INVALID_ARGUMENT (channel_arguments is not "k=v,...", or too many)
 */
Status channel_args_new(const RpcOptions *options, void *takers[LISTENER_KINDS],
                        ChannelArgs **ret_args);
void channel_args_free(ChannelArgs *args);
DEFINE_AUTO(ChannelArgs, channel_args_free);
/* Lives as long as args. */
const grpc_channel_args *channel_args_get(const ChannelArgs *args);
