/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The two forms of tree attributes -> TreeSources. The older one (classifier, regressor) numbers
 * nodes inside each tree and gives weights by (tree, node), so nodes are sorted by both and looked
 * up; the newer one (TreeEnsemble) has indexes into arrays of nodes and of leaves; leaves come
 * after the nodes here.
 *
 * Thread: any. Nothing is trusted: counts, ids and modes are checked here, structure in
 * tree_ensemble.c. Source: ONNX ai.onnx.ml TreeEnsembleClassifier 1 and 3, TreeEnsembleRegressor 1
 * and 3, TreeEnsemble 5.
 */

#include "runtime/graph/tree_source.h"

#include "runtime/base/size.h"
#include "runtime/graph/op_schema.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NODES_MAX = INT32_MAX / 4 };

static Status out_of_memory(void) {
    return status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory for trees");
}

static bool tensor_has_numbers(const Tensor *tensor) {
    return tensor->dtype == DTYPE_F32 || tensor->dtype == DTYPE_F64 || tensor->dtype == DTYPE_F16 ||
           tensor->dtype == DTYPE_U8;
}

static Status use_attribute(const Attribute *attribute, TreeNumbers *numbers) {
    if (attribute->kind == ATTRIBUTE_FLOATS) {
        numbers->floats = attribute->floats;
        numbers->count = attribute->count;
        return status_ok();
    }
    if (attribute->kind != ATTRIBUTE_TENSOR || !tensor_has_numbers(attribute->tensor))
        return status_error(STATUS_INVALID_ARGUMENT, "%s: expected numbers", attribute->name);
    numbers->tensor = attribute->tensor;
    numbers->count = tensor_elements(attribute->tensor);
    return status_ok();
}

Status tree_numbers(const Node *node, const char *name, TreeNumbers *ret_numbers) {
    char tensor_name[64];
    *ret_numbers = (TreeNumbers){ 0 };
    snprintf(tensor_name, sizeof tensor_name, "%s_as_tensor", name);
    const Attribute *attribute = node_find_attribute(node, name);
    const Attribute *as_tensor = node_find_attribute(node, tensor_name);
    if (attribute)
        TRY(use_attribute(attribute, ret_numbers));
    return as_tensor && ret_numbers->count == 0 ? use_attribute(as_tensor, ret_numbers)
                                                : status_ok();
}

double tree_number(const TreeNumbers *numbers, size_t index) {
    return numbers->floats ? (double)numbers->floats[index]
                           : tensor_get_float(numbers->tensor, index);
}

static Status get_ints(const Node *node, const char *name, size_t expected,
                       const int64_t **ret_ints) {
    size_t count;
    *ret_ints = node_get_ints(node, name, &count);
    if (count == expected)
        return status_ok();
    return status_error(STATUS_INVALID_ARGUMENT, "%s: expected %zu items, got %zu", name, expected,
                        count);
}

/* Absent or empty is NULL. */
static Status get_optional_ints(const Node *node, const char *name, size_t expected,
                                const int64_t **ret_ints) {
    size_t count;
    *ret_ints = node_get_ints(node, name, &count);
    return count == 0 ? status_ok() : get_ints(node, name, expected, ret_ints);
}

static Status get_numbers(const Node *node, const char *name, size_t expected,
                          TreeNumbers *ret_numbers) {
    TRY(tree_numbers(node, name, ret_numbers));
    if (ret_numbers->count == expected)
        return status_ok();
    return status_error(STATUS_INVALID_ARGUMENT, "%s: expected %zu numbers, got %zu", name,
                        expected, ret_numbers->count);
}

static Status check_index(const char *name, size_t at, int64_t value, size_t end) {
    if (value >= 0 && (uint64_t)value < end)
        return status_ok();
    return status_error(STATUS_INVALID_ARGUMENT, "%s: item %zu is %" PRId64 ", expected 0 to %zu",
                        name, at, value, end ? end - 1 : 0);
}

static Status alloc_sources(TreeSources *sources, size_t count, size_t roots, size_t weights,
                            size_t members) {
    if (count == 0 || count > NODES_MAX || roots > NODES_MAX || weights > NODES_MAX ||
        members > NODES_MAX)
        return status_error(STATUS_INVALID_ARGUMENT, "expected 1 to %d tree nodes, got %zu",
                            NODES_MAX, count);
    sources->items = calloc(count, sizeof *sources->items);
    sources->roots = calloc(roots + 1, sizeof *sources->roots);
    sources->weights = calloc(weights + 1, sizeof *sources->weights);
    sources->members = calloc(members + 1, sizeof *sources->members);
    sources->count = count;
    sources->weight_count = weights;
    return sources->items && sources->roots && sources->weights && sources->members
               ? status_ok()
               : out_of_memory();
}

