/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * "[NAME=]VALUE": NAME if the model has an input of that name, VALUE is JSON when it begins as an
 * array or string, else a file if there is one, else JSON again (a bare number). A file's kind is
 * told by its first bytes, not by its name. Thread: main.
 */

#include "clients/inferctl/inputs.h"

#include "runtime/base/size.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

typedef Status (*ImageRead)(const void *bytes, size_t length, Arena *arena, Image *ret_image);

static const struct {
    const char *magic;
    ImageRead read;
} PICTURES[] = {
    { "\x89PNG", png_image_read },
    { "P2", pnm_read },
    { "P3", pnm_read },
    { "P5", pnm_read },
    { "P6", pnm_read },
};

static void close_file(FILE *file) {
    fclose(file);
}
DEFINE_AUTO(FILE, close_file);

Status file_read(const char *path, Arena *arena, const char **ret_bytes, size_t *ret_length) {
    AUTO(close_file) FILE *file = fopen(path, "rb");
    struct stat info;
    if (!file || fstat(fileno(file), &info) != 0)
        return status_error(STATUS_INVALID_ARGUMENT, "cannot read '%s': %s", path, strerror(errno));
    if (!S_ISREG(info.st_mode))
        return status_error(STATUS_INVALID_ARGUMENT, "cannot read '%s': it is not a plain file",
                            path);
    size_t length = (size_t)info.st_size;
    if (length > SOURCE_MAX_BYTES)
        return status_error(STATUS_INVALID_ARGUMENT, "'%s' has %zu bytes, at most %zu are read",
                            path, length, SOURCE_MAX_BYTES);
    char *bytes = arena_alloc(arena, length + 1);
    if (!bytes)
        return arena_exhausted(arena);
    if (fread(bytes, 1, length, file) != length)
        return status_error(STATUS_INVALID_ARGUMENT, "cannot read '%s' to its end", path);
    bytes[length] = '\0';
    *ret_bytes = bytes;
    *ret_length = length;
    return status_ok();
}

/* "image float32 [?,1,8,8], mask bool [?]" */
static const char *list_ports(const ClientModel *model, Arena *arena) {
    enum { LIST_BYTES = 256 };
    char *text = arena_calloc(arena, LIST_BYTES, 1);
    size_t used = 0;
    for (size_t i = 0; text && i < model->input_count && used < LIST_BYTES; i++) {
        const ClientPort *port = &model->inputs[i];
        int length =
            snprintf(text + used, LIST_BYTES - used, "%s%s (%s %s)", i ? ", " : "", port->name,
                     port->type->name, CLIENT_DIMS_TEXT(port->dims, port->rank));
        used += (size_t)length;
    }
    return text ? text : "";
}

static const ClientPort *find_port(const ClientModel *model, const char *name, size_t length) {
    for (size_t i = 0; i < model->input_count; i++)
        if (strlen(model->inputs[i].name) == length &&
            memcmp(model->inputs[i].name, name, length) == 0)
            return &model->inputs[i];
    return NULL;
}

static bool looks_like_json(const char *value) {
    return *value == '[' || *value == '"';
}

static bool is_file(const char *path) {
    struct stat info;
    return stat(path, &info) == 0;
}

/* Which input the option is for, and its value. */
static Status split(Context *context, const ClientModel *model, const char *given,
                    const ClientPort **ret_port, const char **ret_value) {
    size_t length = strcspn(given, "=");
    const ClientPort *port =
        given[length] && !looks_like_json(given) ? find_port(model, given, length) : NULL;
    *ret_value = port ? given + length + 1 : given;
    if (!port && given[length] && !looks_like_json(given) && !is_file(given))
        return status_error(STATUS_INVALID_ARGUMENT, "model '%s' has no input '%.*s'; it has: %s",
                            model->name, (int)length, given, list_ports(model, context->arena));
    if (!port && model->input_count != 1)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "say which input '%s' is for, as NAME=%s; model '%s' has: %s", given,
                            given, model->name, list_ports(model, context->arena));
    *ret_port = port ? port : &model->inputs[0];
    return status_ok();
}

static Status read_json(const char *text, size_t length, const ClientPort *port, Arena *arena,
                        ClientTensor *ret_tensor) {
    ClientTensor tensor = { 0 };
    Status read = json_tensor_read(text, length, port->type, arena, &tensor);
    if (!status_is_ok(&read))
        return status_prefix(&read, "input '%s'", port->name);
    return tensor_fit(&tensor, port, arena, ret_tensor);
}

static Status read_picture(ImageRead read, const char *bytes, size_t length, const ClientPort *port,
                           Arena *arena, Inputs *inputs, ClientTensor *ret_tensor) {
    Image image = { 0 };
    TRY(read(bytes, length, arena, &image));
    TRY(image_to_tensor(&image, port, arena, ret_tensor));
    if (!inputs->has_picture)
        inputs->picture = image;
    inputs->has_picture = true;
    return status_ok();
}

