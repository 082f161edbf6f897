/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * TreeSources -> TreeEnsemble: each tree is walked from its root, level by level, and its nodes are
 * put down in that order, children beside each other. An inner node that is met twice would have
 * two parents or lie on a cycle, and is refused; leaves may be shared and are copied. So the walk
 * ends, and what it leaves behind is bounded: two nodes for each inner one, one for each root, one
 * for each member of a set.
 *
 * Thread: whoever imports or plans. Errors leave nothing behind.
 */

#include "runtime/graph/tree_ensemble.h"

#include "runtime/base/size.h"
#include "runtime/graph/op_schema.h"
#include "runtime/graph/tree_source.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static Status out_of_memory(void) {
    return status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory for trees");
}

void tree_ensemble_free(TreeEnsemble *ensemble) {
    if (!ensemble)
        return;
    free(ensemble->nodes);
    free(ensemble->roots);
    free(ensemble->weights);
    free(ensemble->base);
    free(ensemble);
}

void tree_ensemble_bounds(const Node *node, size_t *ret_nodes, size_t *ret_trees,
                          size_t *ret_weights) {
    size_t nodes, old_weights, class_weights, new_weights, roots;
    TreeNumbers members;
    Status status = tree_numbers(node, "membership_values", &members);
    (void)node_get_ints(node, "nodes_featureids", &nodes);
    (void)node_get_ints(node, "target_ids", &old_weights);
    (void)node_get_ints(node, "class_ids", &class_weights);
    (void)node_get_ints(node, "leaf_targetids", &new_weights);
    (void)node_get_ints(node, "tree_roots", &roots);
    *ret_trees = roots ? roots : nodes;
    *ret_nodes = *ret_trees + 2 * nodes + (status_is_ok(&status) ? members.count : 0);
    *ret_weights = old_weights + class_weights + new_weights;
}

/* The walk over one tree. A node's source stands beside it until the node is complete. */
typedef struct Walk {
    TreeSources *sources;
    TreeEnsemble *ensemble;
    uint32_t *source_of;
    uint16_t *depth_of;
} Walk;

#define SOURCE_NONE UINT32_MAX /* complete already */

static uint32_t put(Walk *walk, uint32_t source, uint16_t depth) {
    TreeEnsemble *ensemble = walk->ensemble;
    walk->source_of[ensemble->node_count] = source;
    walk->depth_of[ensemble->node_count] = depth;
    ensemble->depth = MAX_OF(ensemble->depth, (size_t)depth);
    return (uint32_t)ensemble->node_count++;
}

/* A set of members: the node and those put behind it ask for one each; all but the last go on to
 * the next when it is another. An empty set is equality with NaN, which nothing fulfils. */
static void put_members(Walk *walk, uint32_t at, const TreeSource *source, uint16_t depth) {
    TreeNode *node = &walk->ensemble->nodes[at];
    node->mode = TREE_EQ;
    node->threshold = source->member_count ? walk->sources->members[source->members] : (double)NAN;
    for (uint32_t i = 1; i < source->member_count; i++) {
        uint32_t next = put(walk, SOURCE_NONE, depth);
        walk->ensemble->nodes[next] = *node;
        walk->ensemble->nodes[next].threshold = walk->sources->members[source->members + i];
        node->next[0] = next;
        node = &walk->ensemble->nodes[next];
    }
}

static Status complete(Walk *walk, uint32_t at) {
    TreeSource *source = &walk->sources->items[walk->source_of[at]];
    TreeEnsemble *ensemble = walk->ensemble;
    TreeNode *node = &ensemble->nodes[at];
    uint16_t depth = (uint16_t)(walk->depth_of[at] + 1);
    *node = (TreeNode){ .threshold = source->value,
                        .feature = source->feature,
                        .next = { source->next[0], source->next[1] },
                        .mode = source->mode,
                        .missing = source->missing };
    if (source->mode == TREE_LEAF)
        return status_ok();
    if (source->seen)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "node %u of the trees is on a cycle or has two parents",
                            walk->source_of[at]);
    if (depth > TREE_DEPTH_MAX)
        return status_error(STATUS_INVALID_ARGUMENT, "a tree is deeper than %d", TREE_DEPTH_MAX);
    source->seen = true;
    ensemble->feature_count = MAX_OF(ensemble->feature_count, (size_t)source->feature + 1);
    node->next[0] = put(walk, source->next[0], depth);
    node->next[1] = put(walk, source->next[1], depth);
    if (source->mode == TREE_MEMBER)
        put_members(walk, at, source, depth);
    return status_ok();
}

static Status walk_tree(Walk *walk, size_t tree) {
    TreeEnsemble *ensemble = walk->ensemble;
    uint32_t at = put(walk, walk->sources->roots[tree], 0);
    ensemble->roots[tree] = at;
    for (; at < ensemble->node_count; at++)
        if (walk->source_of[at] != SOURCE_NONE)
            TRY(complete(walk, at));
    return status_ok();
}

