/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Names, operands and instructions of PTX text. A name is a register, made by its first use, or a
 * symbol with an address; an instruction is a predicate, a mnemonic in parts, and operands, of
 * which the first is the result for all but stores, barriers and branches.
 */

#include "tests/cuda/ptx/ptx_parse.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void ptx_complain(Parser *parser, const char *what, const char *text) {
    char message[400];
    snprintf(message, sizeof message, "PTX line %u: %s: %.200s", parser->line, what, text);
    parser->host->report(parser->host->user, message);
    parser->failed = true;
}

void *ptx_must(void *memory) {
    if (!memory)
        abort();
    return memory;
}

/* --- names --- */

static Name *find_slot(Parser *parser, const char *text) {
    uint32_t hash = 2166136261u;
    for (const char *c = text; *c; c++)
        hash = (hash ^ (unsigned char)*c) * 16777619u;
    for (uint32_t i = 0; i < NAMES_MAX; i++) {
        Name *name = &parser->names[(hash + i) % NAMES_MAX];
        if (!name->text[0] || strcmp(name->text, text) == 0)
            return name;
    }
    ptx_complain(parser, "too many names", text);
    return &parser->names[0];
}

static uint32_t find_register(Parser *parser, const char *text) {
    Name *name = find_slot(parser, text);
    if (!name->text[0]) {
        snprintf(name->text, sizeof name->text, "%s", text);
        name->value = parser->kernel->register_count++;
    }
    return (uint32_t)name->value;
}

void ptx_add_symbol(Parser *parser, const char *text, uint64_t value) {
    Name *name = find_slot(parser, text);
    snprintf(name->text, sizeof name->text, "%s", text);
    name->is_symbol = true;
    name->value = value;
}

void ptx_add_specials(Parser *parser) {
    static const char *const specials[PTX_SPECIALS] = {
        "%tid.x",   "%tid.y",   "%tid.z",    "%ntid.x",   "%ntid.y",   "%ntid.z", "%ctaid.x",
        "%ctaid.y", "%ctaid.z", "%nctaid.x", "%nctaid.y", "%nctaid.z", "%laneid",
    };
    for (size_t i = 0; i < PTX_SPECIALS; i++)
        find_register(parser, specials[i]);
    for (size_t i = 0; i < parser->global_count; i++)
        ptx_add_symbol(parser, parser->globals[i].text, parser->globals[i].value);
}

/* --- operands --- */

char *ptx_trim(char *text) {
    while (isspace((unsigned char)*text))
        text++;
    char *end = text + strlen(text);
    while (end > text && isspace((unsigned char)end[-1]))
        *--end = '\0';
    return text;
}

static PtxSource read_source(Parser *parser, char *text) {
    text = ptx_trim(text);
    if (strncmp(text, "0f", 2) == 0 || strncmp(text, "0F", 2) == 0 || strncmp(text, "0d", 2) == 0 ||
        strncmp(text, "0D", 2) == 0)
        return (PtxSource){ .value = strtoull(text + 2, NULL, 16) };
    if (isdigit((unsigned char)*text))
        return (PtxSource){ .value = strtoull(text, NULL, 0) };
    if (*text == '-')
        return (PtxSource){ .value = (uint64_t)strtoll(text, NULL, 0) };
    if (*text == '%')
        return (PtxSource){ .is_register = true, .value = find_register(parser, text) };
    const Name *name = find_slot(parser, text);
    if (name->text[0])
        return (PtxSource){ .is_register = !name->is_symbol, .value = name->value };
    ptx_complain(parser, "operand", text);
    return (PtxSource){ 0 };
}

/* [base+offset] */
static PtxSource read_address(Parser *parser, PtxInsn *insn, char *text) {
    text[strcspn(text, "]")] = '\0';
    char *sign = strpbrk(text + 1, "+-");
    if (sign) {
        insn->offset = strtoll(*sign == '+' ? sign + 1 : sign, NULL, 0);
        *sign = '\0';
    }
    return read_source(parser, text);
}

static void add_source(Parser *parser, PtxInsn *insn, PtxSource source) {
    if (insn->src_count == PTX_SOURCES)
        ptx_complain(parser, "too many operands", insn->name);
    else
        insn->src[insn->src_count++] = source;
}

static void add_result(Parser *parser, PtxInsn *insn, char *text) {
    text = ptx_trim(text);
    char *bar = strchr(text, '|');
    if (bar) {
        *bar = '\0';
        insn->second = find_register(parser, ptx_trim(bar + 1));
    }
    if (insn->dst_count == PTX_VECTOR)
        ptx_complain(parser, "too many results", insn->name);
    else
        insn->dst[insn->dst_count++] = find_register(parser, text);
}

