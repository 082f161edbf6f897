/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Reads recipes and adds their nodes. Recipes are text of this program, never of a file, so that a
 * mistake in one is our bug: asserted, and met by the tests that expand every recipe. What the
 * node brings (which inputs, which attributes) is data and checked.
 *
 * Everything a statement needs lies in the node arena; what attributes keep lies in the graph's.
 *
 * Thread: loader.
 */

#include "runtime/onnx/recipe.h"

#include "runtime/base/size.h"

#include <assert.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_BYTES = 24, BINDINGS_MAX = 48, OPERANDS_MAX = 8, RESULTS_MAX = 4, LIST_MAX = 8 };

typedef struct Binding {
    char name[NAME_BYTES];
    ValueId value;
} Binding;

typedef struct Expansion {
    ImportContext *context;
    const NodeDraft *draft; /* as the file has it */
    const Recipe *recipe;
    const char *at; /* in the body */
    Binding bindings[BINDINGS_MAX];
    size_t binding_count;
} Expansion;

typedef struct Statement {
    char results[RESULTS_MAX][NAME_BYTES];
    size_t result_count;
    bool is_skipped; /* Op? without all of its operands */
    NodeDraft node;
} Statement;

static const char *skip_blanks(const char *text) {
    return text + strspn(text, " \n");
}

static bool is_name(char c) {
    return isalnum((unsigned char)c) || c == '_';
}

/* The next name of a list; NULL at its end. */
static const char *read_name(const char *text, char name[static NAME_BYTES]) {
    text = skip_blanks(text);
    size_t length = 0;
    while (is_name(text[length]))
        length++;
    assert(length < NAME_BYTES);
    if (length == 0)
        return NULL;
    memcpy(name, text, length);
    name[length] = '\0';
    return text + length;
}

static bool take(Expansion *expansion, char wanted) {
    expansion->at = skip_blanks(expansion->at);
    if (*expansion->at != wanted)
        return false;
    expansion->at = skip_blanks(expansion->at + 1);
    return true;
}

bool recipe_fits(const char *inputs, const NodeDraft *draft) {
    char name[NAME_BYTES];
    uint32_t index = 0;
    for (const char *at = inputs; (at = read_name(at, name)); index++) {
        bool is_optional = *at == '?';
        at += is_optional;
        if (!is_optional && !draft_has_input(draft, index))
            return false;
    }
    return draft->input_count <= index;
}

static void bind(Expansion *expansion, const char *name, ValueId value) {
    assert(expansion->binding_count < BINDINGS_MAX);
    Binding *binding = &expansion->bindings[expansion->binding_count++];
    strcpy(binding->name, name);
    binding->value = value;
}

static void bind_inputs(Expansion *expansion) {
    char name[NAME_BYTES];
    uint32_t index = 0;
    for (const char *at = expansion->recipe->inputs; (at = read_name(at, name)); index++) {
        at += *at == '?';
        if (draft_has_input(expansion->draft, index))
            bind(expansion, name, expansion->draft->inputs[index]);
    }
}

static ValueId find(const Expansion *expansion, const char *name) {
    for (size_t i = expansion->binding_count; i > 0; i--)
        if (strcmp(expansion->bindings[i - 1].name, name) == 0)
            return expansion->bindings[i - 1].value;
    return VALUE_NONE;
}

/* The draft's output of that name; VALUE_NONE when it is none, or not wanted. */
static ValueId output_of(const Expansion *expansion, const char *wanted) {
    char name[NAME_BYTES];
    uint32_t index = 0;
    for (const char *at = expansion->recipe->outputs; (at = read_name(at, name)); index++)
        if (strcmp(name, wanted) == 0)
            return index < expansion->draft->output_count ? expansion->draft->outputs[index]
                                                          : VALUE_NONE;
    return VALUE_NONE;
}

static size_t read_ints(Expansion *expansion, int64_t items[static LIST_MAX]) {
    size_t count = 0;
    do {
        char *end;
        assert(count < LIST_MAX);
        items[count++] = strtoll(expansion->at, &end, 10);
        assert(end > expansion->at);
        expansion->at = end;
    } while (*expansion->at == ',' && expansion->at++);
    return count;
}

static Status int_scalar(Expansion *expansion, ValueId *ret_value) {
    Tensor *tensor;
    int64_t items[LIST_MAX];
    size_t count = read_ints(expansion, items);
    assert(count == 1);
    TRY(import_charge_constant(expansion->context, sizeof items[0]));
    TRY(graph_add_constant_new(expansion->context->graph, DTYPE_I64, &SHAPE_SCALAR, ret_value,
                               &tensor));
    memcpy(tensor->data, items, sizeof items[0]);
    return status_ok();
}

