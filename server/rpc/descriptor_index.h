/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Which file of a FileDescriptorSet declares a symbol, and what a file imports. Made once, read by
 * any thread.
 */

#include "runtime/base/cleanup.h"
#include "runtime/base/status.h"
#include "runtime/tensor/dtype.h"

typedef struct DescriptorFile {
    StringView name;
    StringView bytes;      /* the serialised FileDescriptorProto */
    const size_t *imports; /* indexes of files; those that the set lacks are left out */
    size_t import_count;
} DescriptorFile;

typedef struct DescriptorIndex DescriptorIndex;

/**
 * @set  a serialised FileDescriptorSet, kept for the index's life
 *
 * Errors: INTERNAL (malformed), RESOURCE_EXHAUSTED
 */
Status descriptor_index_new(const void *set, size_t bytes, DescriptorIndex **ret_index);
void descriptor_index_free(DescriptorIndex *index);
DEFINE_AUTO(DescriptorIndex, descriptor_index_free);

size_t descriptor_index_file_count(const DescriptorIndex *index);
const DescriptorFile *descriptor_index_file(const DescriptorIndex *index, size_t file);
/* INDEX_NONE when there is none. */
size_t descriptor_index_find_file(const DescriptorIndex *index, StringView name);
/* Messages (nested ones too), enums, services and methods by their full name, without a leading
 * dot. */
size_t descriptor_index_find_symbol(const DescriptorIndex *index, StringView name);
