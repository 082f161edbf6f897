/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* How many connections each address has: one that takes more than its share is refused. */

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

typedef struct Peers Peers;
typedef struct Peer Peer;

/* NULL: out of memory. */
Peers *peers_new(size_t most_connections);
void peers_free(Peers *peers);
/* One more connection of that address; NULL: it has as many as it may, or memory is out. Addresses
 * of no network (Unix sockets) are one. */
Peer *peers_acquire(Peers *peers, const struct sockaddr *address);
void peers_release(Peers *peers, Peer *peer);