static Status float_scalar(Expansion *expansion, ValueId *ret_value) {
    char *end, name[NAME_BYTES] = "";
    if (take(expansion, '$'))
        expansion->at = read_name(expansion->at, name) + 1;
    const Attribute *given = draft_find(expansion->draft, name);
    float value = strtof(expansion->at, &end);
    if (given && given->kind == ATTRIBUTE_FLOAT)
        value = given->f;
    assert(*end == ':');
    expansion->at = read_name(end + 1, name);
    ValueId like = find(expansion, name);
    NodeDraft typed = *expansion->draft;
    typed.inputs = &like;
    typed.input_count = 1;
    return upgrade_scalar_like(expansion->context, &typed, value, ret_value);
}

static Status int_list(Expansion *expansion, ValueId *ret_value) {
    int64_t items[LIST_MAX];
    size_t count = read_ints(expansion, items);
    return upgrade_ints(expansion->context, items, count, ret_value);
}

static Status attribute_list(Expansion *expansion, ValueId *ret_value) {
    char name[NAME_BYTES];
    expansion->at = read_name(expansion->at, name);
    const Attribute *found = draft_find(expansion->draft, name);
    *ret_value = VALUE_NONE;
    if (!found)
        return status_ok();
    if (found->kind != ATTRIBUTE_INTS)
        return status_error(STATUS_INVALID_ARGUMENT, "%s: expected a list of integers", name);
    return upgrade_ints(expansion->context, found->ints, found->count, ret_value);
}

static Status read_operand(Expansion *expansion, ValueId *ret_value) {
    char name[NAME_BYTES];
    if (take(expansion, '#'))
        return int_list(expansion, ret_value);
    if (take(expansion, '@'))
        return int_scalar(expansion, ret_value);
    if (take(expansion, '%'))
        return float_scalar(expansion, ret_value);
    if (take(expansion, '$'))
        return attribute_list(expansion, ret_value);
    const char *end = read_name(expansion->at, name);
    assert(end);
    expansion->at = end;
    *ret_value = find(expansion, name);
    return status_ok();
}

static Status read_operands(Expansion *expansion, Statement *statement) {
    NodeDraft *node = &statement->node;
    bool is_conditional = take(expansion, '?'), opened = take(expansion, '(');
    assert(opened);
    while (!take(expansion, ')')) {
        assert(node->input_count < OPERANDS_MAX);
        ValueId *operand = &node->inputs[node->input_count++];
        TRY(read_operand(expansion, operand));
        statement->is_skipped |= is_conditional && *operand == VALUE_NONE;
    }
    /* A name that a later input takes keeps its place; what is left out at the end is not. */
    while (!statement->is_skipped && node->input_count > 0 &&
           node->inputs[node->input_count - 1] == VALUE_NONE)
        node->input_count--;
    return status_ok();
}

/* An integer, a float or a word, up to the next blank or brace. */
static Status read_scalar(Expansion *expansion, Attribute *attribute) {
    size_t length = strcspn(expansion->at, " }");
    const char *text = expansion->at;
    expansion->at += length;
    if (text[0] != '-' && !isdigit((unsigned char)text[0])) {
        attribute->kind = ATTRIBUTE_STRING;
        attribute->s = (StringView){ text, length };
    } else if (memchr(text, '.', length) || memchr(text, 'e', length)) {
        attribute->kind = ATTRIBUTE_FLOAT;
        attribute->f = strtof(text, NULL);
    } else {
        attribute->kind = ATTRIBUTE_INT;
        attribute->i = strtoll(text, NULL, 10);
    }
    return status_ok();
}

static Status read_list(Expansion *expansion, Attribute *attribute) {
    int64_t items[LIST_MAX];
    attribute->kind = ATTRIBUTE_INTS;
    attribute->count = read_ints(expansion, items);
    bool closed = take(expansion, ']');
    assert(closed);
    int64_t *kept = arena_calloc(expansion->context->arena, attribute->count, sizeof *kept);
    if (!kept)
        return arena_exhausted(expansion->context->arena);
    memcpy(kept, items, attribute->count * sizeof *kept);
    attribute->ints = kept;
    return status_ok();
}

/* Of the node if it has it, else the default. @ret_is_there  false: neither */
static Status read_taken(Expansion *expansion, Attribute *attribute, bool *ret_is_there) {
    char name[NAME_BYTES];
    const char *key = attribute->name;
    expansion->at = read_name(expansion->at, name);
    const Attribute *found = draft_find(expansion->draft, name);
    bool has_default = take(expansion, ':');
    if (has_default)
        TRY(read_scalar(expansion, attribute));
    *ret_is_there = found || has_default;
    if (!found)
        return status_ok();
    if (has_default && found->kind != attribute->kind)
        return status_error(STATUS_INVALID_ARGUMENT, "%s: the attribute is of another kind", name);
    *attribute = *found;
    attribute->name = key;
    return status_ok();
}

static Status read_attribute(Expansion *expansion, NodeDraft *node) {
    char name[NAME_BYTES];
    bool is_there = true;
    expansion->at = read_name(expansion->at, name);
    Attribute attribute = { .name = arena_strndup(expansion->context->arena, name, strlen(name)) };
    bool has_value = take(expansion, '=');
    assert(has_value);
    if (!attribute.name)
        return arena_exhausted(expansion->context->arena);
    if (take(expansion, '$'))
        TRY(read_taken(expansion, &attribute, &is_there));
    else if (take(expansion, '['))
        TRY(read_list(expansion, &attribute));
    else
        TRY(read_scalar(expansion, &attribute));
    if (is_there)
        node->attributes[node->attribute_count++] = attribute;
    return status_ok();
}

