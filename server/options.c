/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Parsing by table: a row says where the value goes and what it may be, checked here once. The same
 * rows print the help, with the defaults of the personality in use. Thread: main, before others.
 */

#include "server/options.h"

#include "runtime/base/nearest.h"
#include "runtime/base/size.h"
#include "server/options_values.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

typedef enum OptionKind {
    OPTION_BOOL,
    OPTION_INT,
    OPTION_BYTES, /* with K, M, G, T for powers of 1024 */
    OPTION_TEXT,
    OPTION_LIST,
    OPTION_CONTROL_MODE,
    OPTION_COMPRESSION,
    OPTION_RATE_LIMIT,
    OPTION_SANDBOX,
    OPTION_RESOURCE,
    OPTION_TRACE,
    OPTION_CACHE,
    OPTION_IGNORED, /* takes a value */
    OPTION_IGNORED_BOOL,
    OPTION_REFUSED, /* whatever its value */
    OPTION_REFUSED_BOOL,
} OptionKind;

typedef enum OptionGroup {
    GROUP_MODELS,
    GROUP_NETWORK,
    GROUP_TLS,
    GROUP_ACCESS,
    GROUP_BATCHING,
    GROUP_LIMITS,
    GROUP_SERVER,
    GROUP_NOT_YET,
    GROUP_REFUSED,
    GROUP_COUNT
} OptionGroup;

typedef struct OptionRow {
    const char *names;
    OptionGroup group;
    OptionKind kind;
    size_t offset;
    int64_t least, most; /* INT, BYTES */
    const char *help;
} OptionRow;

#include "server/options_table.h"

enum { NAME_BYTES = 64, DEFAULT_TEXT_BYTES = 64 };

static Personality personality_of(const char *program) {
    static const struct {
        const char *name;
        Personality personality;
    } rows[] = { { "tensorflow_model_server", PERSONALITY_TENSORFLOW },
                 { "tritonserver", PERSONALITY_TRITON } };
    const char *slash = program ? strrchr(program, '/') : NULL;
    const char *name = slash ? slash + 1 : program;
    for (size_t i = 0; name && i < ARRAY_LENGTH(rows); i++)
        if (!strcmp(name, rows[i].name))
            return rows[i].personality;
    return PERSONALITY_INFERD;
}

/* --- names --- */

/* "model_name" -> "model-name"; false when it cannot be one of ours. */
static bool plain_name(const char *text, size_t length, char name[static NAME_BYTES]) {
    if (length >= NAME_BYTES)
        return false;
    for (size_t i = 0; i < length; i++)
        name[i] = text[i] == '_' ? '-' : text[i];
    name[length] = '\0';
    return true;
}

/* Copies the next of a row's names and steps behind it; false at the end. */
static bool next_name(const char **names, char name[static NAME_BYTES]) {
    size_t length = strcspn(*names, " ");
    if (!length)
        return false;
    snprintf(name, NAME_BYTES, "%.*s", (int)length, *names);
    *names += length + ((*names)[length] == ' ');
    return true;
}

static const OptionRow *find_row(const char *name) {
    for (size_t i = 0; i < ARRAY_LENGTH(OPTION_TABLE); i++) {
        char candidate[NAME_BYTES];
        for (const char *names = OPTION_TABLE[i].names; next_name(&names, candidate);)
            if (!strcmp(candidate, name))
                return &OPTION_TABLE[i];
    }
    return NULL;
}

enum { NAMES_MAX = 512 };

/* Every name of every flag. */
typedef struct FlagNames {
    char names[NAMES_MAX][NAME_BYTES];
    size_t count;
} FlagNames;

static const char *flag_name_at(const void *user, size_t index) {
    return ((const FlagNames *)user)->names[index];
}

static Status unknown_flag(const char *argument, const char *name) {
    static FlagNames all; /* main alone, before any other thread */
    all.count = 0;
    for (size_t i = 0; i < ARRAY_LENGTH(OPTION_TABLE); i++)
        for (const char *names = OPTION_TABLE[i].names;
             all.count < NAMES_MAX && next_name(&names, all.names[all.count]);)
            all.count++;
    const char *nearest = nearest_name(name, strlen(name), flag_name_at, &all, all.count);
    if (nearest)
        return status_error(STATUS_INVALID_ARGUMENT, "unknown flag %s; did you mean --%s?",
                            argument, nearest);
    return status_error(STATUS_INVALID_ARGUMENT, "unknown flag %s; --help lists all", argument);
}

