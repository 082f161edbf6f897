/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A chained hash table of those addresses that are connected now; it cannot grow beyond the limit
 * of connections. An IPv6 address counts by its first 64 bits, since a single host has that many.
 * The hash is keyed at random, so that nobody can choose addresses that share a chain. Thread:
 * whichever owns it.
 */

#include "server/access/peers.h"

#include "runtime/base/list.h"

#include <netinet/in.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum { BUCKETS = 1024 };

struct Peer {
    ListNode node;
    uint64_t key;
    size_t connections;
};

struct Peers {
    size_t most;
    uint64_t seed;
    ListNode buckets[BUCKETS];
};

Peers *peers_new(size_t most_connections) {
    Peers *peers = calloc(1, sizeof *peers);
    if (!peers)
        return NULL;
    peers->most = most_connections;
    if (getrandom(&peers->seed, sizeof peers->seed, GRND_NONBLOCK) != sizeof peers->seed)
        peers->seed = (uint64_t)(uintptr_t)peers;
    for (size_t i = 0; i < BUCKETS; i++)
        list_init(&peers->buckets[i]);
    return peers;
}

void peers_free(Peers *peers) {
    if (!peers)
        return;
    for (size_t i = 0; i < BUCKETS; i++)
        for (ListNode *node; (node = list_pop_front(&peers->buckets[i]));)
            free(LIST_ITEM(node, Peer, node));
    free(peers);
}

static uint64_t key_of(const struct sockaddr *address) {
    uint64_t key = 0;
    if (address && address->sa_family == AF_INET)
        key = UINT64_C(1) << 63 |
              ((const struct sockaddr_in *)(const void *)address)->sin_addr.s_addr;
    else if (address && address->sa_family == AF_INET6)
        memcpy(&key, &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr, sizeof key);
    return key;
}

static ListNode *bucket_of(Peers *peers, uint64_t key) {
    uint64_t mixed = (key ^ peers->seed) * UINT64_C(0x9e3779b97f4a7c15);
    mixed = (mixed ^ mixed >> 29) * UINT64_C(0xbf58476d1ce4e5b9);
    return &peers->buckets[(mixed >> 32) % BUCKETS];
}

Peer *peers_acquire(Peers *peers, const struct sockaddr *address) {
    uint64_t key = key_of(address);
    ListNode *bucket = bucket_of(peers, key);
    LIST_FOR_EACH (node, bucket) {
        Peer *peer = LIST_ITEM(node, Peer, node);
        if (peer->key != key)
            continue;
        if (peer->connections >= peers->most)
            return NULL;
        peer->connections++;
        return peer;
    }
    Peer *peer = calloc(1, sizeof *peer);
    if (!peer)
        return NULL;
    peer->key = key;
    peer->connections = 1;
    list_push_back(bucket, &peer->node);
    return peer;
}

void peers_release(Peers *peers, Peer *peer) {
    (void)peers;
    if (!peer || --peer->connections > 0)
        return;
    list_remove(&peer->node);
    free(peer);
}
