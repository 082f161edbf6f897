/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Protobuf text format -> a protobuf-c message, driven by the descriptors that protobuf-c
 * generates: one parser for config.pbtxt, models.config and every other file of both configuration
 * languages. The result remembers where each field stood, since protobuf-c has no presence for
 * scalars and late errors should name line and column too.
 */

#include "runtime/base/arena.h"
#include "runtime/base/status.h"

#include <protobuf-c/protobuf-c.h>

typedef struct TextPosition {
    uint32_t line, column; /* from 1; 0: the field was not given */
} TextPosition;

typedef struct TextMessage TextMessage;

/**
 * @text        need not be NUL-terminated
 * @descriptor  of the expected message
 * @arena       holds the message and the position table
 *
 * Errors: INVALID_ARGUMENT "line:column: ..." with the nearest field name for an unknown one; depth
 * and size bounded
 */
Status text_format_parse(const char *text, size_t length,
                         const ProtobufCMessageDescriptor *descriptor, Arena *arena,
                         TextMessage **ret_message);

const ProtobufCMessage *text_message_root(const TextMessage *message);
/* @path  "input[0].dims", "dynamic_batching.max_queue_delay_microseconds"; position 0,0 when it was
 * not given */
TextPosition text_message_position(const TextMessage *message, const char *path);
/* Was a field of the outermost message given? */
bool text_message_has(const TextMessage *message, const char *field);
/* For a message that did not come as text. It is lent and lives as long as arena. */
Status text_message_of(ProtobufCMessage *root, Arena *arena, TextMessage **ret_message);
/* INVALID_ARGUMENT "<line>:<column>: <path>: ..." */
Status text_message_error(const TextMessage *message, const char *path, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
