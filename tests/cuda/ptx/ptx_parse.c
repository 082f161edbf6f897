/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * nvcc's PTX text to decoded kernels. The text is a sequence of statements ended by ';', of
 * directives ended by a line (.loc, .file), of labels and of braces; inline assembly opens braces
 * of its own. Names are looked up in a table a kernel: registers by first use, symbols by
 * declaration.
 *
 * Anything that is not understood is reported with its line and fails the load.
 */

#include "tests/cuda/ptx/ptx_parse.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- declarations --- */

/* ".shared .align 4 .b8 name[512]": size and alignment in bytes, and the name. */
static bool read_variable(const char *text, char *name, size_t *ret_bytes, size_t *ret_align) {
    size_t item = 0, count = 1;
    *ret_align = 1;
    char word[PTX_NAME];
    int used;
    while (sscanf(text, " %191[^][ \t\n={]%n", word, &used) == 1) {
        text += used;
        const PtxType *type = word[0] == '.' ? ptx_type_find(word + 1) : NULL;
        if (type)
            item = type->bytes;
        else if (strcmp(word, ".align") == 0)
            *ret_align = (size_t)strtoul(text, (char **)&text, 10);
        else if (word[0] != '.')
            snprintf(name, PTX_NAME, "%s", word);
    }
    while (isspace((unsigned char)*text))
        text++;
    if (*text == '[')
        count = (size_t)strtoul(text + 1, NULL, 10);
    *ret_bytes = item * count;
    if (*ret_align < item)
        *ret_align = item;
    return item > 0;
}

static size_t place(size_t *total, size_t bytes, size_t align) {
    size_t at = (*total + align - 1) / align * align;
    *total = at + bytes;
    return at;
}

static void declare(Parser *parser, const char *text, size_t *total, uint64_t tag) {
    char name[PTX_NAME] = "";
    size_t bytes, align;
    if (!read_variable(text, name, &bytes, &align)) {
        ptx_complain(parser, "declaration", text);
        return;
    }
    ptx_add_symbol(parser, name, tag | place(total, bytes, align));
}

static void declare_param(Parser *parser, const char *text) {
    char name[PTX_NAME] = "";
    size_t bytes, align;
    PtxKernel *kernel = parser->kernel;
    if (!read_variable(text, name, &bytes, &align) || kernel->param_count == PTX_PARAMS) {
        ptx_complain(parser, "parameter", text);
        return;
    }
    size_t at = place(&kernel->param_bytes, bytes, align);
    kernel->param_offsets[kernel->param_count] = at;
    kernel->param_sizes[kernel->param_count++] = bytes;
    ptx_add_symbol(parser, name, PTX_PARAM_TAG | at);
}

/* A table of bytes with its content. */
static void declare_global(Parser *parser, const char *text) {
    char name[PTX_NAME] = "";
    size_t bytes, align;
    const char *content = strchr(text, '{');
    if (!read_variable(text, name, &bytes, &align) || !content || !strstr(text, ".b8") ||
        parser->module->constant_count == 64 || parser->global_count == 64) {
        ptx_complain(parser, "module variable", text);
        return;
    }
    unsigned char *data = ptx_must(aligned_alloc(64, (bytes + 63) / 64 * 64));
    content++;
    for (size_t i = 0; i < bytes; i++) {
        data[i] = (unsigned char)strtoul(content, (char **)&content, 10);
        while (*content == ',' || isspace((unsigned char)*content))
            content++;
    }
    parser->module->constants[parser->module->constant_count++] = data;
    Name *global = &parser->globals[parser->global_count++];
    snprintf(global->text, sizeof global->text, "%s", name);
    global->value = (uint64_t)(uintptr_t)data;
}

/* --- kernels --- */

static void open_kernel(Parser *parser, const char *text) {
    if (parser->module->kernel_count == KERNELS_MAX) {
        ptx_complain(parser, "too many kernels", text);
        return;
    }
    PtxKernel *kernel = ptx_must(calloc(1, sizeof *kernel));
    kernel->module = parser->module;
    parser->module->kernels[parser->module->kernel_count++] = kernel;
    parser->kernel = kernel;
    parser->label_count = parser->insn_capacity = 0;
    memset(parser->names, 0, NAMES_MAX * sizeof *parser->names);
    ptx_add_specials(parser);
    const char *name = strstr(text, ".entry") + 6;
    sscanf(name, " %191[^( \t\n]", kernel->name);
    char params[STATEMENT_MAX * 2];
    const char *open = strchr(text, '(');
    snprintf(params, sizeof params, "%s", open ? open + 1 : "");
    params[strcspn(params, ")")] = '\0';
    char *save;
    for (char *param = strtok_r(params, ",", &save); param; param = strtok_r(NULL, ",", &save))
        if (strstr(param, ".param"))
            declare_param(parser, strstr(param, ".param"));
}

static void close_kernel(Parser *parser) {
    PtxKernel *kernel = parser->kernel;
    for (size_t i = 0; i < kernel->insn_count; i++) {
        const char *target = parser->targets[i];
        bool found = !target[0];
        for (size_t k = 0; k < parser->label_count && !found; k++)
            if (strcmp(parser->labels[k].text, target) == 0) {
                kernel->insns[i].target = (uint32_t)parser->labels[k].at;
                found = true;
            }
        if (!found)
            ptx_complain(parser, "label", target);
    }
    parser->kernel = NULL;
}

static void add_label(Parser *parser, const char *text, size_t length) {
    if (parser->label_count == LABELS_MAX) {
        ptx_complain(parser, "too many labels", text);
        return;
    }
    Label *label = &parser->labels[parser->label_count++];
    snprintf(label->text, sizeof label->text, "%.*s", (int)length, text);
    label->at = parser->kernel->insn_count;
}