/* --- values --- */

static bool parse_bool(const char *text, bool *ret_value) {
    bool yes = !strcmp(text, "true") || !strcmp(text, "1"),
         no = !strcmp(text, "false") || !strcmp(text, "0");
    *ret_value = yes;
    return yes || no;
}

static bool parse_number(const char *text, bool with_unit, int64_t *ret_value) {
    char *end;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (end == text || errno || isspace((unsigned char)*text))
        return false;
    static const char units[] = "KMGT";
    const char *unit = with_unit && *end ? strchr(units, toupper((unsigned char)*end)) : NULL;
    if (unit) {
        if (__builtin_mul_overflow(value, 1LL << 10 * (unit - units + 1), &value))
            return false;
        end++;
    }
    *ret_value = value;
    return !*end;
}

static Status set_number(const OptionRow *row, const char *name, const char *value, int64_t *dst) {
    int64_t number;
    if (!parse_number(value, row->kind != OPTION_INT, &number))
        return status_error(STATUS_INVALID_ARGUMENT, "--%s: expected a number%s, got '%s'", name,
                            row->kind != OPTION_INT ? " (K, M, G, T may follow)" : "", value);
    if (number < row->least || number > row->most)
        return status_error(STATUS_INVALID_ARGUMENT, "--%s: expected %lld to %lld, got %s", name,
                            (long long)row->least, (long long)row->most, value);
    *dst = number;
    return status_ok();
}

static Status append(TextList *list, const char *text) {
    const char **items = realloc(list->items, (list->count + 1) * sizeof *items);
    if (!items)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory");
    list->items = items;
    list->items[list->count++] = text;
    return status_ok();
}

static bool is_bool(const OptionRow *row) {
    return row->kind == OPTION_BOOL || row->kind == OPTION_IGNORED_BOOL ||
           row->kind == OPTION_REFUSED_BOOL;
}

static Status refuse_flag(const OptionRow *row, const char *name) {
    return status_error(STATUS_INVALID_ARGUMENT, "--%s: %s", name, row->help);
}

static Status set_bool(Options *options, const OptionRow *row, const char *name,
                       const char *value) {
    bool yes;
    if (!parse_bool(value, &yes))
        return status_error(STATUS_INVALID_ARGUMENT, "--%s: expected true or false, got '%s'", name,
                            value);
    if (row->kind == OPTION_IGNORED_BOOL)
        return append(&options->without_effect, row->names);
    if (row->kind == OPTION_REFUSED_BOOL)
        return yes ? refuse_flag(row, name) : status_ok();
    *(bool *)((char *)options + row->offset) = yes;
    return status_ok();
}

static Status set_value(Options *options, const OptionRow *row, const char *name,
                        const char *value) {
    void *dst = (char *)options + row->offset;
    switch (row->kind) {
    case OPTION_INT:
    case OPTION_BYTES:
        return set_number(row, name, value, dst);
    case OPTION_TEXT:
        *(const char **)dst = value;
        return status_ok();
    case OPTION_LIST:
        return append(dst, value);
    case OPTION_CONTROL_MODE:
        return option_set_control_mode(value, dst);
    case OPTION_BOOL:
    case OPTION_IGNORED_BOOL:
    case OPTION_REFUSED_BOOL:
        return set_bool(options, row, name, value);
    case OPTION_COMPRESSION:
        return option_set_compression(value, dst);
    case OPTION_SANDBOX:
        return option_set_sandbox(value, dst);
    case OPTION_RATE_LIMIT:
        return option_set_rate_limit(value, dst);
    case OPTION_CACHE:
        TRY(option_cache_size(value, &value));
        return set_number(row, name, value, dst);
    case OPTION_TRACE:
        return option_set_trace(value, dst);
    case OPTION_RESOURCE:
        TRY(option_check_resource(value));
        return append(dst, value);
    case OPTION_REFUSED:
        return refuse_flag(row, name);
    case OPTION_IGNORED:
        return append(&options->without_effect, row->names);
    }
    return status_ok();
}

