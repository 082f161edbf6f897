/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * One row per option: its name, how its value is read and where it goes, which commands take it,
 * its help. One function per kind of value. An option before the command is accepted if any command
 * takes it and checked once the command is known. Pure but for printing.
 */

#include "clients/inferctl/args.h"

#include "runtime/base/size.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct Option Option;
typedef Status (*OptionRead)(const Option *option, const char *value, void *ret);

struct Option {
    const char *name;
    const char *metavar; /* NULL: a flag */
    OptionRead read;
    size_t offset; /* in Args */
    int commands;  /* CommandBits */
    double least, most;
    const char *help;
};

static Status read_flag(const Option *option, const char *value, void *ret) {
    (void)option, (void)value;
    *(bool *)ret = true;
    return status_ok();
}

static Status read_text(const Option *option, const char *value, void *ret) {
    if (!*value)
        return status_error(STATUS_INVALID_ARGUMENT, "--%s wants %s, got nothing", option->name,
                            option->metavar);
    *(const char **)ret = value;
    return status_ok();
}

static Status read_list(const Option *option, const char *value, void *ret) {
    TextList *list = ret;
    if (list->count == ARGS_LIST_MAX)
        return status_error(STATUS_INVALID_ARGUMENT, "--%s may be given %d times", option->name,
                            ARGS_LIST_MAX);
    return read_text(option, value, &list->items[list->count++]);
}

static Status read_count(const Option *option, const char *value, void *ret) {
    char *end;
    errno = 0;
    long long number = strtoll(value, &end, 10);
    if (end == value || *end || errno || (double)number < option->least ||
        (double)number > option->most)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "--%s wants a whole number from %.0f to %.0f, got '%s'", option->name,
                            option->least, option->most, value);
    *(int64_t *)ret = number;
    return status_ok();
}

static Status read_real(const Option *option, const char *value, void *ret) {
    char *end;
    double number = strtod(value, &end);
    if (end == value || *end || !isfinite(number) || number < option->least ||
        number > option->most)
        return status_error(STATUS_INVALID_ARGUMENT, "--%s wants a number from %g to %g, got '%s'",
                            option->name, option->least, option->most, value);
    *(double *)ret = number;
    return status_ok();
}

static Status read_protocol(const Option *option, const char *value, void *ret) {
    static const struct {
        const char *name;
        ClientProtocol protocol;
    } PROTOCOLS[] = {
        { "inference", CLIENT_INFERENCE },
        { "tensorflow", CLIENT_TENSORFLOW },
    };
    for (size_t i = 0; i < ARRAY_LENGTH(PROTOCOLS); i++) {
        if (strcmp(PROTOCOLS[i].name, value) == 0) {
            *(ClientProtocol *)ret = PROTOCOLS[i].protocol;
            return status_ok();
        }
    }
    return status_error(STATUS_INVALID_ARGUMENT, "--%s wants inference or tensorflow, got '%s'",
                        option->name, value);
}

#define AT(field) offsetof(Args, field)

