/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What the command line says of which models are trusted: a policy, and keys. */

#include "runtime/trust/trust_policy.h"
#include "server/options.h"

/* Empty when nothing is asked for. Errors name the file. Thread: main. */
Status trust_files_read(const Options *options, Trust *ret_trust);
