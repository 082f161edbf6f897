/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* Byte buffers: what is shared, what is copied, what a compressed request may become. */

#include "server/rpc/slices.h"

#include "runtime/base/size.h"
#include "tests/support/fake_serving.h"

#include <setjmp.h>
#include <string.h>
#include <zlib.h>

#include <cmocka.h>

static void must(Status status) {
    if (!status_is_ok(&status))
        fail_msg("%s", status.message);
}

static void test_pieces_with_a_block_are_shared_and_others_joined(void **state) {
    (void)state;
    char tensor[100];
    OutputBlock *block = fake_block_new();
    WirePiece pieces[] = {
        { "ab", 2, NULL },
        { "cdefghijklmnopqrstuvwxyzabcdefg", 31, NULL },
        { tensor, sizeof tensor, block },
        { "z", 1, NULL },
    };
    WireReply reply = { .pieces = pieces, .count = ARRAY_LENGTH(pieces), .bytes = 134 };
    grpc_byte_buffer *message;
    must(slices_encode(&reply, &message));
    output_block_unref(block); /* the message holds it now */
    assert_int_equal(fake_block_live(), 1);
    grpc_slice_buffer *slices = &message->data.raw.slice_buffer;
    assert_int_equal(slices->count, 3);
    assert_int_equal(slices->length, 134);
    assert_memory_equal(GRPC_SLICE_START_PTR(slices->slices[0]), "abcdef", 6);
    assert_ptr_equal(GRPC_SLICE_START_PTR(slices->slices[1]), tensor);
    grpc_byte_buffer_destroy(message);
    assert_int_equal(fake_block_live(), 0);
}

static void test_many_pieces(void **state) {
    (void)state;
    enum { COUNT = 100 };
    static char tensors[COUNT][64];
    WirePiece pieces[COUNT];
    OutputBlock *block = fake_block_new();
    for (size_t i = 0; i < COUNT; i++)
        pieces[i] = (WirePiece){ tensors[i], sizeof tensors[i], block };
    WireReply reply = { .pieces = pieces, .count = COUNT, .bytes = sizeof tensors };
    grpc_byte_buffer *message;
    must(slices_encode(&reply, &message));
    assert_int_equal(grpc_byte_buffer_length(message), sizeof tensors);
    grpc_byte_buffer_destroy(message);
    output_block_unref(block);
    assert_int_equal(fake_block_live(), 0);
}

static void test_a_view_points_into_the_message(void **state) {
    (void)state;
    grpc_slice parts[] = { grpc_slice_from_copied_string("short"), grpc_empty_slice(),
                           grpc_slice_malloc(5000) };
    memset(GRPC_SLICE_START_PTR(parts[2]), 'x', 5000);
    grpc_byte_buffer *message = grpc_raw_byte_buffer_create(parts, ARRAY_LENGTH(parts));
    for (size_t i = 0; i < ARRAY_LENGTH(parts); i++)
        grpc_slice_unref(parts[i]);
    AUTO(arena_free) Arena *arena = NULL;
    must(arena_new(4096, 4096, &arena));
    Spans spans;
    must(slices_view(message, arena, &spans));
    assert_int_equal(spans.bytes, 5005);
    assert_int_equal(slices_charge(message), 8192);
    size_t bytes = 0;
    for (size_t i = 0; i < spans.count; i++)
        bytes += spans.items[i].bytes;
    assert_int_equal(bytes, 5005);
    assert_memory_equal(spans.items[0].data, "short", 5);
    grpc_byte_buffer_destroy(message);
}

/* --- inflation --- */

enum { PLAIN_BYTES = 100000, WINDOW_GZIP = 15 + 16, WINDOW_ZLIB = 15 };

static size_t deflate_zeros(int window, size_t plain_bytes, unsigned char *dst, size_t capacity) {
    unsigned char *plain = calloc(1, plain_bytes);
    z_stream stream = { 0 };
    assert_int_equal(deflateInit2(&stream, 6, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY), Z_OK);
    stream.next_in = plain;
    stream.avail_in = (uInt)plain_bytes;
    stream.next_out = dst;
    stream.avail_out = (uInt)capacity;
    assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
    size_t length = stream.total_out;
    deflateEnd(&stream);
    free(plain);
    return length;
}

/* In pieces of that many bytes. */
static Status inflate_pieces(const unsigned char *bytes, size_t length, size_t piece, size_t limit,
                             size_t *ret_bytes) {
    static Span items[65536];
    size_t count = 0;
    for (size_t at = 0; at < length; at += piece)
        items[count++] = (Span){ bytes + at, MIN_OF(piece, length - at) };
    Spans spans = { .items = items, .count = count, .bytes = length };
    void *data = NULL;
    Status status = slices_inflate(&spans, limit, &data, ret_bytes);
    free(data);
    return status;
}

static void test_inflates_both_formats_up_to_the_limit(void **state) {
    (void)state;
    static const int windows[] = { WINDOW_GZIP, WINDOW_ZLIB };
    unsigned char packed[4096];
    for (size_t i = 0; i < ARRAY_LENGTH(windows); i++)
        for (size_t piece = 1; piece <= 4096; piece *= 64) {
            size_t length = deflate_zeros(windows[i], PLAIN_BYTES, packed, sizeof packed),
                   bytes = 0;
            must(inflate_pieces(packed, length, piece, PLAIN_BYTES, &bytes));
            assert_int_equal(bytes, PLAIN_BYTES);
            Status status = inflate_pieces(packed, length, piece, PLAIN_BYTES - 1, &bytes);
            assert_int_equal(status.code, STATUS_RESOURCE_EXHAUSTED);
        }
}

static void test_damaged_streams_are_errors(void **state) {
    (void)state;
    unsigned char packed[4096] = { 0 };
    size_t length = deflate_zeros(WINDOW_GZIP, PLAIN_BYTES, packed, sizeof packed), bytes;
    for (size_t cut = 0; cut < length; cut++) {
        Status status = inflate_pieces(packed, cut, 4096, 2 * PLAIN_BYTES, &bytes);
        assert_int_equal(status.code, STATUS_INVALID_ARGUMENT);
    }
    Status status = inflate_pieces(packed, length + 1, 4096, 2 * PLAIN_BYTES, &bytes);
    assert_int_equal(status.code, STATUS_INVALID_ARGUMENT);
    packed[length - 6] ^= 1; /* its checksum */
    status = inflate_pieces(packed, length, 4096, 2 * PLAIN_BYTES, &bytes);
    assert_int_equal(status.code, STATUS_INVALID_ARGUMENT);
}

int main(void) {
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pieces_with_a_block_are_shared_and_others_joined),
        cmocka_unit_test(test_many_pieces),
        cmocka_unit_test(test_a_view_points_into_the_message),
        cmocka_unit_test(test_inflates_both_formats_up_to_the_limit),
        cmocka_unit_test(test_damaged_streams_are_errors),
    };
    grpc_init();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    grpc_shutdown();
    return failed;
}
