/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stddef.h>

/**
 * Every contract under proto/ and what it imports, as published: a serialised
 * google.protobuf.FileDescriptorSet, imports before their importers. Reflection answers from it.
 *
 * Thread: any; never changes
 */
extern const unsigned char descriptor_set_bytes[];
extern const size_t descriptor_set_length;