/* --- the command line --- */

static Status set_positional(Options *options, const char *text) {
    size_t length = strlen(text);
    bool is_file = length > 5 && !strcmp(text + length - 5, ".onnx");
    if (!is_file)
        return append(&options->repositories, text);
    if (options->single_file)
        return status_error(STATUS_INVALID_ARGUMENT, "one model file at a time, got '%s' and '%s'",
                            options->single_file, text);
    options->single_file = text;
    return status_ok();
}

/* argv[*index] is a flag; steps over a value that stands apart. */
static Status parse_flag(Options *options, int argc, char *const *argv, int *index) {
    const char *argument = argv[*index];
    const char *text = argument + 1 + (argument[1] == '-');
    size_t length = strcspn(text, "=");
    const char *value = text[length] ? text + length + 1 : NULL;
    char name[NAME_BYTES];
    if (!plain_name(text, length, name))
        return status_error(STATUS_INVALID_ARGUMENT, "unknown flag %s; --help lists all", argument);
    const OptionRow *row = find_row(name);
    if (!row && !strncmp(name, "no-", 3) && (row = find_row(name + 3)) && is_bool(row) && !value)
        return set_value(options, row, name + 3, "false");
    if (!row)
        return unknown_flag(argument, name);
    const char *next = *index + 1 < argc ? argv[*index + 1] : NULL;
    bool unused;
    bool takes_next =
        !value && next && (is_bool(row) ? parse_bool(next, &unused) : strncmp(next, "--", 2) != 0);
    if (takes_next) {
        value = next;
        (*index)++;
    }
    if (!value && is_bool(row))
        value = "true";
    if (!value)
        return status_error(STATUS_INVALID_ARGUMENT, "--%s needs a value", name);
    return set_value(options, row, name, value);
}

static int sources_given(const Options *options) {
    bool single = options->model_base_path != NULL;
    return (options->repositories.count > 0) + (options->single_file != NULL) +
           (single || options->model_config_file != NULL);
}

/* What images of TensorFlow Serving are told by: MODEL_NAME below MODEL_BASE_PATH; without a name
 * that path is a repository. Flags go first. */
static Status take_environment(Options *options) {
    const char *base = getenv("MODEL_BASE_PATH"), *name = getenv("MODEL_NAME");
    if (!base || !*base || sources_given(options) > 0)
        return status_ok();
    if (!name || !*name)
        return append(&options->repositories, base);
    if (asprintf(&options->joined_path, "%s/%s", base, name) < 0) {
        options->joined_path = NULL;
        return status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory");
    }
    options->model_base_path = options->joined_path;
    if (!options->model_name)
        options->model_name = name;
    return status_ok();
}

static Status check_together(const Options *options) {
    int sources = sources_given(options);
    if (options->help || options->version)
        return status_ok();
    if (sources == 0)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "what to serve? Give FILE.onnx, a folder of models, "
                            "--model-repository=DIR, or --model-name=NAME "
                            "--model-base-path=DIR");
    if (sources > 1)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "FILE.onnx, --model-repository and --model-base-path (or "
                            "--model-config-file) exclude each other");
    if (options->batching_file && !options->enable_batching)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "--batching-parameters-file needs --enable-batching");
    return status_ok();
}

static Status parse_all(Options *options, int argc, char *const *argv) {
    bool flags_ended = false;
    for (int i = 1; i < argc; i++) {
        if (!flags_ended && !strcmp(argv[i], "--"))
            flags_ended = true;
        else if (!flags_ended && argv[i][0] == '-' && argv[i][1])
            TRY(parse_flag(options, argc, argv, &i));
        else
            TRY(set_positional(options, argv[i]));
    }
    TRY(take_environment(options));
    return check_together(options);
}

Status options_parse(int argc, char *const *argv, Options *ret_options) {
    Options options = option_defaults(personality_of(argc > 0 ? argv[0] : NULL));
    Status status = parse_all(&options, argc, argv);
    if (!status_is_ok(&status)) {
        options_deinit(&options);
        return status;
    }
    *ret_options = options;
    return status_ok();
}

