/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * TreeEnsemble -> TreePack. Its size is fixed before the trees are built, from the sizes of the
 * attributes; pages that are not written are never touched. To make the questions alike, x > t
 * becomes "not x <= t" and x >= t "not x < t", with the branches and the meaning of NaN exchanged
 * (a threshold that is NaN stays as it is: its answers are all no).
 *
 * Thread: a loader. Invariant: TreePack points into its own memory alone.
 */

#include "runtime/cpu/tree_pack.h"

#include "runtime/base/size.h"
#include "runtime/cpu/weights.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

typedef struct PackBuild {
    const Node *node;
    bool compact;
    size_t bytes;
    char *next, *end; /* free memory of the piece */
} PackBuild;

/* Absent, or float: a list or a tensor of them. */
static bool attribute_is_f32(const Node *node, const char *name) {
    const Attribute *attribute = node_find_attribute(node, name);
    return !attribute || attribute->kind == ATTRIBUTE_FLOATS ||
           (attribute->kind == ATTRIBUTE_TENSOR && attribute->tensor->dtype == DTYPE_F32);
}

static bool all_is_f32(const Node *node, DType features) {
    static const char *const names[] = {
        "nodes_values",   "nodes_values_as_tensor", "class_weights",
        "target_weights", "nodes_splits",           "class_weights_as_tensor",
        "leaf_weights",   "membership_values",      "target_weights_as_tensor"
    };
    bool all = features == DTYPE_F32;
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++)
        all = all && attribute_is_f32(node, names[i]);
    return all;
}

static bool add_array(size_t *total, size_t count, size_t item_bytes) {
    size_t bytes;
    return size_mul(count, item_bytes, &bytes) && size_add(bytes, TENSOR_ALIGNMENT, &bytes) &&
           size_add(*total, bytes, total);
}

static Status pack_bytes(const Node *node, bool compact, size_t *ret_bytes) {
    size_t nodes, trees, weights, total = 0;
    tree_ensemble_bounds(node, &nodes, &trees, &weights);
    size_t base =
        weights + 1; /* base values: one, or one for each target; checked when they are copied */
    const Attribute *base_values = node_find_attribute(node, "base_values");
    const Attribute *base_tensor = node_find_attribute(node, "base_values_as_tensor");
    if (base_values)
        base += base_values->count;
    if (base_tensor && base_tensor->kind == ATTRIBUTE_TENSOR)
        base += tensor_elements(base_tensor->tensor);
    if (add_array(&total, 1, sizeof(TreePack)) && add_array(&total, trees, sizeof(uint32_t)) &&
        add_array(&total, nodes, sizeof(TreeNode)) &&
        add_array(&total, nodes, compact ? 2 * sizeof(uint32_t) : 0) &&
        add_array(&total, weights, sizeof(TreeWeight)) &&
        add_array(&total, weights, compact ? sizeof(float) : 0) &&
        add_array(&total, base, sizeof(double))) {
        *ret_bytes = total;
        return status_ok();
    }
    return status_error(STATUS_INVALID_ARGUMENT, "trees are too large");
}

static void *take(PackBuild *build, const void *from, size_t count, size_t item_bytes) {
    size_t bytes = count * item_bytes;
    char *memory = build->next;
    if (bytes > (size_t)(build->end - build->next))
        return NULL;
    (void)size_align(bytes, TENSOR_ALIGNMENT, &bytes);
    build->next += MIN_OF(bytes, (size_t)(build->end - build->next));
    if (from && count > 0)
        memcpy(memory, from, count * item_bytes);
    return memory;
}

/* What makes a branch of the compact form: mode, NaN, and which side is which. */
static CompactNode compact_branch(const TreeNode *node) {
    bool turned = (node->mode == TREE_GT || node->mode == TREE_GTE) && !isnan(node->threshold);
    uint32_t mode = node->mode;
    if (turned)
        mode = node->mode == TREE_GT ? TREE_LEQ : TREE_LT;
    CompactNode compact = { .threshold = (float)node->threshold, .feature = node->feature };
    compact.feature |= mode << TREE_FEATURE_BITS | (uint32_t)(node->missing != turned) << 31;
    compact.next[0] = node->next[turned];
    compact.next[1] = node->next[!turned];
    return compact;
}

static TreeLeaves leaf_form(const TreeEnsemble *ensemble) {
    bool single = ensemble->one_target, row = true;
    size_t targets = ensemble->target_count;
    for (size_t i = 0; i < ensemble->node_count; i++) {
        const TreeNode *node = &ensemble->nodes[i];
        if (node->mode != TREE_LEAF)
            continue;
        single = single && node->next[1] - node->next[0] == 1;
        row = row && node->next[1] - node->next[0] == targets;
        for (uint32_t w = node->next[0]; row && w < node->next[1]; w++)
            row = ensemble->weights[w].target == w - node->next[0];
    }
    return single ? TREE_LEAF_WEIGHT : row ? TREE_LEAF_ROW : TREE_LEAF_RANGE;
}