static Status walk_trees(TreeSources *sources, TreeEnsemble *ensemble) {
    size_t capacity = sources->root_count + 2 * sources->count + sources->member_count;
    AUTO(free) uint32_t *source_of = calloc(capacity, sizeof *source_of);
    AUTO(free) uint16_t *depth_of = calloc(capacity, sizeof *depth_of);
    Walk walk = {
        .sources = sources, .ensemble = ensemble, .source_of = source_of, .depth_of = depth_of
    };
    ensemble->nodes = calloc(capacity, sizeof *ensemble->nodes);
    ensemble->roots = calloc(sources->root_count + 1, sizeof *ensemble->roots);
    if (!source_of || !depth_of || !ensemble->nodes || !ensemble->roots)
        return out_of_memory();
    for (ensemble->tree_count = 0; ensemble->tree_count < sources->root_count;
         ensemble->tree_count++)
        TRY(walk_tree(&walk, ensemble->tree_count));
    return status_ok();
}

static Status read_aggregate(const Node *node, TreeAggregate *ret_aggregate) {
    static const char *const names[] = {
        [TREE_AVERAGE] = "AVERAGE", [TREE_SUM] = "SUM", [TREE_MIN] = "MIN", [TREE_MAX] = "MAX"
    };
    StringView text = node_get_string(node, "aggregate_function", "SUM");
    int64_t number = node_get_int(node, "aggregate_function", TREE_SUM);
    if (number < TREE_AVERAGE || number > TREE_MAX)
        return status_error(STATUS_INVALID_ARGUMENT, "aggregate_function: %" PRId64 " is unknown",
                            number);
    *ret_aggregate = (TreeAggregate)number;
    if (strcmp(node->op->name, "TreeEnsemble") == 0)
        return status_ok();
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++)
        if (strlen(names[i]) == text.length && memcmp(names[i], text.data, text.length) == 0) {
            *ret_aggregate = (TreeAggregate)i;
            return status_ok();
        }
    return status_error(STATUS_INVALID_ARGUMENT, "aggregate_function: '%.*s' is unknown",
                        (int)MIN_OF(text.length, (size_t)40), text.data);
}

static Status read_target_count(const Node *node, size_t *ret_count) {
    size_t count = 0;
    if (strcmp(node->op->name, "TreeEnsembleClassifier") == 0) {
        const Attribute *strings = node_find_attribute(node, "classlabels_strings");
        (void)node_get_ints(node, "classlabels_int64s", &count);
        if (strings && strings->kind == ATTRIBUTE_STRINGS)
            count = MAX_OF(count, strings->count);
    } else {
        int64_t targets = node_get_int(node, "n_targets", 1);
        count = targets > 0 && targets <= INT32_MAX ? (size_t)targets : 0;
    }
    *ret_count = count;
    return count ? status_ok()
                 : status_error(STATUS_INVALID_ARGUMENT,
                                "expected at least one target or class label");
}

static Status read_base(const Node *node, TreeEnsemble *ensemble) {
    TreeNumbers base;
    TRY(tree_numbers(node, "base_values", &base));
    if (base.count > 1 && base.count != ensemble->target_count)
        return status_error(STATUS_INVALID_ARGUMENT, "base_values: expected %zu, got %zu",
                            ensemble->target_count, base.count);
    ensemble->base = calloc(base.count + 1, sizeof *ensemble->base);
    if (!ensemble->base)
        return out_of_memory();
    for (size_t i = 0; i < base.count; i++)
        ensemble->base[i] = tree_number(&base, i);
    ensemble->base_count = base.count;
    return status_ok();
}

static void note_weights(TreeEnsemble *ensemble) {
    ensemble->one_target = ensemble->all_positive = true;
    for (size_t i = 0; i < ensemble->weight_count; i++) {
        ensemble->one_target =
            ensemble->one_target && ensemble->weights[i].target == ensemble->weights[0].target;
        ensemble->all_positive = ensemble->all_positive && !(ensemble->weights[i].weight < 0.0);
    }
}

Status tree_ensemble_new(const Node *node, TreeEnsemble **ret_ensemble) {
    AUTO(tree_sources_deinit) TreeSources sources = { 0 };
    AUTO(tree_ensemble_free) TreeEnsemble *ensemble = calloc(1, sizeof *ensemble);
    if (!ensemble)
        return out_of_memory();
    TRY(read_aggregate(node, &ensemble->aggregate));
    TRY(read_target_count(node, &ensemble->target_count));
    TRY(read_base(node, ensemble));
    TRY(tree_sources_read(node, ensemble->target_count, &sources));
    TRY(walk_trees(&sources, ensemble));
    ensemble->weights = TAKE(sources.weights);
    ensemble->weight_count = sources.weight_count;
    note_weights(ensemble);
    *ret_ensemble = TAKE(ensemble);
    return status_ok();
}
