/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The parser's state: ptx_parse.c reads the text, ptx_operand.c names and instructions. */

#include "tests/cuda/ptx/ptx_internal.h"

enum { NAMES_MAX = 8192, LABELS_MAX = 512, STATEMENT_MAX = 2048, KERNELS_MAX = 1024 };

/* What a name stands for: a register's index, or a symbol's tagged address. */
typedef struct Name {
    char text[PTX_NAME];
    bool is_symbol;
    uint64_t value;
} Name;

typedef struct Label {
    char text[40];
    size_t at;
} Label;

struct PtxModule {
    PtxKernel *kernels[KERNELS_MAX];
    size_t kernel_count;
    void *constants[64]; /* module-wide tables */
    size_t constant_count;
};

typedef struct Parser {
    const PtxHost *host;
    PtxModule *module;
    PtxKernel *kernel; /* open, or NULL */
    const char *at;
    uint32_t line;
    bool failed;
    Name *names; /* open addressing */
    Name globals[64];
    size_t global_count;
    Label labels[LABELS_MAX];
    size_t label_count, insn_capacity;
    char (*targets)[40]; /* of bra, by instruction */
} Parser;

void ptx_complain(Parser *parser, const char *what, const char *text);
void *ptx_must(void *memory);
char *ptx_trim(char *text);
void ptx_add_symbol(Parser *parser, const char *text, uint64_t value);
/* Special registers and the module's tables, in an empty table of names. */
void ptx_add_specials(Parser *parser);
/* One statement that is an instruction; text is cut up. */
void ptx_read_insn(Parser *parser, char *text);
