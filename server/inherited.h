/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Sockets that whoever started us has opened and keeps open over restarts: systemd's protocol. */

/**
 * @name  "grpc", "http"; as LISTEN_FDNAMES has it, or by position in that order where it is not set
 *
 * Returns a descriptor, which is the caller's; -1: there is none of that name. Thread: main
 */
int inherited_socket(const char *name);
