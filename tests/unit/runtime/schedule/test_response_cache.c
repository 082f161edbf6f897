/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* The response cache through the scheduler: what comes again is not run again, and what is kept is
 * the newest that fits. */

#include "runtime/schedule/response_cache.h"
#include "tests/support/check.h"
#include "tests/support/rig.h"

#include <string.h>

#define TENSORS                                                                                    \
    "backend: 'identity' max_batch_size: 4 input { name: 'x' data_type: TYPE_INT64 dims: -1 } "    \
    "output { name: 'y' data_type: TYPE_INT64 dims: -1 } "
#define CACHED TENSORS "response_cache { enable: true } "

static CacheUse run_use(Rig *rig, ModelVersion *version, size_t rows, size_t width, int64_t value) {
    RigRequest request;
    rig_request_init(&request, rig, version, rows, width, value);
    check_ok(rig_run(&request));
    assert_int_equal(request.counts[0], rows * width);
    for (size_t i = 0; i < rows * width; i++)
        assert_int_equal(request.values[0][i], value);
    return request.request.cache_use;
}

static uint64_t batches_of(Rig *rig, ModelVersion *version) {
    return scheduler_counts(rig->scheduler, version).batches;
}

static void test_what_comes_again_is_not_run_again(void **state) {
    (void)state;
    Rig *rig = rig_open();
    ModelVersion *version = rig_load(rig, "echo", CACHED);
    assert_int_equal(run_use(rig, version, 2, 3, 7), CACHE_MISS);
    assert_int_equal(run_use(rig, version, 2, 3, 7), CACHE_HIT);
    assert_int_equal(run_use(rig, version, 3, 2, 7), CACHE_MISS); /* the same bytes */
    assert_int_equal(run_use(rig, version, 2, 3, 8), CACHE_MISS);
    assert_int_equal(run_use(rig, version, 2, 3, 7), CACHE_HIT);
    assert_int_equal(batches_of(rig, version), 3);
    ResponseCacheCounts counts = response_cache_counts(rig->cache);
    assert_int_equal(counts.entries, 3);
    assert_int_equal(counts.hits, 2);
    assert_int_equal(counts.misses, 3);
    rig_unload(rig, version);
    rig_close(rig);
}

static void test_a_model_that_asks_for_none_gets_none(void **state) {
    (void)state;
    Rig *rig = rig_open();
    ModelVersion *version = rig_load(rig, "echo", TENSORS);
    assert_int_equal(run_use(rig, version, 1, 1, 7), CACHE_NOT_ASKED);
    assert_int_equal(run_use(rig, version, 1, 1, 7), CACHE_NOT_ASKED);
    assert_int_equal(batches_of(rig, version), 2);
    assert_int_equal(response_cache_counts(rig->cache).misses, 0);
    rig_unload(rig, version);
    rig_close(rig);
}

static void test_a_version_that_goes_takes_its_answers_along(void **state) {
    (void)state;
    Rig *rig = rig_open();
    ModelVersion *stays = rig_load(rig, "stays", CACHED);
    ModelVersion *goes = rig_load(rig, "goes", CACHED);
    assert_int_equal(run_use(rig, stays, 1, 1, 7), CACHE_MISS);
    assert_int_equal(run_use(rig, goes, 1, 1, 7),
                     CACHE_MISS); /* another model's answer is not it */
    rig_unload(rig, goes);
    assert_int_equal(response_cache_counts(rig->cache).entries, 1);
    goes = rig_load(rig, "goes", CACHED);
    assert_int_equal(run_use(rig, goes, 1, 1, 7), CACHE_MISS);
    assert_int_equal(run_use(rig, stays, 1, 1, 7), CACHE_HIT);
    rig_unload(rig, goes);
    rig_unload(rig, stays);
    assert_int_equal(response_cache_counts(rig->cache).bytes, 0);
    rig_close(rig);
}