static TreeMode common_mode(const TreePack *pack) {
    TreeMode mode = TREE_LEAF;
    for (size_t i = 0; i < pack->ensemble.node_count; i++) {
        const CompactNode *node = &pack->compact[i];
        TreeMode own = (TreeMode)(node->feature >> TREE_FEATURE_BITS & 7);
        if (node->next[0] == i)
            continue;
        if (mode != TREE_LEAF && own != mode)
            return TREE_LEAF;
        mode = own;
    }
    return mode == TREE_LEQ || mode == TREE_LT ? mode : TREE_LEAF;
}

/* Where all ask alike there is nothing to tell but the feature. */
static void make_bare(TreePack *pack) {
    bool missing = false;
    for (size_t i = 0; i < pack->ensemble.node_count; i++)
        missing = missing || pack->compact[i].feature >> 31;
    pack->bare = pack->mode != TREE_LEAF && !missing;
    for (size_t i = 0; i < pack->ensemble.node_count && pack->bare; i++)
        pack->compact[i].feature &= TREE_FEATURE_MASK;
}

static void compact_leaf(TreePack *pack, const TreeEnsemble *from, uint32_t at, uint32_t number) {
    const TreeNode *node = &from->nodes[at];
    CompactNode *leaf = &pack->compact[at];
    *leaf = (CompactNode){ .leaf = number, .next = { at, at } };
    if (pack->leaves == TREE_LEAF_WEIGHT) {
        leaf->weight = (float)from->weights[node->next[0]].weight;
    } else if (pack->leaves == TREE_LEAF_ROW) {
        leaf->leaf =
            node->next[0] / (uint32_t)from->target_count; /* copies of a leaf share its row */
    } else {
        pack->ranges[2 * number] = node->next[0];
        pack->ranges[2 * number + 1] = node->next[1];
    }
}

static void fill_compact(TreePack *pack, const TreeEnsemble *from) {
    uint32_t leaves = 0;
    pack->leaves = leaf_form(from);
    pack->only = from->weight_count > 0 ? from->weights[0].target : 0;
    for (size_t i = 0; i < from->weight_count; i++)
        pack->rows[i] = (float)from->weights[i].weight;
    for (uint32_t i = 0; i < from->node_count; i++) {
        if (from->nodes[i].mode == TREE_LEAF)
            compact_leaf(pack, from, i, leaves++);
        else
            pack->compact[i] = compact_branch(&from->nodes[i]);
    }
    pack->mode = common_mode(pack);
    make_bare(pack);
}

static Status fill(PackBuild *build, TreePack *pack, const TreeEnsemble *from) {
    TreeEnsemble *to = &pack->ensemble;
    *to = *from;
    to->roots = take(build, from->roots, from->tree_count, sizeof *to->roots);
    to->base = take(build, from->base, from->base_count, sizeof *to->base);
    to->weights = take(build, from->weights, from->weight_count, sizeof *to->weights);
    to->nodes = NULL;
    bool fits = to->roots && to->base && to->weights;
    if (!build->compact) {
        to->nodes = take(build, from->nodes, from->node_count, sizeof *to->nodes);
        return fits && to->nodes ? status_ok()
                                 : status_error(STATUS_INTERNAL, "trees outgrew their memory");
    }
    pack->rows = take(build, NULL, from->weight_count, sizeof *pack->rows);
    pack->compact = take(build, NULL, from->node_count, sizeof *pack->compact);
    pack->ranges = take(build, NULL, 2 * from->node_count, sizeof *pack->ranges);
    if (!fits || !pack->rows || !pack->compact || !pack->ranges)
        return status_error(STATUS_INTERNAL, "trees outgrew their memory");
    fill_compact(pack, from);
    return status_ok();
}

static Status pack_trees(void *user, const void *plain, void *dst) {
    (void)plain;
    PackBuild *build = user;
    AUTO(tree_ensemble_free) TreeEnsemble *ensemble = NULL;
    TRY(tree_ensemble_new(build->node, &ensemble));
    TreePack *pack = dst;
    *pack = (TreePack){ .mode = TREE_LEAF };
    build->next = dst;
    build->end = build->next + build->bytes;
    (void)take(build, NULL, 1, sizeof *pack);
    /* No compact branch for so many features; and with none at all, no feature that a leaf could
     * look at. */
    build->compact = build->compact && ensemble->feature_count > 0 &&
                     ensemble->feature_count <= TREE_FEATURE_MASK;
    return fill(build, pack, ensemble);
}

Status tree_pack_get(PackedWeights *weights, const Node *node, DType features,
                     const TreePack **ret_pack) {
    PackBuild build = { .node = node, .compact = all_is_f32(node, features) };
    size_t count;
    /* The attribute's address stands for the trees: clones of a graph share attributes. */
    const int64_t *name = node_get_ints(node, "nodes_featureids", &count);
    Tensor tensor = { .dtype = DTYPE_I64, .data = (void *)(uintptr_t)name };
    Value value = { .constant = &tensor };
    WeightFormat format = { .user = &build, .pack = pack_trees };
    const void *packed;
    snprintf(format.key, sizeof format.key, "trees %s", build.compact ? "compact" : "plain");
    TRY(pack_bytes(node, build.compact, &build.bytes));
    format.bytes = build.bytes;
    TRY(packed_weights_get(weights, &value, &format, &packed));
    *ret_pack = packed;
    return status_ok();
}
