/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* Levels of memory as a table, and addresses that take more connections than their share. */

#include "tests/support/check.h"

#include "runtime/base/size.h"
#include "server/memory_guard.h"
#include "server/access/peers.h"

#include <arpa/inet.h>

static void test_levels(void **state) {
    (void)state;
    static const struct {
        MemoryLevel before;
        size_t resident;
        MemoryLevel after;
    } rows[] = {
        { MEMORY_FINE, 0, MEMORY_FINE },        { MEMORY_FINE, 8999, MEMORY_FINE },
        { MEMORY_FINE, 9000, MEMORY_FULL },     { MEMORY_FULL, 8999, MEMORY_FULL },
        { MEMORY_FULL, 8500, MEMORY_FULL },     { MEMORY_FULL, 8499, MEMORY_FINE },
        { MEMORY_FINE, 9500, MEMORY_CRITICAL }, { MEMORY_CRITICAL, 9499, MEMORY_FULL },
        { MEMORY_CRITICAL, 100, MEMORY_FINE },
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++)
        if (memory_decide(rows[i].before, rows[i].resident, 10000) != rows[i].after)
            fail_msg("row %zu", i);
}

static struct sockaddr_storage address_of(int family, const char *text) {
    struct sockaddr_storage address = { .ss_family = (sa_family_t)family };
    void *at = family == AF_INET ? (void *)&((struct sockaddr_in *)&address)->sin_addr
                                 : (void *)&((struct sockaddr_in6 *)&address)->sin6_addr;
    assert_int_equal(inet_pton(family, text, at), 1);
    return address;
}

static void test_share_of_an_address(void **state) {
    (void)state;
    struct sockaddr_storage a = address_of(AF_INET, "192.0.2.1"),
                            b = address_of(AF_INET, "192.0.2.2"),
                            c = address_of(AF_INET6, "2001:db8::1"),
                            same_host = address_of(AF_INET6, "2001:db8::ffff:1");
    Peers *peers = peers_new(2);
    assert_non_null(peers);
#define ACQUIRE(address_) peers_acquire(peers, (struct sockaddr *)&(address_))
    Peer *first = ACQUIRE(a), *second = ACQUIRE(a);
    assert_ptr_equal(first, second);
    assert_null(ACQUIRE(a));
    Peer *other = ACQUIRE(b);
    assert_non_null(other);
    peers_release(peers, first);
    assert_non_null(ACQUIRE(a));
    assert_null(ACQUIRE(a));
    assert_non_null(ACQUIRE(c));
    assert_non_null(ACQUIRE(same_host));
    assert_null(ACQUIRE(c)); /* one network of 64 bits is one peer */
    peers_free(peers);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_levels),
        cmocka_unit_test(test_share_of_an_address),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
