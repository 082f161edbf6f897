/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * numpy's .npy files. The header is a Python dictionary in text; only its three keys are read, by a
 * small scanner, and anything else is refused. Data in the other byte order is swapped, data in
 * Fortran order is put row-major. Pure but for the arena. Source: numpy.lib.format, versions 1.0
 * to 3.0.
 */

#include "clients/inferctl/source.h"

#include "runtime/base/size.h"

#include <stdio.h>
#include <string.h>

enum { MAGIC_BYTES = 6, DESCR_BYTES = 32 };

typedef struct Scanner {
    const char *at, *end;
} Scanner;

typedef struct Header {
    char descr[DESCR_BYTES]; /* "<f4" */
    bool fortran_order;
    size_t rank;
    int64_t dims[CLIENT_RANK_MAX];
    const unsigned char *data;
    size_t data_bytes;
} Header;

static Status malformed(const char *what) {
    return status_error(STATUS_INVALID_ARGUMENT, "not a .npy file that can be read: %s", what);
}

static void skip_space(Scanner *scanner) {
    while (scanner->at < scanner->end &&
           (*scanner->at == ' ' || *scanner->at == '\n' || *scanner->at == '\t'))
        scanner->at++;
}

static bool take(Scanner *scanner, const char *text) {
    skip_space(scanner);
    size_t length = strlen(text);
    if ((size_t)(scanner->end - scanner->at) < length || memcmp(scanner->at, text, length) != 0)
        return false;
    scanner->at += length;
    return true;
}

/* A quoted string without escapes. */
static bool take_string(Scanner *scanner, char *text, size_t capacity) {
    skip_space(scanner);
    if (scanner->at == scanner->end || (*scanner->at != '\'' && *scanner->at != '"'))
        return false;
    char quote = *scanner->at++;
    size_t used = 0;
    while (scanner->at < scanner->end && *scanner->at != quote) {
        if (used + 1 == capacity || *scanner->at == '\\')
            return false;
        text[used++] = *scanner->at++;
    }
    text[used] = '\0';
    return scanner->at++ < scanner->end;
}

static bool take_number(Scanner *scanner, int64_t *ret_number) {
    skip_space(scanner);
    int64_t number = 0;
    const char *start = scanner->at;
    while (scanner->at < scanner->end && *scanner->at >= '0' && *scanner->at <= '9')
        if (__builtin_mul_overflow(number, 10, &number) ||
            __builtin_add_overflow(number, *scanner->at++ - '0', &number))
            return false;
    *ret_number = number;
    return scanner->at > start;
}

static bool take_shape(Scanner *scanner, Header *header) {
    if (!take(scanner, "("))
        return false;
    for (header->rank = 0; !take(scanner, ")"); header->rank++) {
        if (header->rank == CLIENT_RANK_MAX || !take_number(scanner, &header->dims[header->rank]))
            return false;
        if (!take(scanner, ",") &&
            (skip_space(scanner), scanner->at == scanner->end || *scanner->at != ')'))
            return false;
    }
    return true;
}

static Status read_dictionary(Scanner scanner, Header *header) {
    bool has_descr = false, has_order = false, has_shape = false;
    if (!take(&scanner, "{"))
        return malformed("its header is no dictionary");
    while (!take(&scanner, "}")) {
        char key[DESCR_BYTES];
        if (!take_string(&scanner, key, sizeof key) || !take(&scanner, ":"))
            return malformed("its header is damaged");
        bool good = false;
        if (strcmp(key, "descr") == 0) {
            good = has_descr = take_string(&scanner, header->descr, sizeof header->descr);
            if (!good)
                return status_error(STATUS_UNIMPLEMENTED,
                                    "a .npy file of records or objects cannot be sent");
        } else if (strcmp(key, "fortran_order") == 0) {
            header->fortran_order = take(&scanner, "True");
            good = has_order = header->fortran_order || take(&scanner, "False");
        } else if (strcmp(key, "shape") == 0) {
            good = has_shape = take_shape(&scanner, header);
        }
        if (!good)
            return malformed("its header is damaged");
        take(&scanner, ",");
    }
    return has_descr && has_order && has_shape
               ? status_ok()
               : malformed("its header lacks descr, fortran_order or shape");
}