static const Option OPTIONS[] = {
    { "input", "[NAME=]VALUE", read_list, AT(inputs), COMMAND_PREDICT | COMMAND_BENCH, 0, 0,
      "one input: a .npy file, a PGM, PPM or PNG picture, JSON numbers ('[[1,2],[3,4]]'), or "
      "@FILE.json; NAME= may be left "
      "out when the model has one input" },
    { "output", "NAME", read_list, AT(outputs), COMMAND_PREDICT | COMMAND_BENCH, 0, 0,
      "only this output; may be repeated" },
    { "version", "N", read_count, AT(version), COMMAND_PREDICT | COMMAND_STATUS | COMMAND_BENCH, 1,
      9e18, "this version; default: the server's choice" },
    { "top", "K", read_count, AT(top), COMMAND_PREDICT, 1, 1e6,
      "the K highest scores of each row, not whole tensors" },
    { "labels", "FILE", read_text, AT(labels), COMMAND_PREDICT, 0, 0,
      "names of the classes, one a line; without it a class is called by its index" },
    { "draw", NULL, read_flag, AT(draw), COMMAND_PREDICT, 0, 0,
      "draw the picture beside the answer" },
    { "outstanding", "N", read_count, AT(outstanding), COMMAND_BENCH, 1, 65536,
      "calls in flight; with --rate the most that may be; default 8 (1024 with --rate)" },
    { "connections", "N", read_count, AT(connections), COMMAND_BENCH, 1, 1024,
      "connections that calls take turns over; default 1" },
    { "rate", "R", read_real, AT(rate), COMMAND_BENCH, 0.001, 1e7,
      "Poisson arrivals, R a second; latency counts from when a call was due. Default: a new call "
      "for each that ends" },
    { "sweep", NULL, read_flag, AT(sweep), COMMAND_BENCH, 0, 0,
      "one measurement after another with 1, 2, 4 ... --outstanding calls in flight, as a table "
      "and a plot" },
    { "svg", "FILE", read_text, AT(svg), COMMAND_BENCH, 0, 0,
      "write the percentiles, and with --sweep latency over load, as a picture" },
    { "compare", "HOST:PORT", read_text, AT(compare), COMMAND_BENCH, 0, 0,
      "measure this server too, in turns with the first" },
    { "interval", "S", read_real, AT(interval_s), COMMAND_TOP, 0.1, 3600,
      "seconds between two looks; default 1" },
    { "count", "N", read_count, AT(count), COMMAND_TOP, 1, 1e6,
      "so many tables, then the end; default: until Ctrl-C, with --json 1" },
    { "metrics", "HOST:PORT", read_text, AT(metrics), COMMAND_TOP, 0, 0,
      "where the server's /metrics is; default 127.0.0.1:8501" },
    { "repository", "DIR", read_text, AT(repository), COMMAND_NEW, 0, 0,
      "the repository that gets the model; made if it is not there" },
    { "name", "NAME", read_text, AT(name), COMMAND_NEW, 0, 0,
      "of the model; default: the file's, without .onnx" },
    { "max-batch", "N", read_count, AT(max_batch), COMMAND_NEW, 0, 65536,
      "rows of a batch; default 64 where all inputs and outputs leave dim 0 open, else 0 (none)" },
    { "level", "LEVEL", read_text, AT(level), COMMAND_LOGS, 0, 0,
      "only lines of that level and worse: debug, info, warn, error" },
    { "model", "MODEL", read_text, AT(model), COMMAND_LOGS, 0, 0, "only lines about that model" },
    { "event", "EVENT", read_text, AT(event), COMMAND_LOGS, 0, 0, "only lines of that event" },
    { "follow", NULL, read_flag, AT(follow), COMMAND_LOGS, 0, 0,
      "wait for more at the end of the file" },
    { "passes", NULL, read_flag, AT(passes), COMMAND_INSPECT, 0, 0,
      "also what each pass of the optimiser does to the graph" },
    { "rows", "N", read_count, AT(rows), COMMAND_PROFILE, 1, 65536,
      "dim 0 of the inputs where the model leaves it open; default 1" },
    { "shape", "NAME=DIMS", read_list, AT(shapes), COMMAND_PROFILE, 0, 0,
      "of an input whose other dims are open too: ids=1,128; without it they are 1" },
    { "duration", "S", read_real, AT(duration_s), COMMAND_BENCH | COMMAND_PROFILE, 0.01, 86400,
      "seconds that are measured; default 5" },
    { "warm-up", "S", read_real, AT(warm_up_s), COMMAND_BENCH, 0, 3600,
      "seconds before that; default 0.5" },
    { "seed", "N", read_count, AT(seed), COMMAND_BENCH, 0, 9e18, "of the arrivals; default 1" },
    { "base-path", "DIR", read_text, AT(base_path), COMMAND_LOAD, 0, 0,
      "serve the model from this folder of the server's machine, as one more of its list" },
    { "config", "JSON", read_text, AT(config), COMMAND_LOAD, 0, 0,
      "instead of the model's config.pbtxt, for this load" },
    { "signing-key", "FILE", read_text, AT(signing_key), COMMAND_SIGN, 0, 0,
      "private key (PEM) on P-256, P-384 or P-521" },
    { "chain", "FILE", read_text, AT(chain), COMMAND_SIGN, 0, 0,
      "the key's certificate (PEM), then those that signed it; without it the key alone signs" },
    { "subject", "NAME", read_text, AT(subject), COMMAND_SIGN, 0, 0,
      "what is signed; default MODEL/VERSION, after the folder" },
    { "trusted-key", "FILE", read_text, AT(trusted_key), COMMAND_VERIFY, 0, 0,
      "public key (PEM) that must have signed" },
    { "roots", "FILE", read_text, AT(roots), COMMAND_VERIFY, 0, 0,
      "certificates (PEM) that the signer's must lead to" },
    { "model-key", "FILE", read_text, AT(model_key), COMMAND_ENCRYPT, 0, 0,
      "32 bytes, or 64 hex digits" },
    { "server", "HOST:PORT", read_text, AT(server), COMMAND_SERVERS, 0, 0,
      "default 127.0.0.1:8500; unix:PATH works too" },
    { "protocol", "P", read_protocol, AT(protocol), COMMAND_SERVERS, 0, 0,
      "inference (Triton, KServe; default) or tensorflow (TensorFlow Serving)" },
    { "tls", NULL, read_flag, AT(tls), COMMAND_SERVERS, 0, 0,
      "speak TLS, also without the three below" },
    { "cacert", "FILE", read_text, AT(ca_file), COMMAND_SERVERS, 0, 0,
      "who signs the server's certificate (PEM); default: the system's CAs" },
    { "cert", "FILE", read_text, AT(cert_file), COMMAND_SERVERS, 0, 0,
      "our own certificate (PEM), for servers that ask for one" },
    { "key", "FILE", read_text, AT(key_file), COMMAND_SERVERS, 0, 0, "its key (PEM)" },
    { "token-file", "FILE", read_text, AT(token_file), COMMAND_SERVERS, 0, 0,
      "bearer token: the file's first line" },
    { "timeout", "S", read_real, AT(timeout_s), COMMAND_SERVERS, 0.001, 86400,
      "seconds for each call; default 30" },
    { "json", NULL, read_flag, AT(json), COMMAND_ALL, 0, 0,
      "one JSON document on standard output" },
    { "help", NULL, read_flag, AT(help), COMMAND_ALL, 0, 0, "this text" },
};

