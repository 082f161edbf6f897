/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A Status as an HTTP code, as each protocol has it, and the words that HTTP puts beside a code. */

#include "runtime/base/status.h"

typedef enum RestProtocol { REST_TENSORFLOW, REST_INFERENCE } RestProtocol;

int http_status_of(StatusCode code, RestProtocol protocol);
/* "Not Found"; never NULL. */
const char *http_status_text(int code);
