/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Which shapes are ready: a bounded map from input shapes to counted plans, least recently used
 * goes first. Any thread; lookups do not allocate. Building is the executor's business: the cache
 * holds what was built.
 */

#include "runtime/base/cleanup.h"
#include "runtime/tensor/shape.h"

#include <stdatomic.h>

typedef struct PlanCache PlanCache;

/* What is cached, counted. Whoever builds plans begins its own struct with this one and sets free.
 */
typedef struct Plan {
    atomic_size_t references; /* the maker starts with 1 */
    void (*free)(struct Plan *plan);
} Plan;

Plan *plan_ref(Plan *plan);
void plan_unref(Plan *plan);
DEFINE_AUTO(Plan, plan_unref);

typedef struct PlanCacheCounts {
    uint64_t hits, misses, evictions;
    size_t entries;
} PlanCacheCounts;

Status plan_cache_new(size_t capacity, size_t input_count, PlanCache **ret_cache);
void plan_cache_free(PlanCache *cache);
DEFINE_AUTO(PlanCache, plan_cache_free);
/* A new reference, or NULL. */
Plan *plan_cache_find(PlanCache *cache, const Shape *input_shapes);
/* Takes a reference of its own. If another thread was first, its plan stays and is returned instead
 * (referenced). */
Plan *plan_cache_insert(PlanCache *cache, const Shape *input_shapes, Plan *plan);
PlanCacheCounts plan_cache_counts(PlanCache *cache);