void tree_sources_deinit(TreeSources *sources) {
    free(sources->items);
    free(sources->roots);
    free(sources->weights);
    free(sources->members);
    *sources = (TreeSources){ 0 };
}

/* A node of the older form, by its name. */
typedef struct NodeKey {
    int64_t tree, node;
    uint32_t at;
} NodeKey;

static int compare_keys(const void *a, const void *b) {
    const NodeKey *left = a, *right = b;
    if (left->tree != right->tree)
        return left->tree < right->tree ? -1 : 1;
    return left->node < right->node ? -1 : left->node > right->node;
}

typedef struct Keys {
    NodeKey *items;
    size_t count;
} Keys;

static void keys_deinit(Keys *keys) {
    free(keys->items);
}
DEFINE_AUTO_VALUE(Keys, keys_deinit);

static Status find_node(const Keys *keys, int64_t tree, int64_t node, uint32_t *ret_at) {
    NodeKey key = { .tree = tree, .node = node };
    const NodeKey *found = bsearch(&key, keys->items, keys->count, sizeof key, compare_keys);
    if (!found)
        return status_error(STATUS_INVALID_ARGUMENT, "tree %" PRId64 " has no node %" PRId64, tree,
                            node);
    *ret_at = found->at;
    return status_ok();
}

static Status sort_keys(const int64_t *trees, const int64_t *nodes, size_t count, Keys *keys) {
    keys->items = calloc(count + 1, sizeof *keys->items);
    keys->count = count;
    if (!keys->items)
        return out_of_memory();
    bool sorted = true;
    for (size_t i = 0; i < count; i++) {
        keys->items[i] = (NodeKey){ trees[i], nodes[i], (uint32_t)i };
        sorted = sorted && (i == 0 || compare_keys(&keys->items[i - 1], &keys->items[i]) < 0);
    }
    if (!sorted)
        qsort(keys->items, count, sizeof *keys->items, compare_keys);
    for (size_t i = 1; i < count; i++)
        if (compare_keys(&keys->items[i - 1], &keys->items[i]) == 0)
            return status_error(STATUS_INVALID_ARGUMENT, "tree %" PRId64 " has two nodes %" PRId64,
                                keys->items[i].tree, keys->items[i].node);
    return status_ok();
}

/* The first of a tree's nodes in the file is its root. */
static void find_roots(const Keys *keys, TreeSources *sources) {
    for (size_t i = 0; i < keys->count; i++) {
        bool is_new = i == 0 || keys->items[i - 1].tree != keys->items[i].tree;
        if (is_new)
            sources->roots[sources->root_count++] = keys->items[i].at;
        else if (keys->items[i].at < sources->roots[sources->root_count - 1])
            sources->roots[sources->root_count - 1] = keys->items[i].at;
    }
}

static Status read_mode(StringView text, uint8_t *ret_mode) {
    static const char *const names[] = {
        [TREE_LEQ] = "BRANCH_LEQ", [TREE_LT] = "BRANCH_LT", [TREE_GTE] = "BRANCH_GTE",
        [TREE_GT] = "BRANCH_GT",   [TREE_EQ] = "BRANCH_EQ", [TREE_NEQ] = "BRANCH_NEQ",
        [TREE_MEMBER] = NULL,      [TREE_LEAF] = "LEAF"
    };
    for (uint8_t i = 0; i < ARRAY_LENGTH(names); i++)
        if (names[i] && strlen(names[i]) == text.length &&
            memcmp(names[i], text.data, text.length) == 0) {
            *ret_mode = i;
            return status_ok();
        }
    return status_error(STATUS_INVALID_ARGUMENT, "nodes_modes: '%.*s' is unknown",
                        (int)MIN_OF(text.length, (size_t)40), text.data);
}

/* Arrays of the older form. */
typedef struct OldNodes {
    const int64_t *trees, *ids, *features, *yes, *no, *missing;
    const StringView *modes;
    TreeNumbers values;
    size_t count;
} OldNodes;