static void read_statement(Parser *parser, char *text) {
    text = ptx_trim(text);
    if (*text != '.') {
        ptx_read_insn(parser, text);
    } else if (strncmp(text, ".shared", 7) == 0) {
        declare(parser, text, &parser->kernel->shared_bytes, PTX_SHARED_TAG);
    } else if (strncmp(text, ".local", 6) == 0) {
        declare(parser, text, &parser->kernel->local_bytes, PTX_LOCAL_TAG);
    } else if (strncmp(text, ".reg", 4) != 0 && strncmp(text, ".pragma", 7) != 0) {
        ptx_complain(parser, "directive", text);
    }
}

/* --- text --- */

static void skip_to(Parser *parser, char end) {
    while (*parser->at && *parser->at != end)
        parser->line += *parser->at++ == '\n';
}

static void skip_space(Parser *parser) {
    for (;;) {
        while (isspace((unsigned char)*parser->at))
            parser->line += *parser->at++ == '\n';
        if (strncmp(parser->at, "//", 2) != 0)
            return;
        skip_to(parser, '\n');
    }
}

static bool starts(const Parser *parser, const char *text) {
    return strncmp(parser->at, text, strlen(text)) == 0;
}

/* Up to the terminator, which is passed over. */
static void take(Parser *parser, char terminator, char *buffer, size_t bytes) {
    const char *begin = parser->at;
    skip_to(parser, terminator);
    size_t length = (size_t)(parser->at - begin);
    if (length >= bytes) {
        ptx_complain(parser, "statement too long", "");
        length = bytes - 1;
    }
    memcpy(buffer, begin, length);
    buffer[length] = '\0';
    parser->at += *parser->at != '\0';
}

static void read_outside(Parser *parser) {
    static const char *const lines[] = { ".version", ".target", ".address_size", ".file" };
    char buffer[2 * STATEMENT_MAX];
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        if (starts(parser, lines[i])) {
            skip_to(parser, '\n');
            return;
        }
    if (starts(parser, ".section")) {
        skip_to(parser, '}');
        parser->at += *parser->at != '\0';
    } else if (starts(parser, ".visible") || starts(parser, ".entry") || starts(parser, ".weak")) {
        take(parser, '{', buffer, sizeof buffer);
        open_kernel(parser, buffer);
    } else {
        take(parser, ';', buffer, sizeof buffer);
        declare_global(parser, buffer);
    }
}

/* Gives false at the kernel's end. */
static bool read_inside(Parser *parser, int *depth) {
    char buffer[STATEMENT_MAX];
    if (*parser->at == '{' || *parser->at == '}') {
        *depth += *parser->at++ == '{' ? 1 : -1;
        return *depth > 0;
    }
    if (starts(parser, ".loc\t") || starts(parser, ".loc ")) {
        skip_to(parser, '\n');
        return true;
    }
    size_t length = strcspn(parser->at, ":; \t\n");
    if (*parser->at == '$' && parser->at[length] == ':') {
        add_label(parser, parser->at, length);
        parser->at += length + 1;
        return true;
    }
    take(parser, ';', buffer, sizeof buffer);
    read_statement(parser, buffer);
    return true;
}

static void read_module(Parser *parser) {
    int depth = 0;
    for (skip_space(parser); *parser->at && !parser->failed; skip_space(parser)) {
        if (!parser->kernel) {
            depth = 1;
            read_outside(parser);
        } else if (!read_inside(parser, &depth)) {
            close_kernel(parser);
        }
    }
}

static char *read_file(const char *path) {
    FILE *file = fopen(path, "r");
    if (!file)
        return NULL;
    fseek(file, 0, SEEK_END);
    long bytes = ftell(file);
    rewind(file);
    char *text = ptx_must(calloc(1, (size_t)bytes + 1));
    size_t got = fread(text, 1, (size_t)bytes, file);
    text[got] = '\0';
    fclose(file);
    return text;
}

PtxModule *ptx_load(const char *path, const PtxHost *host) {
    char *text = read_file(path);
    Parser *parser = ptx_must(calloc(1, sizeof *parser));
    parser->host = host;
    parser->line = 1;
    parser->module = ptx_must(calloc(1, sizeof *parser->module));
    parser->names = ptx_must(calloc(NAMES_MAX, sizeof *parser->names));
    if (text) {
        parser->at = text;
        read_module(parser);
    } else {
        ptx_complain(parser, "cannot be read", path);
    }
    PtxModule *module = parser->module;
    if (parser->failed) {
        ptx_free(module);
        module = NULL;
    }
    free(parser->targets);
    free(parser->names);
    free(parser);
    free(text);
    return module;
}

void ptx_free(PtxModule *module) {
    if (!module)
        return;
    for (size_t i = 0; i < module->kernel_count; i++) {
        free(module->kernels[i]->insns);
        free(module->kernels[i]);
    }
    for (size_t i = 0; i < module->constant_count; i++)
        free(module->constants[i]);
    free(module);
}

size_t ptx_kernel_count(const PtxModule *module) {
    return module->kernel_count;
}
const PtxKernel *ptx_kernel(const PtxModule *module, size_t index) {
    return module->kernels[index];
}
const PtxKernel *ptx_find(const PtxModule *module, const char *name) {
    for (size_t i = 0; i < module->kernel_count; i++)
        if (strcmp(module->kernels[i]->name, name) == 0)
            return module->kernels[i];
    return NULL;
}
const char *ptx_name(const PtxKernel *kernel) {
    return kernel->name;
}
size_t ptx_param_count(const PtxKernel *kernel) {
    return kernel->param_count;
}
size_t ptx_param_bytes(const PtxKernel *kernel, size_t index) {
    return kernel->param_sizes[index];
}