static Status read_header(const unsigned char *bytes, size_t length, Header *header) {
    if (length < MAGIC_BYTES + 4 || memcmp(bytes, "\x93NUMPY", MAGIC_BYTES) != 0)
        return malformed("it does not begin as one");
    unsigned major = bytes[MAGIC_BYTES];
    size_t width = major == 1 ? 2 : 4, start = MAGIC_BYTES + 2 + width, header_bytes = 0;
    if (major < 1 || major > 3)
        return malformed("its version is unknown");
    if (length < start)
        return malformed("it ends within its header");
    for (size_t i = 0; i < width; i++)
        header_bytes |= (size_t)bytes[MAGIC_BYTES + 2 + i] << (8 * i);
    if (header_bytes > length - start)
        return malformed("it ends within its header");
    header->data = bytes + start + header_bytes;
    header->data_bytes = length - start - header_bytes;
    const char *text = (const char *)bytes + start;
    return read_dictionary((Scanner){ .at = text, .end = text + header_bytes }, header);
}

static const ClientType *find_type(const char *code) {
    static const struct {
        const char *code, *name;
    } CODES[] = {
        { "b1", "bool" },      { "i1", "int8" },        { "i2", "int16" },   { "i4", "int32" },
        { "i8", "int64" },     { "u1", "uint8" },       { "u2", "uint16" },  { "u4", "uint32" },
        { "u8", "uint64" },    { "f2", "float16" },     { "f4", "float32" }, { "f8", "float64" },
        { "c8", "complex64" }, { "c16", "complex128" },
    };
    for (size_t i = 0; i < ARRAY_LENGTH(CODES); i++)
        if (strcmp(CODES[i].code, code) == 0)
            return client_type_by_name(CODES[i].name);
    return NULL;
}

/* Element number i of the row-major order lies where in the file. */
static size_t source_index(const Header *header, size_t i) {
    if (!header->fortran_order)
        return i;
    size_t index = 0, stride = 1, places[CLIENT_RANK_MAX];
    for (size_t d = header->rank; d-- > 0; i /= (size_t)header->dims[d])
        places[d] = i % (size_t)header->dims[d];
    for (size_t d = 0; d < header->rank; stride *= (size_t)header->dims[d++])
        index += places[d] * stride;
    return index;
}

static void copy_element(unsigned char *dst, const unsigned char *src, size_t bytes,
                         size_t swapped_bytes) {
    if (swapped_bytes <= 1) {
        memcpy(dst, src, bytes);
        return;
    }
    for (size_t i = 0; i < bytes; i++)
        dst[i] = src[i / swapped_bytes * swapped_bytes + (swapped_bytes - 1 - i % swapped_bytes)];
}

static Status read_numbers(const Header *header, size_t elements, Arena *arena,
                           ClientTensor *tensor) {
    size_t width = tensor->type->bytes;
    bool complex_numbers = header->descr[1] == 'c';
    size_t swapped = header->descr[0] == '>' ? complex_numbers ? width / 2 : width : 0;
    unsigned char *data = arena_alloc(arena, elements * width);
    if (!data)
        return arena_exhausted(arena);
    if (!header->fortran_order && swapped <= 1 && elements > 0)
        memcpy(data, header->data, elements * width);
    else
        for (size_t i = 0; i < elements; i++)
            copy_element(data + i * width, header->data + source_index(header, i) * width, width,
                         swapped);
    tensor->data = data;
    tensor->bytes = elements * width;
    return status_ok();
}

/* Writes one code point as UTF-8; 0 when it is none. */
static size_t put_utf8(uint32_t code, unsigned char *dst) {
    if (code > 0x10FFFF || (code >= 0xD800 && code < 0xE000))
        return 0;
    size_t length = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    static const unsigned char FIRST[] = { 0, 0, 0xC0, 0xE0, 0xF0 };
    for (size_t i = length; i-- > 1; code >>= 6)
        dst[i] = (unsigned char)(0x80 | (code & 0x3F));
    dst[0] = (unsigned char)(FIRST[length] | code);
    return length;
}

