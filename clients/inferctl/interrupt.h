/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Ctrl-C in commands that go on until then: they end as at their own end, and print what they have.
 * A second one ends the program at once. */

#include <stdbool.h>
#include <stdint.h>

/* From now on SIGINT and SIGTERM are noted. */
void interrupt_catch(void);
bool interrupt_came(void);
/* Sleeps so long, or until one comes. */
void interrupt_sleep(uint64_t ns);
