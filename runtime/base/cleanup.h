/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Owning locals. AUTO(free_fn) declares one that is freed when its scope ends; TAKE lets go of it.
 * Each owner type says once, beside its free function, DEFINE_AUTO(Type, type_free).
 *
 *     AUTO(graph_free) Graph *graph = NULL;
 *     TRY(graph_new(&graph));
 *     *ret_graph = TAKE(graph);
 */

#include <stdlib.h>

#define DEFINE_AUTO(Type, free_fn)                                                                 \
    static inline void free_fn##_auto_(Type **owner) {                                             \
        if (*owner)                                                                                \
            free_fn(*owner);                                                                       \
    }                                                                                              \
    struct auto_semicolon_##free_fn##_

/* For structs by value: the deinit function takes the address. */
#define DEFINE_AUTO_VALUE(Type, deinit_fn)                                                         \
    static inline void deinit_fn##_auto_(Type *owner) {                                            \
        deinit_fn(owner);                                                                          \
    }                                                                                              \
    struct auto_semicolon_##deinit_fn##_

#define AUTO(free_fn) __attribute__((cleanup(free_fn##_auto_)))

#define TAKE(owner)                                                                                \
    ({                                                                                             \
        __typeof__(owner) take_owner_ = (owner);                                                   \
        (owner) = NULL;                                                                            \
        take_owner_;                                                                               \
    })

/* AUTO(free) char *text = ...; */
static inline void free_auto_(void *owner) {
    free(*(void **)owner);
}
