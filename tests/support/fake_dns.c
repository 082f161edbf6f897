/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * See fake_dns.h. The question is sent back as it came; questions of type A get the addresses,
 * others none. The thread ends when a datagram of one byte comes from its owner.
 */

#include "tests/support/fake_dns.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ADDRESSES_MAX = 16, HEADER_BYTES = 12, DATAGRAM_BYTES = 512, ANSWER_BYTES = 16 };

struct FakeDns {
    uint8_t last_bytes[ADDRESSES_MAX];
    size_t count;
    int socket, port;
    pthread_t thread;
};

static void die(const char *what) {
    perror(what);
    abort();
}

/* Length of the question behind the header; 0: none. */
static size_t question_bytes(const uint8_t *message, size_t length) {
    size_t at = HEADER_BYTES;
    while (at < length && message[at])
        at += message[at] + 1u;
    return at + 5 <= length ? at + 5 - HEADER_BYTES : 0;
}

/* Turns the query into its answer; returns its length. */
static size_t answer(const FakeDns *dns, uint8_t message[static DATAGRAM_BYTES], size_t length) {
    size_t question = length > HEADER_BYTES ? question_bytes(message, length) : 0;
    if (question == 0)
        return 0;
    size_t end = HEADER_BYTES + question;
    bool is_a = message[end - 3] == 1;
    size_t count = is_a ? dns->count : 0;
    message[2] |= 0x84;                                       /* an answer, and ours to give */
    message[3] = (uint8_t)(0x80 | (dns->count == 0 ? 3 : 0)); /* 3: no such name */
    memset(message + 6, 0, 6);                                /* no other sections */
    message[7] = (uint8_t)count;
    for (size_t i = 0; i < count; i++) {
        const uint8_t record[ANSWER_BYTES] = {
            0xC0, HEADER_BYTES, 0, 1, 0, 1, 0, 0, 0, 1, 0, 4, 127, 0, 0, dns->last_bytes[i]
        };
        memcpy(message + end, record, sizeof record);
        end += sizeof record;
    }
    return end;
}

static void *serve(void *user) {
    const FakeDns *dns = user;
    for (;;) {
        uint8_t message[DATAGRAM_BYTES];
        struct sockaddr_in peer;
        socklen_t peer_bytes = sizeof peer;
        ssize_t length =
            recvfrom(dns->socket, message, DATAGRAM_BYTES - ADDRESSES_MAX * ANSWER_BYTES, 0,
                     (struct sockaddr *)&peer, &peer_bytes);
        if (length == 1)
            return NULL;
        size_t bytes = length > 0 ? answer(dns, message, (size_t)length) : 0;
        if (bytes > 0)
            sendto(dns->socket, message, bytes, 0, (struct sockaddr *)&peer, peer_bytes);
    }
}

FakeDns *fake_dns_start(const uint8_t *last_bytes, size_t count) {
    FakeDns *dns = calloc(1, sizeof *dns);
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t bytes = sizeof address;
    if (!dns || count > ADDRESSES_MAX)
        die("fake_dns");
    if (count > 0)
        memcpy(dns->last_bytes, last_bytes, count);
    dns->count = count;
    dns->socket = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (dns->socket < 0 || bind(dns->socket, (struct sockaddr *)&address, sizeof address) != 0 ||
        getsockname(dns->socket, (struct sockaddr *)&address, &bytes) != 0)
        die("fake_dns: socket");
    dns->port = ntohs(address.sin_port);
    if (pthread_create(&dns->thread, NULL, serve, dns) != 0)
        die("fake_dns: thread");
    return dns;
}

void fake_dns_free(FakeDns *dns) {
    if (!dns)
        return;
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_port = htons((uint16_t)dns->port),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    if (sendto(dns->socket, "", 1, 0, (struct sockaddr *)&address, sizeof address) != 1)
        die("fake_dns: end");
    pthread_join(dns->thread, NULL);
    close(dns->socket);
    free(dns);
}

int fake_dns_port(const FakeDns *dns) {
    return dns->port;
}
