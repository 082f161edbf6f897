/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A DNS server on a loopback port that knows one thing: every name has these IPv4 addresses. A
 * thread of its own. */

#include "runtime/base/cleanup.h"

#include <stddef.h>
#include <stdint.h>

typedef struct FakeDns FakeDns;

/* @last_bytes of 127.0.0.N; at most 16. No addresses: every name is unknown. */
FakeDns *fake_dns_start(const uint8_t *last_bytes, size_t count);
void fake_dns_free(FakeDns *dns);
DEFINE_AUTO(FakeDns, fake_dns_free);
int fake_dns_port(const FakeDns *dns);
