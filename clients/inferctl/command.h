/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The commands, one in a file command_<name>.c. Each prints its answer on stdout, and returns what
 * went wrong. */

#include "clients/inferctl/context.h"

Status command_predict(Context *context);
Status command_models(Context *context);
Status command_status(Context *context);
Status command_inspect(Context *context);
Status command_bench(Context *context);
Status command_load(Context *context);
Status command_unload(Context *context);
Status command_label(Context *context);
Status command_profile(Context *context);
Status command_top(Context *context);
Status command_fleet(Context *context);
Status command_doctor(Context *context);
Status command_new(Context *context);
Status command_logs(Context *context);
Status command_manifest(Context *context);
Status command_sign(Context *context);
Status command_verify(Context *context);
Status command_encrypt(Context *context);
