/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Requests that mean harm: cut off anywhere, bits turned over, lengths that lie, deep nesting, many
 * fields. Nothing may crash, hang or hold more than the arena's budget; run under ASan and UBSan.
 * Seeds are fixed: a failure repeats.
 */

#include "runtime/base/clock.h"
#include "runtime/base/size.h"
#include "server/wire/wire_tensor.h"
#include "tests/support/wire_golden.h"

#include <stdio.h>
#include <stdlib.h>

enum { FLIPS = 20000, MANY = 1000000 };

static uint64_t next_random(uint64_t *seed) {
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

/* Every outcome is a right one; what is refused says why, in valid text. */
static Status try_request(const InferProtocol *protocol, const unsigned char *data, size_t count,
                          Arena *arena) {
    Pieces *pieces = pieces_new(data, count, count / 3, 2 * count / 3);
    WireInfer infer;
    InferRequest request;
    Status status =
        case_decode_bind(protocol, &pieces->spans, &CASE_MODEL, arena, &infer, &request);
    assert_int_equal(status.message[0] == '\0', status_is_ok(&status));
    assert_true(wire_text_is_valid(status.message, strlen(status.message)));
    if (status_is_ok(&status))
        for (size_t i = 0; i < infer.output_count; i++)
            assert_true(infer.output_index[i] < 2);
    assert_true(arena_used_bytes(arena) <= CASE_ARENA_BYTES);
    (void)case_digest(&status, &infer, &request); /* reads every payload byte */
    pieces_free(pieces);
    arena_reset(arena);
    return status;
}

static void test_requests_cut_off_anywhere(void **state) {
    (void)state;
    AUTO(arena_free) Arena *arena = case_arena_new();
    for (size_t g = 0; g < GOLDEN_COUNT; g++) {
        Bytes message = golden_request(g);
        size_t accepted = 0;
        for (size_t count = 0; count < message.count; count++) {
            Status status = try_request(golden_protocol(g), message.data, count, arena);
            accepted += status_is_ok(&status);
        }
        /* A cut between fields leaves a whole message: with the optional input or the wanted
         * outputs gone. */
        assert_true(accepted <= 3);
        bytes_free(&message);
    }
}

static void test_requests_with_bits_turned_over(void **state) {
    (void)state;
    AUTO(arena_free) Arena *arena = case_arena_new();
    for (size_t g = 0; g < GOLDEN_COUNT; g++) {
        Bytes message = golden_request(g);
        uint64_t seed = 0x9E3779B97F4A7C15 + g;
        size_t refused = 0;
        for (size_t i = 0; i < FLIPS / 2; i++) { /* two goldens a protocol */
            Bytes damaged = { 0 };
            bytes_add(&damaged, message.data, message.count);
            for (size_t flips = 1 + next_random(&seed) % 4; flips > 0; flips--)
                damaged.data[next_random(&seed) % damaged.count] ^=
                    (unsigned char)(1U << next_random(&seed) % 8);
            Status status = try_request(golden_protocol(g), damaged.data, damaged.count, arena);
            refused += !status_is_ok(&status);
            bytes_free(&damaged);
        }
        assert_true(refused > FLIPS / 10 && refused < FLIPS / 2);
        bytes_free(&message);
    }
}

static void test_each_byte_replaced_by_extremes(void **state) {
    (void)state;
    static const unsigned char extremes[] = { 0x00, 0x01, 0x7F, 0x80, 0xFF, 0x0B, 0x0C };
    AUTO(arena_free) Arena *arena = case_arena_new();
    for (size_t g = 0; g < GOLDEN_COUNT; g++) {
        Bytes message = golden_request(g);
        for (size_t at = 0; at < message.count; at++) {
            unsigned char kept = message.data[at];
            for (size_t i = 0; i < ARRAY_LENGTH(extremes); i++) {
                message.data[at] = extremes[i];
                Status status = try_request(golden_protocol(g), message.data, message.count, arena);
                (void)status;
            }
            message.data[at] = kept;
        }
        bytes_free(&message);
    }
}

/* Well-formed towers of messages in the field that holds the deepest ones, and groups opened
 * without end. */
static void test_nesting_a_million_deep(void **state) {
    (void)state;
    AUTO(arena_free) Arena *arena = case_arena_new();
    const InferProtocol *protocols[] = { &TENSORFLOW_PREDICT, &INFERENCE_INFER };
    for (size_t p = 0; p < 2; p++) {
        for (uint32_t field = 1; field <= 15; field++) {
            unsigned char *tower = malloc(8 * (size_t)MANY);
            assert_non_null(tower);
            size_t at = 8 * (size_t)MANY, inside = 0;
            for (size_t depth = 0; depth < MANY; depth++) { /* from the inside out */
                Bytes head = { 0 };
                bytes_key(&head, field, 2);
                bytes_varint(&head, inside);
                at -= head.count;
                memcpy(tower + at, head.data, head.count);
                inside += head.count;
                bytes_free(&head);
            }
            Status status = try_request(protocols[p], tower + at, inside, arena);
            (void)status; /* an unknown field is skipped whole */
            memset(tower, (int)(field << 3 | 3), MANY);
            status = try_request(protocols[p], tower, MANY, arena);
            assert_int_equal(status.code, STATUS_INVALID_ARGUMENT);
            free(tower);
        }
    }
}

static void test_many_small_fields_are_bounded(void **state) {
    (void)state;
    static const struct {
        size_t protocol;
        uint32_t field;
        const char *text;
    } rows[] = {
        { 0, 2, "a request may name at most 1024 inputs and outputs, this one names 1000000" },
        { 0, 3, "a request may name at most 1024 inputs and outputs, this one names 1000000" },
        { 1, 4, "field 4 of ModelInferRequest is given 1000000 times, at most 1024 are allowed" },
        { 1, 5, "field 5 of ModelInferRequest is given 1000000 times, at most 1024 are allowed" },
        { 1, 6, "field 6 of ModelInferRequest is given 1000000 times, at most 1024 are allowed" },
        { 1, 7, "field 7 of ModelInferRequest is given 1000000 times, at most 1024 are allowed" },
    };
    AUTO(arena_free) Arena *arena = case_arena_new();
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        Bytes message = { 0 };
        for (size_t k = 0; k < MANY; k++)
            bytes_add(&message, (unsigned char[]){ (unsigned char)(rows[i].field << 3 | 2), 0 }, 2);
        Status status = try_request(rows[i].protocol == 0 ? &TENSORFLOW_PREDICT : &INFERENCE_INFER,
                                    message.data, message.count, arena);
        assert_string_equal(status.message, rows[i].text);
        bytes_free(&message);
    }
    Bytes message = { 0 }, input = { 0 }; /* parameters of one input */
    for (size_t k = 0; k < MANY; k++)
        bytes_add(&input, "\x22\x00", 2);
    bytes_message(&message, 5, &input);
    Status status = try_request(&INFERENCE_INFER, message.data, message.count, arena);
    assert_string_equal(status.message, "an input has more than 1024 parameters");
    bytes_free(&message);
}

