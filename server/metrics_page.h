/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "server/serving.h"

/* ServerContext.metrics_text; user: the Serving. */
Status metrics_page_make(void *serving, char **ret_text, size_t *ret_length);