static Status get_old_nodes(const Node *node, OldNodes *ret_nodes) {
    OldNodes old = { 0 };
    const Attribute *modes = node_find_attribute(node, "nodes_modes");
    old.trees = node_get_ints(node, "nodes_treeids", &old.count);
    TRY(get_ints(node, "nodes_nodeids", old.count, &old.ids));
    TRY(get_ints(node, "nodes_featureids", old.count, &old.features));
    TRY(get_ints(node, "nodes_truenodeids", old.count, &old.yes));
    TRY(get_ints(node, "nodes_falsenodeids", old.count, &old.no));
    TRY(get_optional_ints(node, "nodes_missing_value_tracks_true", old.count, &old.missing));
    TRY(get_numbers(node, "nodes_values", old.count, &old.values));
    if (!modes || modes->kind != ATTRIBUTE_STRINGS || modes->count != old.count)
        return status_error(STATUS_INVALID_ARGUMENT, "nodes_modes: expected %zu items, got %zu",
                            old.count,
                            modes && modes->kind == ATTRIBUTE_STRINGS ? modes->count : 0);
    old.modes = modes->strings;
    *ret_nodes = old;
    return status_ok();
}

static Status read_old_node(const OldNodes *old, const Keys *keys, size_t at, TreeSource *source) {
    TRY(read_mode(old->modes[at], &source->mode));
    if (source->mode == TREE_LEAF)
        return status_ok();
    TRY(check_index("nodes_featureids", at, old->features[at], INT32_MAX));
    source->feature = (uint32_t)old->features[at];
    source->value = tree_number(&old->values, at);
    source->missing = old->missing && old->missing[at] != 0;
    TRY(find_node(keys, old->trees[at], old->no[at], &source->next[0]));
    return find_node(keys, old->trees[at], old->yes[at], &source->next[1]);
}

/* Names of the weights' attributes differ between classifier and regressor in their first word. */
typedef struct OldWeights {
    const int64_t *trees, *nodes, *targets;
    TreeNumbers weights;
    size_t count;
} OldWeights;

static Status get_old_weights(const Node *node, OldWeights *ret_weights) {
    bool classes = strcmp(node->op->name, "TreeEnsembleClassifier") == 0;
    OldWeights old = { 0 };
    old.trees = node_get_ints(node, classes ? "class_treeids" : "target_treeids", &old.count);
    TRY(get_ints(node, classes ? "class_nodeids" : "target_nodeids", old.count, &old.nodes));
    TRY(get_ints(node, classes ? "class_ids" : "target_ids", old.count, &old.targets));
    TRY(get_numbers(node, classes ? "class_weights" : "target_weights", old.count, &old.weights));
    *ret_weights = old;
    return status_ok();
}

/* Puts weights in the order of their leaves; next of a leaf becomes their range. Weights of inner
 * nodes have no meaning. */
static Status read_old_weights(const OldWeights *old, const Keys *keys, size_t targets,
                               TreeSources *sources) {
    uint32_t at, first = 0;
    for (size_t i = 0; i < old->count; i++) {
        TRY(check_index("ids of targets", i, old->targets[i], targets));
        TRY(find_node(keys, old->trees[i], old->nodes[i], &at));
        if (sources->items[at].mode == TREE_LEAF)
            sources->items[at].next[1]++; /* how many, for now */
    }
    for (size_t i = 0; i < sources->count; i++) {
        TreeSource *source = &sources->items[i];
        if (source->mode != TREE_LEAF)
            continue;
        uint32_t count = source->next[1];
        source->next[0] = source->next[1] = first;
        first += count;
    }
    for (size_t i = 0; i < old->count; i++) {
        TRY(find_node(keys, old->trees[i], old->nodes[i], &at));
        if (sources->items[at].mode == TREE_LEAF)
            sources->weights[sources->items[at].next[1]++] =
                (TreeWeight){ tree_number(&old->weights, i), (uint32_t)old->targets[i] };
    }
    sources->weight_count = first;
    return status_ok();
}

static Status read_old(const Node *node, size_t targets, TreeSources *sources) {
    OldNodes nodes;
    OldWeights weights;
    AUTO(keys_deinit) Keys keys = { 0 };
    TRY(get_old_nodes(node, &nodes));
    TRY(get_old_weights(node, &weights));
    TRY(alloc_sources(sources, nodes.count, nodes.count, weights.count, 0));
    TRY(sort_keys(nodes.trees, nodes.ids, nodes.count, &keys));
    find_roots(&keys, sources);
    for (size_t i = 0; i < nodes.count; i++)
        TRY(read_old_node(&nodes, &keys, i, &sources->items[i]));
    return read_old_weights(&weights, &keys, targets, sources);
}

/* Arrays of the newer form. */
typedef struct NewNodes {
    const int64_t *features, *next[2], *is_leaf[2], *missing, *leaf_targets, *roots;
    TreeNumbers splits, modes, leaf_weights, members;
    size_t count, leaf_count, root_count;
} NewNodes;

