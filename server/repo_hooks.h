/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The repository's hooks into the rest of the server. */

#include "server/serving.h"

RepoHooks repo_hooks_of(Serving *serving);
