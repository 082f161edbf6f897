/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* One field is taken out, the rest is as it was; what is no message is refused. */

#include "clients/c/wire_split.h"
#include "runtime/base/size.h"
#include "tests/support/ask.h"
#include "tests/support/check.h"

#include <string.h>

static Arena *new_arena(void) {
    Arena *arena = NULL;
    check_ok(arena_new(4096, 1 << 20, &arena));
    return arena;
}

/* 1: 5, 2: "ab", 3: fixed32, 2: "", 4: fixed64 */
static const char MESSAGE[] = "\x08\x05\x12\x02"
                              "ab\x1d\x01\x02\x03\x04\x12\x00\x21\x01\x02\x03\x04\x05\x06\x07\x08";

static void test_a_field_is_taken_out_and_the_rest_kept(void **state) {
    (void)state;
    AUTO(arena_free) Arena *arena = new_arena();
    ClientBytes *views = NULL, head = { 0 };
    size_t count = 0;
    check_ok(
        wire_split((ClientBytes){ MESSAGE, sizeof MESSAGE - 1 }, 2, arena, &views, &count, &head));
    assert_int_equal(count, 2);
    assert_int_equal(views[0].bytes, 2);
    assert_ptr_equal(views[0].data, MESSAGE + 4);
    assert_int_equal(views[1].bytes, 0);
    static const char REST[] = "\x08\x05\x1d\x01\x02\x03\x04\x21\x01\x02\x03\x04\x05\x06\x07\x08";
    assert_int_equal(head.bytes, sizeof REST - 1);
    assert_memory_equal(head.data, REST, head.bytes);
}

static void test_every_cut_is_refused_or_a_shorter_message(void **state) {
    (void)state;
    static const size_t ENDS[] = { 0, 2, 6, 11, 13, 22 };
    for (size_t bytes = 0; bytes < sizeof MESSAGE; bytes++) {
        AUTO(arena_free) Arena *arena = new_arena();
        AUTO(free) char *cut = malloc(bytes + 1); /* so that ASan sees a read beyond it */
        assert_non_null(cut);
        memcpy(cut, MESSAGE, bytes);
        bool whole = false;
        for (size_t i = 0; i < ARRAY_LENGTH(ENDS); i++)
            whole = whole || ENDS[i] == bytes;
        ClientBytes *views = NULL, head = { 0 };
        size_t count = 0;
        Status split = wire_split((ClientBytes){ cut, bytes }, 2, arena, &views, &count, &head);
        assert_int_equal(split.code, whole ? STATUS_OK : STATUS_INTERNAL);
    }
}

static void test_what_no_contract_has_is_refused(void **state) {
    (void)state;
    static const struct {
        const char *bytes;
        size_t length;
    } CASES[] = {
        { "\x0b\x0c", 2 },                                          /* a group */
        { "\x00\x01", 2 },                                          /* field 0 */
        { "\x12\xff\xff\xff\xff\xff\xff\xff\xff\x7f", 10 },         /* longer than all memory */
        { "\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 12 }, /* a number without end */
    };
    for (size_t i = 0; i < ARRAY_LENGTH(CASES); i++) {
        AUTO(arena_free) Arena *arena = new_arena();
        ClientBytes *views = NULL, head = { 0 };
        size_t count = 0;
        check_fails(wire_split((ClientBytes){ CASES[i].bytes, CASES[i].length }, 2, arena, &views,
                               &count, &head),
                    STATUS_INTERNAL, "no message");
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_field_is_taken_out_and_the_rest_kept),
        cmocka_unit_test(test_every_cut_is_refused_or_a_shorter_message),
        cmocka_unit_test(test_what_no_contract_has_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