static void test_what_failed_is_not_kept(void **state) {
    (void)state;
    Rig *rig = rig_open();
    ModelVersion *version = rig_load(
        rig, "echo", CACHED "parameters { key: 'fail_every' value { string_value: '1' } }");
    for (int i = 0; i < 2; i++) {
        RigRequest request;
        rig_request_init(&request, rig, version, 1, 1, 7);
        Status status = rig_run(&request);
        assert_int_equal(status.code, STATUS_INTERNAL);
        assert_int_equal(request.request.cache_use, CACHE_MISS);
    }
    assert_int_equal(response_cache_counts(rig->cache).kept, 0);
    rig_unload(rig, version);
    rig_close(rig);
}

static void test_what_may_change_is_not_looked_up(void **state) {
    (void)state;
    Rig *rig = rig_open();
    ModelVersion *version = rig_load(rig, "echo", CACHED);
    for (int i = 0; i < 2; i++) {
        RigRequest request;
        rig_request_init(&request, rig, version, 1, 1, 7);
        request.request.is_volatile = true;
        check_ok(rig_run(&request));
        assert_int_equal(request.request.cache_use, CACHE_NOT_ASKED);
    }
    rig_unload(rig, version);
    rig_close(rig);
}

/* A hit stands in line behind what was accepted before it. */
static void test_answers_keep_their_order(void **state) {
    (void)state;
    Rig *rig = rig_open();
    ModelVersion *version =
        rig_load(rig, "slow",
                 CACHED "dynamic_batching { preserve_ordering: true } "
                        "parameters { key: 'execute_delay_ms' value { string_value: '30' } }");
    assert_int_equal(run_use(rig, version, 1, 1, 7), CACHE_MISS);
    RigRequest first, second;
    rig_request_init(&first, rig, version, 1, 1, 8);
    rig_request_init(&second, rig, version, 1, 1, 7);
    check_ok(rig_submit(&first));
    check_ok(rig_submit(&second));
    assert_int_equal(second.request.cache_use, CACHE_HIT);
    rig_wait(&second);
    {
        LOCKED(&rig->mutex);
        assert_true(first.is_done);
    }
    assert_int_equal(second.values[0][0], 7);
    rig_unload(rig, version);
    rig_close(rig);
}

/* --- alone: what is kept and for how long --- */

typedef struct Reader {
    InferRequest request;
    Tensor outputs[2];
} Reader;

static Signature two_outputs(void) {
    static const SignatureTensor outputs[2];
    return (Signature){ .outputs = outputs, .output_count = 2, .all_output_count = 2 };
}

static void keep_numbers(ResponseCache *cache, ModelVersion *version, uint64_t number,
                         size_t count) {
    uint64_t values[256], more = number + 1;
    for (size_t i = 0; i < count; i++)
        values[i] = number;
    StringView text = { (const char *)&more, sizeof more };
    Tensor outputs[2] = { { .dtype = DTYPE_U64, .shape = SHAPE((int64_t)count), .data = values },
                          { .dtype = DTYPE_STRING, .shape = SHAPE(1), .data = &text } };
    outputs[0].bytes = count * sizeof values[0];
    outputs[1].bytes = sizeof text;
    InferRequest request = { .lease = { version }, .outputs = outputs };
    Hash128 key = { { number, 0 } };
    response_cache_keep(cache, &key, 0, &request);
}

static bool find_numbers(ResponseCache *cache, OutputPool *pool, uint64_t number, Reader *reader) {
    Hash128 key = { { number, 0 } };
    *reader = (Reader){ .request = { .outputs = reader->outputs } };
    if (!response_cache_find(cache, &key, pool, &reader->request))
        return false;
    uint64_t value, more;
    memcpy(&value, reader->outputs[0].data, sizeof value);
    memcpy(&more, ((const StringView *)reader->outputs[1].data)->data, sizeof more);
    assert_int_equal(value, number);
    assert_int_equal(more, number + 1);
    return true;
}

