/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The core's credentials for a listener, out of ours. */

#include "server/access/tls.h"
#include "server/rpc/core_compat.h"

/* What the core has been given so far. */
typedef struct CredentialsState {
    Tls *tls;
    /* under a lock of the core's */
    uint64_t generation; /* 0: nothing */
} CredentialsState;

/* The caller releases the result.
 * @tls    NULL: none; lent for the life of the server that uses the credentials
 * @state  lent for as long; one for each call */
grpc_server_credentials *credentials_new(Tls *tls, CredentialsState *state);

/* Who the peer's verified certificate stands for, as tls_peer_name has it; empty: it has none. */
void credentials_peer_name(grpc_call *call, char name[static TLS_NAME_BYTES]);
