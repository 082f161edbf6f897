/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* Output memory: counted, limited, reused. */

#include "runtime/exec/output_block.h"

#include "runtime/base/thread.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static OutputPool *new_pool(size_t limit_bytes) {
    OutputPool *pool = NULL;
    Status status = output_pool_new(limit_bytes, &pool);
    assert_int_equal(status.code, STATUS_OK);
    return pool;
}

static OutputBlock *new_block(OutputPool *pool) {
    OutputBlock *block = NULL;
    Status status = output_block_new(pool, &block);
    assert_int_equal(status.code, STATUS_OK);
    return block;
}

static void test_pieces_are_aligned_and_apart(void **state) {
    (void)state;
    OutputPool *pool = new_pool(1 << 20);
    OutputBlock *block = new_block(pool);
    char *pieces[8];
    for (int i = 0; i < 8; i++) {
        pieces[i] = output_block_alloc(block, 1000);
        assert_non_null(pieces[i]);
        assert_int_equal((uintptr_t)pieces[i] % TENSOR_ALIGNMENT, 0);
        memset(pieces[i], i, 1000);
    }
    for (int i = 0; i < 8; i++)
        for (int k = 0; k < 1000; k++)
            assert_int_equal(pieces[i][k], i);
    assert_non_null(output_block_alloc(block, 0));
    output_block_unref(block);
    assert_int_equal(output_pool_live_bytes(pool), 0);
    output_pool_free(pool);
}

static void test_the_limit_counts_live_memory(void **state) {
    (void)state;
    OutputPool *pool = new_pool(8192);
    OutputBlock *first = new_block(pool), *second = new_block(pool);
    assert_non_null(output_block_alloc(first, 4000));
    assert_non_null(output_block_alloc(second, 4000));
    assert_null(output_block_alloc(second, 1));
    assert_null(output_block_alloc(second, SIZE_MAX));
    assert_int_equal(output_pool_live_bytes(pool), 8192);
    output_block_unref(first);
    assert_non_null(output_block_alloc(second, 4000));
    output_block_unref(second);
    output_pool_free(pool);
}

static void test_the_last_reference_frees(void **state) {
    (void)state;
    OutputPool *pool = new_pool(1 << 20);
    OutputBlock *block = new_block(pool);
    assert_non_null(output_block_alloc(block, 100));
    assert_ptr_equal(output_block_ref(block), block);
    output_block_unref(block);
    assert_true(output_pool_live_bytes(pool) > 0);
    output_block_unref(block);
    assert_int_equal(output_pool_live_bytes(pool), 0);
    output_pool_free(pool);
}

static void test_memory_is_reused(void **state) {
    (void)state;
    OutputPool *pool = new_pool(1 << 20);
    OutputBlock *block = new_block(pool);
    void *first = output_block_alloc(block, 5000);
    output_block_unref(block);
    block = new_block(pool);
    assert_ptr_equal(output_block_alloc(block, 6000), first); /* the same size class */
    output_block_unref(block);
    output_pool_free(pool);
}

static void churn(void *user) {
    OutputPool *pool = user;
    for (int i = 0; i < 2000; i++) {
        OutputBlock *block = new_block(pool);
        char *memory = output_block_alloc(block, (size_t)(i * 37 % 3000 + 1));
        if (memory)
            memory[0] = (char)i;
        output_block_unref(block);
    }
}

static void test_threads_share_a_pool(void **state) {
    (void)state;
    OutputPool *pool = new_pool(1 << 16);
    Thread threads[3] = { 0 };
    for (int i = 0; i < 3; i++) {
        Status status = thread_start(&threads[i], THREAD_OTHER, "churn", churn, pool);
        assert_int_equal(status.code, STATUS_OK);
    }
    for (int i = 0; i < 3; i++)
        thread_join(&threads[i]);
    assert_int_equal(output_pool_live_bytes(pool), 0);
    output_pool_free(pool);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pieces_are_aligned_and_apart),
        cmocka_unit_test(test_the_limit_counts_live_memory),
        cmocka_unit_test(test_the_last_reference_frees),
        cmocka_unit_test(test_memory_is_reused),
        cmocka_unit_test(test_threads_share_a_pool),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