static void test_the_least_recently_used_goes_first(void **state) {
    (void)state;
    enum { LIMIT = 20000, COUNT = 100 };
    AUTO(output_pool_free) OutputPool *pool = NULL;
    AUTO(response_cache_free) ResponseCache *cache = NULL;
    check_ok(output_pool_new(1 << 20, &pool));
    check_ok(response_cache_new(LIMIT, &cache));
    ModelVersion version = { .signature = two_outputs() };
    Reader reader;
    for (uint64_t i = 0; i < COUNT; i++) {
        keep_numbers(cache, &version, i, 100);
        ResponseCacheCounts counts = response_cache_counts(cache);
        assert_true(counts.bytes <= LIMIT && counts.entries > 0);
        assert_true(find_numbers(cache, pool, 0, &reader)); /* used all the time: it stays */
        request_release_outputs(&reader.request);
    }
    ResponseCacheCounts counts = response_cache_counts(cache);
    assert_int_equal(counts.entries + counts.evictions, COUNT);
    assert_true(counts.entries > 10);
    for (uint64_t i = 1; i < COUNT; i++) {
        bool is_there = find_numbers(cache, pool, i, &reader);
        assert_int_equal(is_there, i > COUNT - counts.entries);
        if (is_there)
            request_release_outputs(&reader.request);
    }
}

static void test_what_is_read_counts_until_it_is_let_go(void **state) {
    (void)state;
    enum { LIMIT = 4096 };
    AUTO(output_pool_free) OutputPool *pool = NULL;
    AUTO(response_cache_free) ResponseCache *cache = NULL;
    check_ok(output_pool_new(1 << 20, &pool));
    check_ok(response_cache_new(LIMIT, &cache));
    ModelVersion version = { .signature = two_outputs() };
    Reader reader, other;
    keep_numbers(cache, &version, 1, 250);
    assert_true(find_numbers(cache, pool, 1, &reader));
    response_cache_clear(cache);
    assert_false(find_numbers(cache, pool, 1, &other));
    assert_true(response_cache_counts(cache).bytes > 2000);
    keep_numbers(cache, &version, 2, 250); /* no room beside what is read */
    assert_false(find_numbers(cache, pool, 2, &other));
    uint64_t value;
    memcpy(&value, reader.outputs[0].data, sizeof value);
    assert_int_equal(value, 1);
    request_release_outputs(&reader.request);
    assert_int_equal(response_cache_counts(cache).bytes, 0);
    keep_numbers(cache, &version, 2, 250);
    assert_true(find_numbers(cache, pool, 2, &other));
    request_release_outputs(&other.request);
}

static void test_what_is_larger_than_all_of_it_is_left(void **state) {
    (void)state;
    AUTO(output_pool_free) OutputPool *pool = NULL;
    AUTO(response_cache_free) ResponseCache *cache = NULL;
    check_ok(output_pool_new(1 << 20, &pool));
    check_ok(response_cache_new(1024, &cache));
    ModelVersion version = { .signature = two_outputs() };
    Reader reader;
    keep_numbers(cache, &version, 1, 10);
    keep_numbers(cache, &version, 2, 250);
    assert_false(find_numbers(cache, pool, 2, &reader));
    assert_true(find_numbers(cache, pool, 1, &reader)); /* nothing made room for it */
    request_release_outputs(&reader.request);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_comes_again_is_not_run_again),
        cmocka_unit_test(test_a_model_that_asks_for_none_gets_none),
        cmocka_unit_test(test_a_version_that_goes_takes_its_answers_along),
        cmocka_unit_test(test_what_failed_is_not_kept),
        cmocka_unit_test(test_what_may_change_is_not_looked_up),
        cmocka_unit_test(test_answers_keep_their_order),
        cmocka_unit_test(test_the_least_recently_used_goes_first),
        cmocka_unit_test(test_what_is_read_counts_until_it_is_let_go),
        cmocka_unit_test(test_what_is_larger_than_all_of_it_is_left),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