static Status get_new_nodes(const Node *node, NewNodes *ret_nodes) {
    NewNodes new = { 0 };
    new.features = node_get_ints(node, "nodes_featureids", &new.count);
    new.leaf_targets = node_get_ints(node, "leaf_targetids", &new.leaf_count);
    new.roots = node_get_ints(node, "tree_roots", &new.root_count);
    TRY(get_ints(node, "nodes_falsenodeids", new.count, &new.next[0]));
    TRY(get_ints(node, "nodes_truenodeids", new.count, &new.next[1]));
    TRY(get_ints(node, "nodes_falseleafs", new.count, &new.is_leaf[0]));
    TRY(get_ints(node, "nodes_trueleafs", new.count, &new.is_leaf[1]));
    TRY(get_optional_ints(node, "nodes_missing_value_tracks_true", new.count, &new.missing));
    TRY(get_numbers(node, "nodes_splits", new.count, &new.splits));
    TRY(get_numbers(node, "nodes_modes", new.count, &new.modes));
    TRY(get_numbers(node, "leaf_weights", new.leaf_count, &new.leaf_weights));
    TRY(tree_numbers(node, "membership_values", &new.members));
    *ret_nodes = new;
    return status_ok();
}

/* The next set of members: up to a NaN. */
static Status take_members(const NewNodes *new, TreeSources *sources, size_t *next,
                           TreeSource *source) {
    source->members = (uint32_t)sources->member_count;
    for (; *next < new->members.count; (*next)++) {
        double member = tree_number(&new->members, *next);
        if (isnan(member))
            break;
        sources->members[sources->member_count++] = member;
    }
    if (*next == new->members.count)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "membership_values: expected a set for each node of that mode");
    (*next)++;
    source->member_count = (uint32_t)sources->member_count - source->members;
    return status_ok();
}

static Status read_new_node(const NewNodes *new, size_t at, TreeSource *source) {
    double mode = tree_number(&new->modes, at);
    if (!(mode >= TREE_LEQ && mode <= TREE_MEMBER))
        return status_error(STATUS_INVALID_ARGUMENT, "nodes_modes: item %zu is unknown", at);
    TRY(check_index("nodes_featureids", at, new->features[at], INT32_MAX));
    source->mode = (uint8_t)mode;
    source->feature = (uint32_t) new->features[at];
    source->value = tree_number(&new->splits, at);
    source->missing = new->missing &&new->missing[at] != 0;
    for (size_t side = 0; side < 2; side++) {
        bool is_leaf = new->is_leaf[side][at] != 0;
        TRY(check_index(side ? "nodes_truenodeids" : "nodes_falsenodeids", at, new->next[side][at],
                        is_leaf ? new->leaf_count : new->count));
        source->next[side] = (uint32_t)(new->next[side][at] + (is_leaf ? (int64_t) new->count : 0));
    }
    return status_ok();
}

static Status read_new(const Node *node, size_t targets, TreeSources *sources) {
    NewNodes new;
    size_t next_member = 0;
    TRY(get_new_nodes(node, &new));
    TRY(alloc_sources(sources, new.count + new.leaf_count, new.root_count, new.leaf_count,
                      new.members.count));
    for (size_t i = 0; i < new.count; i++) {
        TRY(read_new_node(&new, i, &sources->items[i]));
        if (sources->items[i].mode == TREE_MEMBER)
            TRY(take_members(&new, sources, &next_member, &sources->items[i]));
    }
    for (size_t i = 0; i < new.leaf_count; i++) {
        TRY(check_index("leaf_targetids", i, new.leaf_targets[i], targets));
        sources->weights[i] =
            (TreeWeight){ tree_number(&new.leaf_weights, i), (uint32_t) new.leaf_targets[i] };
        sources->items[new.count + i] =
            (TreeSource){ .mode = TREE_LEAF, .next = { (uint32_t)i, (uint32_t)i + 1 } };
    }
    for (size_t i = 0; i < new.root_count; i++) {
        TRY(check_index("tree_roots", i, new.roots[i], new.count));
        sources->roots[sources->root_count++] = (uint32_t) new.roots[i];
    }
    return status_ok();
}

Status tree_sources_read(const Node *node, size_t targets, TreeSources *ret_sources) {
    bool is_new = strcmp(node->op->name, "TreeEnsemble") == 0;
    return is_new ? read_new(node, targets, ret_sources) : read_old(node, targets, ret_sources);
}