static bool same_name(const char *given, size_t length, const char *name) {
    if (strlen(name) != length)
        return false;
    for (size_t i = 0; i < length; i++)
        if (given[i] != name[i] && !(given[i] == '_' && name[i] == '-'))
            return false;
    return true;
}

static const Option *find_option(const char *given, size_t length) {
    for (size_t i = 0; i < ARRAY_LENGTH(OPTIONS); i++)
        if (same_name(given, length, OPTIONS[i].name))
            return &OPTIONS[i];
    return NULL;
}

const CommandSpec *command_spec_find(const char *name) {
    for (const CommandSpec *spec = COMMAND_SPECS; spec->name; spec++)
        if (strcmp(spec->name, name) == 0)
            return spec;
    return NULL;
}

/* Reads the option at argv[*index]; moves *index to the last word used. */
static Status read_option(int argc, char **argv, int *index, Args *args, uint64_t *used) {
    const char *given = argv[*index] + 2;
    size_t length = strcspn(given, "=");
    const Option *option = find_option(given, length);
    if (!option)
        return status_error(STATUS_INVALID_ARGUMENT, "there is no option --%.*s", (int)length,
                            given);
    const char *value = given[length] ? given + length + 1 : NULL;
    if (!option->metavar && value)
        return status_error(STATUS_INVALID_ARGUMENT, "--%s takes no value", option->name);
    if (option->metavar && !value) {
        if (*index + 1 >= argc)
            return status_error(STATUS_INVALID_ARGUMENT, "--%s wants %s", option->name,
                                option->metavar);
        value = argv[++*index];
    }
    *used |= UINT64_C(1) << (option - OPTIONS);
    return option->read(option, value, (char *)args + option->offset);
}

static Status take_word(Args *args, const char *word) {
    if (!args->command && strcmp(word, "help") == 0)
        args->help = true;
    else if (!args->command)
        args->command = word;
    else if (!args->argument)
        args->argument = word;
    else if (args->words.count < ARGS_LIST_MAX)
        args->words.items[args->words.count++] = word;
    else
        return status_error(STATUS_INVALID_ARGUMENT, "at most %d words", ARGS_LIST_MAX);
    return status_ok();
}