/* Names of equal length and beginning: comparing each with each would read tens of gigabytes. */
static void test_a_thousand_long_names_are_no_attack(void **state) {
    (void)state;
    enum { NAME_BYTES = 1 << 16, NAMES = 1024 };
    Arena *arena = NULL;
    check_ok(arena_new(4096, (size_t)1 << 28, &arena));
    char *name = malloc(NAME_BYTES);
    assert_non_null(name);
    memset(name, 'a', NAME_BYTES);
    for (size_t p = 0; p < 2; p++) {
        Bytes message = { 0 };
        bytes_text(&message, 1, p == 0 ? "\x0A\x01m" : "m");
        for (size_t i = 0; i < NAMES; i++) {
            Bytes input = { 0 };
            memcpy(
                name + NAME_BYTES - 8,
                (char[8]){ (char)('A' + i % 26), (char)('A' + i / 26 % 26), (char)('A' + i / 676) },
                3);
            memset(name + NAME_BYTES - 5, 'z', 5);
            bytes_field(&input, 1, name, NAME_BYTES);
            if (p == 0)
                bytes_text(&input, 2, "\x08\x01\x12\x04\x12\x02\x08\x01");
            else
                bytes_text(&input, 2, "FP32");
            bytes_message(&message, p == 0 ? 2 : 5, &input);
        }
        Pieces *pieces = pieces_new(message.data, message.count, 0, 0);
        WireInfer infer = { 0 };
        uint64_t begin_ns = clock_thread_cpu_ns();
        check_ok((p == 0 ? &TENSORFLOW_PREDICT : &INFERENCE_INFER)
                     ->decode(&pieces->spans, 4096, arena, &infer));
        uint64_t took_ns = clock_thread_cpu_ns() - begin_ns;
        assert_int_equal(infer.input_count, NAMES);
        assert_true(took_ns < 3 * NS_PER_S); /* 64 MiB under ASan; each with each: over a minute */
        pieces_free(pieces);
        bytes_free(&message);
        arena_reset(arena);
    }
    free(name);
    arena_free(arena);
}

/* WIRE_CORPUS names a folder: the goldens and a few relatives are written there, first byte the
 * protocol. For tests/fuzz. */
static void test_golden_requests_are_accepted(void **state) {
    (void)state;
    const char *folder = getenv("WIRE_CORPUS");
    AUTO(arena_free) Arena *arena = case_arena_new();
    for (size_t g = 0; g < GOLDEN_COUNT; g++) {
        Bytes message = golden_request(g);
        check_ok(try_request(golden_protocol(g), message.data, message.count, arena));
        for (size_t k = 0; folder && k < 4; k++) { /* whole, and shorter ones */
            char path[4096];
            snprintf(path, sizeof path, "%s/golden_%zu_%zu", folder, g, k);
            FILE *file = fopen(path, "wb");
            assert_non_null(file);
            fputc((int)(g / 2), file);
            fwrite(message.data, 1, message.count * (4 - k) / 4, file);
            fclose(file);
        }
        bytes_free(&message);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden_requests_are_accepted),
        cmocka_unit_test(test_requests_cut_off_anywhere),
        cmocka_unit_test(test_requests_with_bits_turned_over),
        cmocka_unit_test(test_each_byte_replaced_by_extremes),
        cmocka_unit_test(test_nesting_a_million_deep),
        cmocka_unit_test(test_many_small_fields_are_bounded),
        cmocka_unit_test(test_a_thousand_long_names_are_no_attack),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
