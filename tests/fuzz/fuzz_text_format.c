/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * libFuzzer: any bytes as config.pbtxt. What is accepted must pack with protobuf-c, which walks
 * every field of it; what is refused must say where.
 */

#include "runtime/config/text_format.h"

#include "inference/model_config.pb-c.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ARENA_BYTES = 4 << 20 };

static void pack(const ProtobufCMessage *message) {
    void *packed = malloc(protobuf_c_message_get_packed_size(message) + 1);
    if (!packed)
        abort();
    protobuf_c_message_pack(message, packed);
    free(packed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    Arena *arena = NULL;
    Status made = arena_new(4096, ARENA_BYTES, &arena);
    char *text = malloc(size > 0 ? size : 1); /* exactly as long: not NUL-terminated */
    if (!status_is_ok(&made) || !text)
        abort();
    if (size > 0)
        memcpy(text, data, size);
    TextMessage *message = NULL;
    Status status =
        text_format_parse(text, size, &inference__model_config__descriptor, arena, &message);
    if ((status.message[0] == '\0') != status_is_ok(&status))
        abort();
    if (status_is_ok(&status)) {
        pack(text_message_root(message));
        (void)text_message_position(message, "input[0].dims");
        (void)text_message_position(message, "max_batch_size");
    }
    free(text);
    arena_free(arena);
    return 0;
}