static Status check(const Args *args, uint64_t used) {
    _Static_assert(ARRAY_LENGTH(OPTIONS) <= 64, "used is a mask");
    if (args->help && !args->command)
        return status_ok();
    if (!args->command)
        return status_error(STATUS_INVALID_ARGUMENT, "which command?");
    const CommandSpec *spec = command_spec_find(args->command);
    if (!spec)
        return status_error(STATUS_INVALID_ARGUMENT, "there is no command '%s'", args->command);
    if (args->help)
        return status_ok();
    for (size_t i = 0; i < ARRAY_LENGTH(OPTIONS); i++)
        if ((used >> i & 1) && !(OPTIONS[i].commands & spec->bit))
            return status_error(STATUS_INVALID_ARGUMENT, "'%s' does not take --%s", spec->name,
                                OPTIONS[i].name);
    if (args->words.count > 0 && !spec->more)
        return status_error(STATUS_INVALID_ARGUMENT, "'%s' is one word too many after '%s'",
                            args->words.items[0], args->argument);
    if (spec->argument && *spec->argument != '[' && !args->argument)
        return status_error(STATUS_INVALID_ARGUMENT, "'%s' wants %s", spec->name, spec->argument);
    if (!spec->argument && args->argument)
        return status_error(STATUS_INVALID_ARGUMENT, "'%s' takes no '%s'", spec->name,
                            args->argument);
    return status_ok();
}

Status args_parse(int argc, char **argv, Args *ret_args) {
    *ret_args = (Args){ .server = "127.0.0.1:8500",
                        .timeout_s = 30,
                        .connections = 1,
                        .rows = 1,
                        .duration_s = 5,
                        .warm_up_s = 0.5,
                        .interval_s = 1,
                        .metrics = "127.0.0.1:8501",
                        .max_batch = ARGS_MAX_BATCH_AUTO,
                        .seed = 1 };
    uint64_t used = 0;
    bool options_over = false;
    for (int i = 1; i < argc; i++) {
        if (!options_over && strcmp(argv[i], "--") == 0)
            options_over = true;
        else if (!options_over && strcmp(argv[i], "-h") == 0)
            ret_args->help = true;
        else if (!options_over && strncmp(argv[i], "--", 2) == 0)
            TRY(read_option(argc, argv, &i, ret_args, &used));
        else if (!options_over && argv[i][0] == '-' && argv[i][1])
            return status_error(STATUS_INVALID_ARGUMENT, "there is no option %s", argv[i]);
        else
            TRY(take_word(ret_args, argv[i]));
    }
    return check(ret_args, used);
}

/* Text from column `indent` on, broken at spaces. */
static void print_wrapped(FILE *out, const char *text, int indent) {
    enum { WIDTH = 96 };
    int column = indent;
    while (*text) {
        int length = (int)strcspn(text, " ");
        if (column > indent && column + length > WIDTH) {
            fprintf(out, "\n%*s", indent, "");
            column = indent;
        }
        fprintf(out, "%.*s", length, text);
        column += length;
        text += length;
        if (*text == ' ') {
            fputc(' ', out);
            column++;
            text++;
        }
    }
    fputc('\n', out);
}

static void print_options(FILE *out, int commands) {
    enum { COLUMN = 25 };
    for (size_t i = 0; i < ARRAY_LENGTH(OPTIONS); i++) {
        if (!(OPTIONS[i].commands & commands))
            continue;
        int length = fprintf(out, "  --%s%s%s", OPTIONS[i].name, OPTIONS[i].metavar ? " " : "",
                             OPTIONS[i].metavar ? OPTIONS[i].metavar : "");
        fprintf(out, "%*s", length < COLUMN - 1 ? COLUMN - length : 2, "");
        print_wrapped(out, OPTIONS[i].help, COLUMN);
    }
}

void args_print_help(FILE *out, const CommandSpec *command) {
    if (command) {
        fprintf(out, "usage: inferctl %s%s%s%s%s [options]\n\n%s\n\n%s\n\noptions:\n",
                command->name, command->argument ? " " : "",
                command->argument ? command->argument : "", command->more ? " " : "",
                command->more ? command->more : "", command->summary, command->details);
        print_options(out, command->bit);
        return;
    }
    fputs("usage: inferctl COMMAND [options]\n\nAsks model servers: inferd, and others of the same "
          "protocols.\n\ncommands:\n",
          out);
    for (const CommandSpec *spec = COMMAND_SPECS; spec->name; spec++) {
        int length = fprintf(out, "  %s %s", spec->name, spec->argument ? spec->argument : "");
        fprintf(out, "%*s%s\n", 25 - length, "", spec->summary);
    }
    fputs("\n'inferctl COMMAND --help' tells a command's own options. For all that ask a server:\n",
          out);
    print_options(out, COMMAND_MODELS);
    fputs("\nexit status: 0 done; 1 the server, the model or the data refused; 2 the command line "
          "is wrong\n",
          out);
}