/* The operand's end: a comma outside brackets. */
static char *operand_end(char *text) {
    int depth = 0;
    for (; *text; text++) {
        depth += *text == '{' || *text == '[';
        depth -= *text == '}' || *text == ']';
        if (*text == ',' && depth == 0)
            break;
    }
    return text;
}

static void read_operand(Parser *parser, PtxInsn *insn, char *text, bool is_result) {
    text = ptx_trim(text);
    if (*text == '[') {
        add_source(parser, insn, read_address(parser, insn, text + 1));
        return;
    }
    bool vector = *text == '{';
    if (vector)
        text[strcspn(text, "}")] = '\0';
    char *save, *item = vector ? strtok_r(text + 1, ",", &save) : text;
    while (item) {
        if (is_result)
            add_result(parser, insn, item);
        else
            add_source(parser, insn, read_source(parser, item));
        item = vector ? strtok_r(NULL, ",", &save) : NULL;
    }
}

static void read_operands(Parser *parser, PtxInsn *insn, char *text) {
    bool has_result = strcmp(insn->op, "st") != 0 && strcmp(insn->op, "bar") != 0 &&
                      strcmp(insn->op, "barrier") != 0;
    bool first = true;
    while (*text && !parser->failed) {
        char *end = operand_end(text);
        bool more = *end == ',';
        *end = '\0';
        if (*ptx_trim(text))
            read_operand(parser, insn, text, first && has_result);
        first = false;
        text = more ? end + 1 : end;
    }
}

/* --- instructions --- */

static void read_mnemonic(PtxInsn *insn, char *word) {
    static const struct {
        const char *name;
        PtxSpace space;
    } spaces[] = { { "global", PTX_GLOBAL },
                   { "shared", PTX_SHARED },
                   { "local", PTX_LOCAL },
                   { "param", PTX_PARAM } };
    snprintf(insn->name, sizeof insn->name, "%s", word);
    char *save, *part = strtok_r(word, ".", &save);
    snprintf(insn->op, sizeof insn->op, "%s", part ? part : "");
    while ((part = strtok_r(NULL, ".", &save))) {
        const PtxType *type = ptx_type_find(part);
        if (type && insn->type)
            insn->from = type;
        else if (type)
            insn->type = type;
        else if (!insn->first_modifier[0])
            snprintf(insn->first_modifier, sizeof insn->first_modifier, "%s", part);
        insn->flags |= ptx_flag_find(part);
        for (size_t i = 0; i < sizeof spaces / sizeof *spaces; i++)
            if (strcmp(spaces[i].name, part) == 0)
                insn->space = spaces[i].space;
    }
}

static PtxInsn *add_insn(Parser *parser) {
    PtxKernel *kernel = parser->kernel;
    if (kernel->insn_count == parser->insn_capacity) {
        parser->insn_capacity = 2 * parser->insn_capacity + 64;
        kernel->insns =
            ptx_must(realloc(kernel->insns, parser->insn_capacity * sizeof *kernel->insns));
        parser->targets =
            ptx_must(realloc(parser->targets, parser->insn_capacity * sizeof *parser->targets));
    }
    PtxInsn *insn = &kernel->insns[kernel->insn_count];
    memset(insn, 0, sizeof *insn);
    insn->predicate = -1;
    insn->second = UINT32_MAX;
    insn->line = parser->line;
    parser->targets[kernel->insn_count++][0] = '\0';
    return insn;
}

void ptx_read_insn(Parser *parser, char *text) {
    PtxInsn *insn = add_insn(parser);
    text = ptx_trim(text);
    if (*text == '@') {
        text++;
        insn->negated = *text == '!';
        text += insn->negated;
        size_t length = strcspn(text, " \t\n");
        char after = text[length];
        text[length] = '\0';
        insn->predicate = (int32_t)find_register(parser, text);
        text[length] = after;
        text = ptx_trim(text + length);
    }
    size_t length = strcspn(text, " \t\n");
    char word[sizeof insn->name];
    snprintf(word, sizeof word, "%.*s", (int)length, text);
    read_mnemonic(insn, word);
    if (strcmp(insn->op, "bra") == 0)
        snprintf(parser->targets[parser->kernel->insn_count - 1], 40, "%s",
                 ptx_trim(text + length));
    else
        read_operands(parser, insn, text + length);
    if (!ptx_decode(insn))
        ptx_complain(parser, "unknown instruction", insn->name);
}
