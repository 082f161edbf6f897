/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A server on gRPC's core that answers its first, second, third call as it was told, whatever the
 * method: for what clients do about failures, silence and pushback. On a loopback port, a thread of
 * its own.
 */

#include "runtime/base/cleanup.h"

#include <stdbool.h>
#include <stddef.h>

typedef struct FakeReply {
    int code;             /* gRPC's; 0 answers with the bytes */
    const char *pushback; /* grpc-retry-pushback-ms; NULL: none */
    const char *bytes;    /* text; NULL: "" */
    bool hold;            /* never answers: the call ends when its client gives up */
} FakeReply;

typedef struct FakeBackend FakeBackend;

/* @script lent; its last reply is given to all calls that follow, too */
FakeBackend *fake_backend_start(const FakeReply *script, size_t count);
void fake_backend_free(FakeBackend *backend);
DEFINE_AUTO(FakeBackend, fake_backend_free);

/* From now on this reply (lent), whatever the script says; any thread. */
void fake_backend_always(FakeBackend *backend, const FakeReply *reply);
int fake_backend_port(const FakeBackend *backend);
/* That have arrived; any thread. */
size_t fake_backend_calls(const FakeBackend *backend);