static Status read_content(const char *bytes, size_t length, const ClientPort *port, Arena *arena,
                           Inputs *inputs, ClientTensor *ret_tensor) {
    for (size_t i = 0; i < ARRAY_LENGTH(PICTURES); i++)
        if (strncmp(bytes, PICTURES[i].magic, strlen(PICTURES[i].magic)) == 0)
            return read_picture(PICTURES[i].read, bytes, length, port, arena, inputs, ret_tensor);
    if (length > 0 && bytes[0] == '\x93') {
        ClientTensor tensor = { 0 };
        TRY(npy_read(bytes, length, arena, &tensor));
        return tensor_fit(&tensor, port, arena, ret_tensor);
    }
    if (looks_like_json(bytes + strspn(bytes, " \t\r\n")))
        return read_json(bytes, length, port, arena, ret_tensor);
    return status_error(STATUS_INVALID_ARGUMENT,
                        "neither a .npy array, nor a PGM, PPM or PNG picture, nor JSON");
}

static Status read_value(Context *context, const ClientPort *port, const char *value,
                         Inputs *inputs, ClientTensor *ret_tensor) {
    const char *path = value[0] == '@' ? value + 1 : value, *bytes = NULL;
    size_t length = 0;
    bool json = looks_like_json(value);
    if (!json && value[0] != '@' && !is_file(path) &&
        strspn(value, "+-.0123456789eE") == strlen(value))
        json = true;
    if (json || strcmp(value, "true") == 0 || strcmp(value, "false") == 0)
        return read_json(value, strlen(value), port, context->arena, ret_tensor);
    TRY(file_read(path, context->arena, &bytes, &length));
    Status read = read_content(bytes, length, port, context->arena, inputs, ret_tensor);
    return status_prefix(&read, "'%s'", path);
}

/* All of the model's inputs are there, each once. */
static Status check_complete(Context *context, const ClientModel *model, const Inputs *inputs) {
    for (size_t i = 0; i < model->input_count; i++) {
        size_t given = 0;
        for (size_t j = 0; j < inputs->count; j++)
            given += strcmp(inputs->tensors[j].name, model->inputs[i].name) == 0;
        if (given > 1)
            return status_error(STATUS_INVALID_ARGUMENT, "input '%s' is given %zu times",
                                model->inputs[i].name, given);
        if (given == 0)
            return status_error(
                STATUS_INVALID_ARGUMENT,
                "input '%s' is missing: give it as --input %s=FILE; model '%s' has: %s",
                model->inputs[i].name, model->inputs[i].name, model->name,
                list_ports(model, context->arena));
    }
    return status_ok();
}

Status inputs_read(Context *context, const ClientModel *model, Inputs *ret_inputs) {
    const TextList *given = &context->args->inputs;
    Inputs inputs = { .tensors =
                          arena_calloc(context->arena, given->count, sizeof *inputs.tensors) };
    if (!inputs.tensors)
        return arena_exhausted(context->arena);
    for (; inputs.count < given->count; inputs.count++) {
        const ClientPort *port = NULL;
        const char *value = NULL;
        TRY(split(context, model, given->items[inputs.count], &port, &value));
        TRY(read_value(context, port, value, &inputs, &inputs.tensors[inputs.count]));
    }
    TRY(check_complete(context, model, &inputs));
    *ret_inputs = inputs;
    return status_ok();
}

static Status make_tensor(const ClientPort *port, Arena *arena, ClientTensor *tensor) {
    size_t elements = 0, width = MAX_OF(port->type->bytes, sizeof(uint32_t)), bytes;
    *tensor = (ClientTensor){ .name = port->name,
                              .type = port->type,
                              .rank = (size_t)MAX_OF(port->rank, 0) };
    for (size_t i = 0; i < tensor->rank; i++)
        tensor->dims[i] = port->dims[i] < 0 ? 1 : port->dims[i];
    if (!client_tensor_elements(tensor, &elements) || !size_mul(elements, width, &bytes) ||
        bytes > SOURCE_MAX_BYTES)
        return status_error(STATUS_INVALID_ARGUMENT, "input '%s' %s is too large to make",
                            port->name, CLIENT_DIMS_TEXT(port->dims, port->rank));
    char *data = arena_calloc(arena, elements, width); /* empty strings are zeros too */
    if (!data)
        return arena_exhausted(arena);
    for (size_t i = 0; port->type->bytes > 0 && i < elements; i++) {
        Status stored =
            number_write((Number){ .kind = NUMBER_REAL, .r = (double)(i * 37 % 101) / 100 },
                         port->type, data + i * port->type->bytes);
        if (!status_is_ok(&stored))
            break; /* whole numbers and bools stay 0 */
    }
    tensor->data = data;
    tensor->bytes = elements * (port->type->bytes ? port->type->bytes : sizeof(uint32_t));
    return status_ok();
}

Status inputs_make(Context *context, const ClientModel *model, Inputs *ret_inputs) {
    Inputs inputs = { .tensors = arena_calloc(context->arena, model->input_count,
                                              sizeof *inputs.tensors) };
    if (!inputs.tensors)
        return arena_exhausted(context->arena);
    for (; inputs.count < model->input_count; inputs.count++)
        TRY(make_tensor(&model->inputs[inputs.count], context->arena,
                        &inputs.tensors[inputs.count]));
    *ret_inputs = inputs;
    return status_ok();
}
