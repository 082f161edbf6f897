/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Certificate, key and the CA of clients, from files that may change while we serve. Every listener
 * takes what is current at a handshake; connections keep what they began with. A pair that does not
 * fit is never used: the old one stays, and the log and a count say so.
 */

#include "runtime/base/arena.h"

#include <openssl/ssl.h>
#include <stdint.h>

typedef struct TlsOptions {
    const char *cert_file, *key_file; /* PEM: our chain, our own certificate first, and its key */
    const char *ca_file;              /* PEM: who may sign clients' certificates; NULL */
    bool mutual;                      /* clients must show one */
    const char *config_file;          /* instead of all above: SSLConfig of TensorFlow Serving */
} TlsOptions;

/* One state of the files. Counted, immutable. */
typedef struct TlsMaterial {
    const char *cert, *key, *ca; /* PEM; ca NULL: clients are not asked */
    bool mutual;
    SSL_CTX *context;    /* for connections that we terminate ourselves */
    int64_t not_after_s; /* of our certificate, Unix time */
    uint64_t generation; /* from 1, one more at each change */
} TlsMaterial;

typedef struct TlsCounts {
    uint64_t reloads, failures;
    int64_t not_after_s;
} TlsCounts;

typedef struct Tls Tls;

/**
 * Reads the files once.
 *
 * @options  copied; the texts are lent for Tls's life
 *
 * Errors: INVALID_ARGUMENT (not PEM, key and certificate do not belong together, mutual without a
 * CA), NOT_FOUND, ...; names the file
 * Thread: main
 */
Status tls_new(const TlsOptions *options, Tls **ret_tls);
void tls_free(Tls *tls);
DEFINE_AUTO(Tls, tls_free);

/* Looks whether a file changed and takes the new ones over if they are good. Thread: main, about
 * once a second. */
void tls_refresh(Tls *tls);

/* The current state, with a reference. Thread: any. */
const TlsMaterial *tls_acquire(Tls *tls);
void tls_release(const TlsMaterial *material);
/* Whether tls_acquire would give another one. Thread: any. */
uint64_t tls_generation(Tls *tls);
TlsCounts tls_counts(Tls *tls);

/* Who a verified certificate stands for: its SPIFFE id or other URI, else its first DNS name, else
 * its common name. Empty when there is none of them. */
enum { TLS_NAME_BYTES = 256 };
void tls_peer_name(const SSL *ssl, char name[static TLS_NAME_BYTES]);
