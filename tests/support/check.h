/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* cmocka with what it wants included before it, and checks that print more than a line number. */

#include "runtime/base/status.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define check_ok(expression)                                                                       \
    do {                                                                                           \
        Status check_status_ = (expression);                                                       \
        if (!status_is_ok(&check_status_))                                                         \
            fail_msg("%s: %s", status_code_name(check_status_.code), check_status_.message);       \
    } while (0)
