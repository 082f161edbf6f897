/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* How many connections each address has: one that takes more than its share is refused. */

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

typedef struct HttpPeers HttpPeers;
typedef struct HttpPeer HttpPeer;

/* NULL: out of memory. */
HttpPeers *http_peers_new(size_t most_connections);
void http_peers_free(HttpPeers *peers);
/* One more connection of that address; NULL: it has as many as it may, or memory is out. Addresses
 * of no network (Unix sockets) are one. */
HttpPeer *http_peers_acquire(HttpPeers *peers, const struct sockaddr *address);
void http_peers_release(HttpPeers *peers, HttpPeer *peer);
