/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* Tensors as readable text. Control characters in a string tensor are spelled out. */

#include "clients/inferctl/print.h"
#include "runtime/base/size.h"

#include <string.h>

enum { LINES_MAX = 10, VALUES_MAX = 10, TEXT_DIGITS = 6, STRING_MAX = 60 };

static void print_string(FILE *out, const char *text, size_t length) {
    fputc('"', out);
    for (size_t i = 0; i < MIN_OF(length, (size_t)STRING_MAX); i++) {
        unsigned char byte = (unsigned char)text[i];
        if (byte < 0x20 || byte == 0x7F)
            fprintf(out, "\\x%02x", byte);
        else
            fputc(byte, out);
    }
    fprintf(out, "\"%s", length > STRING_MAX ? "..." : "");
}

static void print_value(FILE *out, const ClientTensor *tensor, size_t index,
                        size_t *string_offset) {
    char text[NUMBER_TEXT_BYTES];
    if (tensor->type->bytes == 0) {
        size_t length;
        const char *string = client_tensor_string(tensor, string_offset, &length);
        print_string(out, string, length);
        return;
    }
    const char *element = (const char *)tensor->data + index * tensor->type->bytes;
    fputs(number_format(number_read(tensor->type, element), TEXT_DIGITS, text), out);
    if (strncmp(tensor->type->name, "complex", 7) == 0) {
        const ClientType *half =
            client_type_by_name(tensor->type->bytes == 8 ? "float32" : "float64");
        Number imaginary = number_read(half, element + tensor->type->bytes / 2);
        fprintf(out, "%+gi", imaginary.r);
    }
}

static void skip_value(const ClientTensor *tensor, size_t *string_offset) {
    size_t length;
    if (tensor->type->bytes == 0)
        client_tensor_string(tensor, string_offset, &length);
}

/* "[2,0] " before a line of a tensor with more dims than one. */
static void print_place(FILE *out, const ClientTensor *tensor, size_t line) {
    size_t places[CLIENT_RANK_MAX];
    if (tensor->rank < 2)
        return;
    for (size_t d = tensor->rank - 1; d-- > 0; line /= (size_t)tensor->dims[d])
        places[d] = line % (size_t)tensor->dims[d];
    for (size_t d = 0; d + 1 < tensor->rank; d++)
        fprintf(out, "%s%zu", d ? "," : "[", places[d]);
    fputs("] ", out);
}

void print_tensor(const Context *context, FILE *out, const ClientTensor *tensor) {
    size_t elements = 0, string_offset = 0;
    bool known = client_tensor_elements(tensor, &elements);
    fprintf(out, "%s%s%s  %s %s\n", context_style(context, STYLE_BOLD), tensor->name,
            context_style(context, STYLE_NONE), tensor->type->name,
            CLIENT_DIMS_TEXT(tensor->dims, tensor->rank));
    if (!known || elements == 0)
        return;
    size_t length = tensor->rank ? (size_t)tensor->dims[tensor->rank - 1] : 1,
           lines = elements / length;
    for (size_t line = 0; line < MIN_OF(lines, (size_t)LINES_MAX); line++) {
        fputs("  ", out);
        print_place(out, tensor, line);
        for (size_t i = 0; i < length; i++) {
            bool cut = length > VALUES_MAX && i >= VALUES_MAX - 2 && i + 2 < length;
            if (cut) {
                skip_value(tensor, &string_offset);
                if (i == VALUES_MAX - 2)
                    fputs(" ...", out);
                continue;
            }
            fputs(i ? " " : "", out);
            print_value(out, tensor, line * length + i, &string_offset);
        }
        fputc('\n', out);
    }
    if (lines > LINES_MAX)
        fprintf(out, "  ... %zu more lines (--json prints all)\n", lines - LINES_MAX);
}
