/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* The heap against a search through all items, over seeded operations; and the pool of batch
 * memory. */

#include "runtime/schedule/batch_memory.h"
#include "runtime/schedule/heap.h"
#include "runtime/tensor/tensor.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { ITEMS = 200, STEPS = 20000 };

typedef struct Item {
    unsigned key;
    size_t slot;
} Item;

static bool item_before(const void *a, const void *b) {
    return ((const Item *)a)->key < ((const Item *)b)->key;
}

static unsigned next_random(uint64_t *state) {
    *state = *state * UINT64_C(6364136223846793005) + 1442695040888963407u;
    return (unsigned)(*state >> 33);
}

static unsigned smallest_key(const Item *items, size_t *ret_count) {
    unsigned smallest = UINT32_MAX;
    *ret_count = 0;
    for (size_t i = 0; i < ITEMS; i++) {
        if (items[i].slot == INDEX_NONE)
            continue;
        (*ret_count)++;
        smallest = MIN_OF(smallest, items[i].key);
    }
    return smallest;
}

static void test_heap_agrees_with_a_search(void **state) {
    (void)state;
    Item items[ITEMS];
    for (size_t i = 0; i < ITEMS; i++)
        items[i] = (Item){ .slot = INDEX_NONE };
    Heap heap;
    heap_init(&heap, offsetof(Item, slot), item_before);
    uint64_t random = 7;
    for (size_t step = 0; step < STEPS; step++) {
        Item *item = &items[next_random(&random) % ITEMS];
        unsigned action = next_random(&random) % 3;
        if (item->slot == INDEX_NONE) {
            if (heap.count == heap.capacity) {
                size_t capacity = heap.capacity ? 2 * heap.capacity : 1;
                free(heap_give_room(&heap, calloc(capacity, sizeof(void *)), capacity));
            }
            item->key = next_random(&random) % 1000;
            heap_insert(&heap, item);
        } else if (action == 0) {
            heap_remove(&heap, item);
            assert_int_equal(item->slot, INDEX_NONE);
        } else {
            item->key = next_random(&random) % 1000;
            heap_update(&heap, item);
        }
        size_t count;
        unsigned smallest = smallest_key(items, &count);
        assert_int_equal(count, heap.count);
        if (count > 0)
            assert_int_equal(((Item *)heap_first(&heap))->key, smallest);
        else
            assert_null(heap_first(&heap));
    }
    heap_deinit(&heap);
}

static void test_batch_memory_keeps_to_its_limit(void **state) {
    (void)state;
    AUTO(batch_memory_free) BatchMemory *memory = NULL;
    Status status = batch_memory_new(64 << 10, &memory);
    assert_true(status_is_ok(&status));
    void *large = batch_memory_take(memory, 40000);
    assert_non_null(large);
    assert_int_equal((uintptr_t)large % TENSOR_ALIGNMENT, 0);
    memset(large, 1, 40000);
    assert_null(batch_memory_take(memory, 30000));
    assert_null(batch_memory_take(memory, SIZE_MAX));
    void *small = batch_memory_take(memory, 1);
    assert_non_null(small);
    batch_memory_give(memory, large, 40000);
    batch_memory_give(memory, small, 1);
    assert_int_equal(batch_memory_used_bytes(memory), 0);
    /* What was kept yields to another size, and the same size comes from what was kept. */
    void *other = batch_memory_take(memory, 60000);
    assert_non_null(other);
    memset(other, 1, 60000);
    batch_memory_give(memory, other, 60000);
    assert_ptr_equal(batch_memory_take(memory, 59000), other);
    batch_memory_give(memory, other, 59000);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_heap_agrees_with_a_search),
        cmocka_unit_test(test_batch_memory_keeps_to_its_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