/* Fixed-width strings, padded by zeros: bytes (S) or 32-bit code points (U). */
static Status read_strings(const Header *header, size_t elements, size_t width, Arena *arena,
                           ClientTensor *tensor) {
    bool wide = header->descr[1] == 'U', big = header->descr[0] == '>';
    size_t item_bytes = wide ? width * 4 : width, most;
    if (!size_mul(elements, item_bytes + sizeof(uint32_t), &most) || most > SOURCE_MAX_BYTES)
        return malformed("it is too large");
    unsigned char *data = arena_alloc(arena, most), *out = data;
    if (!data)
        return arena_exhausted(arena);
    for (size_t i = 0; i < elements; i++) {
        const unsigned char *src = header->data + source_index(header, i) * item_bytes;
        size_t length = width, unit = wide ? 4 : 1, written = 0;
        static const unsigned char ZERO[4] = { 0 };
        while (length > 0 && memcmp(src + (length - 1) * unit, ZERO, unit) == 0)
            length--;
        for (size_t j = 0; j < length; j++) {
            unsigned char code[4] = { src[j * unit] };
            copy_element(code, src + j * unit, unit, wide && big ? 4 : 0);
            uint32_t point = (uint32_t)code[0] | (uint32_t)code[1] << 8 | (uint32_t)code[2] << 16 |
                             (uint32_t)code[3] << 24;
            if (!wide)
                out[4 + written] = src[j];
            size_t put = wide ? put_utf8(point, out + 4 + written) : 1;
            if (put == 0)
                return malformed("a string of it is not Unicode");
            written += put;
        }
        uint32_t count = (uint32_t)written;
        memcpy(out, &count, sizeof count);
        out += sizeof count + written;
    }
    tensor->data = data;
    tensor->bytes = (size_t)(out - data);
    return status_ok();
}

static Status check_size(const Header *header, size_t elements, size_t width) {
    size_t bytes;
    if (!size_mul(elements, width, &bytes) || bytes > SOURCE_MAX_BYTES)
        return malformed("it is too large");
    if (bytes != header->data_bytes)
        return status_error(
            STATUS_INVALID_ARGUMENT, "its header says %s of '%s', %zu bytes, but it holds %zu",
            CLIENT_DIMS_TEXT(header->dims, header->rank), header->descr, bytes, header->data_bytes);
    return status_ok();
}

Status npy_read(const void *bytes, size_t length, Arena *arena, ClientTensor *ret_tensor) {
    Header header = { 0 };
    TRY(read_header(bytes, length, &header));
    ClientTensor tensor = { .rank = header.rank };
    memcpy(tensor.dims, header.dims, sizeof header.dims);
    size_t elements;
    if (!client_tensor_elements(&tensor, &elements))
        return malformed("its shape is impossible");
    if (!header.descr[0] || !strchr("<>|=", header.descr[0]))
        return status_error(STATUS_UNIMPLEMENTED, "arrays of '%s' cannot be sent", header.descr);

    size_t width = 0;
    int used = 0;
    char kind = header.descr[1];
    if ((kind == 'S' || kind == 'U') && sscanf(header.descr + 2, "%7zu%n", &width, &used) == 1 &&
        !header.descr[2 + used]) {
        tensor.type = client_type_by_name("string");
        TRY(check_size(&header, elements, kind == 'U' ? width * 4 : width));
        TRY(read_strings(&header, elements, width, arena, &tensor));
    } else {
        tensor.type = find_type(header.descr + 1);
        if (!tensor.type)
            return status_error(STATUS_UNIMPLEMENTED, "arrays of '%s' cannot be sent",
                                header.descr);
        TRY(check_size(&header, elements, tensor.type->bytes));
        TRY(read_numbers(&header, elements, arena, &tensor));
    }
    *ret_tensor = tensor;
    return status_ok();
}