enum { ATTRIBUTES_MAX = 12 }; /* that a statement names itself */

static Status read_attributes(Expansion *expansion, NodeDraft *node) {
    if (!take(expansion, '{'))
        return status_ok();
    while (!take(expansion, '}')) {
        if (take(expansion, '*')) {
            for (uint32_t i = 0; i < expansion->draft->attribute_count; i++)
                node->attributes[node->attribute_count++] = expansion->draft->attributes[i];
            continue;
        }
        TRY(read_attribute(expansion, node));
    }
    return status_ok();
}

static Status statement_open(Expansion *expansion, Statement *statement) {
    const NodeDraft *draft = expansion->draft;
    Arena *arena = expansion->context->node_arena;
    NodeDraft node = { .domain = "", .name = draft->name, .opset = draft->opset };
    node.inputs = arena_calloc(arena, OPERANDS_MAX + DRAFT_SPARE, sizeof *node.inputs);
    node.outputs = arena_calloc(arena, RESULTS_MAX, sizeof *node.outputs);
    node.attributes =
        arena_calloc(arena, ATTRIBUTES_MAX + draft->attribute_count + (size_t)ATTRIBUTE_SPARE,
                     sizeof *node.attributes);
    if (!node.inputs || !node.outputs || !node.attributes)
        return arena_exhausted(arena);
    *statement = (Statement){ .node = node };
    return status_ok();
}

static Status read_statement(Expansion *expansion, Statement *statement) {
    char name[NAME_BYTES];
    TRY(statement_open(expansion, statement));
    do {
        assert(statement->result_count < RESULTS_MAX);
        expansion->at = read_name(expansion->at, statement->results[statement->result_count++]);
    } while (take(expansion, ','));
    bool assigns = take(expansion, '=');
    assert(assigns);
    expansion->at = read_name(expansion->at, name);
    statement->node.op = arena_strndup(expansion->context->node_arena, name, strlen(name));
    if (!statement->node.op)
        return arena_exhausted(expansion->context->node_arena);
    TRY(read_operands(expansion, statement));
    return read_attributes(expansion, &statement->node);
}

/* The values that it makes: the draft's own where they are outputs. */
static Status make_results(Expansion *expansion, Statement *statement) {
    for (size_t i = 0; i < statement->result_count; i++) {
        const char *name = statement->results[i];
        ValueId value = output_of(expansion, name);
        if (value == VALUE_NONE && strcmp(name, "_") != 0)
            TRY(upgrade_value(expansion->context, &value));
        statement->node.outputs[i] = value;
        bind(expansion, name, value);
    }
    statement->node.output_count = (uint32_t)statement->result_count;
    return status_ok();
}

/* A statement that is skipped gives its first operand another name; an output needs a node. */
static Status run_statement(Expansion *expansion, Statement *statement, bool is_last) {
    NodeDraft *node = &statement->node;
    bool is_output = is_last || output_of(expansion, statement->results[0]) != VALUE_NONE;
    if (statement->is_skipped && !is_output) {
        bind(expansion, statement->results[0], node->inputs[0]);
        return status_ok();
    }
    if (statement->is_skipped) {
        node->op = "Identity";
        node->input_count = 1;
        node->attribute_count = 0;
    }
    TRY(make_results(expansion, statement));
    return is_last ? status_ok() : draft_add(expansion->context, node);
}

static Status check_outputs(const Expansion *expansion) {
    char name[NAME_BYTES];
    uint32_t index = 0;
    const NodeDraft *draft = expansion->draft;
    for (const char *at = expansion->recipe->outputs; (at = read_name(at, name)); index++)
        if (index < draft->output_count && draft->outputs[index] != VALUE_NONE &&
            find(expansion, name) == VALUE_NONE)
            return status_error(STATUS_UNIMPLEMENTED, "output %u (%s) is not supported", index,
                                name);
    if (draft->output_count > index)
        return status_error(STATUS_INVALID_ARGUMENT, "has %u outputs, expected at most %u",
                            draft->output_count, index);
    return status_ok();
}

Status recipe_expand(ImportContext *context, NodeDraft *draft, const Recipe *recipe) {
    NodeDraft given = *draft;
    Expansion expansion = {
        .context = context, .draft = &given, .recipe = recipe, .at = skip_blanks(recipe->body)
    };
    Statement statement;
    bool is_last = false;
    bind_inputs(&expansion);
    while (!is_last) {
        TRY(read_statement(&expansion, &statement));
        bool has_end = take(&expansion, ';');
        is_last = *expansion.at == '\0';
        assert(has_end || is_last);
        TRY(run_statement(&expansion, &statement, is_last));
    }
    TRY(check_outputs(&expansion));
    *draft = statement.node;
    return status_ok();
}