void options_deinit(Options *options) {
    free(options->joined_path);
    free(options->repositories.items);
    free(options->load_models.items);
    free(options->model_keys.items);
    free(options->grpc_restrictions.items);
    free(options->http_restrictions.items);
    free(options->without_effect.items);
    free(options->rate_limit_resources.items);
    *options = (Options){ 0 };
}

/* --- help --- */

static void default_text(const Options *options, const OptionRow *row,
                         char text[static DEFAULT_TEXT_BYTES]) {
    const void *value = (const char *)options + row->offset;
    text[0] = '\0';
    if (row->kind == OPTION_BOOL && *(const bool *)value)
        snprintf(text, DEFAULT_TEXT_BYTES, "true");
    if (row->kind == OPTION_INT)
        snprintf(text, DEFAULT_TEXT_BYTES, "%lld", (long long)*(const int64_t *)value);
    if (row->kind == OPTION_TEXT && *(const char *const *)value)
        snprintf(text, DEFAULT_TEXT_BYTES, "%s", *(const char *const *)value);
    if (row->kind == OPTION_BYTES) {
        static const char units[] = " KMGT";
        int64_t bytes = *(const int64_t *)value;
        size_t unit = 0;
        for (; bytes && bytes % 1024 == 0 && unit < 4; unit++)
            bytes /= 1024;
        snprintf(text, DEFAULT_TEXT_BYTES, unit ? "%lld%c" : "%lld", (long long)bytes, units[unit]);
    }
}

static void print_row(const Options *options, const OptionRow *row, FILE *file) {
    enum { HELP_COLUMN = 34 };
    char name[NAME_BYTES], line[4 * NAME_BYTES] = "", text[DEFAULT_TEXT_BYTES];
    size_t used = 0;
    for (const char *names = row->names; used < sizeof line && next_name(&names, name);)
        used += (size_t)snprintf(line + used, sizeof line - used, "%s--%s", used ? ", " : "", name);
    default_text(options, row, text);
    fprintf(file, "  %s\n%*s%s", line, HELP_COLUMN - 26, "", row->help);
    if (*text)
        fprintf(file, " [%s]", text);
    fputc('\n', file);
}

void options_print_help(const Options *options, FILE *file) {
    static const char *const titles[GROUP_COUNT] = {
        [GROUP_MODELS] = "Models",
        [GROUP_NETWORK] = "Network",
        [GROUP_TLS] = "TLS",
        [GROUP_ACCESS] = "Access",
        [GROUP_BATCHING] = "Batching and compute",
        [GROUP_LIMITS] = "Limits",
        [GROUP_SERVER] = "Server",
        [GROUP_NOT_YET] = "Accepted, without effect so far",
        [GROUP_REFUSED] = "Known and refused",
    };
    fputs(
        "inferd serves ONNX models over gRPC, in the protocols of TensorFlow Serving and "
        "Triton.\n\n"
        "  inferd FILE.onnx                     one model\n"
        "  inferd DIRECTORY                     a repository: <model>/<version>/model.onnx\n"
        "  inferd --model-repository=DIRECTORY  the same (may be repeated)\n"
        "  inferd --model-name=NAME --model-base-path=DIRECTORY   one model with its versions\n\n"
        "MODEL_BASE_PATH and MODEL_NAME in the environment stand for the last, or without a name "
        "for "
        "a repository,\nwhere no flag says what to serve.\n\n"
        "'-' and '_' are the same in a flag; --flag=value and --flag value both work; --no-flag "
        "switches one off.\n"
        "Called as tensorflow_model_server or tritonserver (a link), it has that program's "
        "defaults.\n"
        "SIGTERM and SIGINT drain and end it, twice at once; SIGHUP looks at the repository now.\n",
        file);
    for (OptionGroup group = 0; group < GROUP_COUNT; group++) {
        fprintf(file, "\n%s\n", titles[group]);
        for (size_t i = 0; i < ARRAY_LENGTH(OPTION_TABLE); i++)
            if (OPTION_TABLE[i].group == group)
                print_row(options, &OPTION_TABLE[i], file);
    }
}
