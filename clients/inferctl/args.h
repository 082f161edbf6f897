/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The command line, read by one table of options. '-' and '_' in an option's name are the same;
 * "--x=v" and "--x v" mean the same; options may stand anywhere; "--" ends them.
 */

#include "clients/c/tensor.h"
#include "runtime/base/status.h"

#include <stdint.h>
#include <stdio.h>

enum { ARGS_LIST_MAX = 64, ARGS_MAX_BATCH_AUTO = -1 };

typedef struct TextList {
    const char *items[ARGS_LIST_MAX];
    size_t count;
} TextList;

typedef struct Args {
    const char *command;  /* NULL: none given */
    const char *argument; /* MODEL or FILE; NULL: none given */
    bool help;

    const char *server;
    ClientProtocol protocol;
    bool tls;
    const char *ca_file, *cert_file, *key_file, *token_file; /* NULL: none */
    bool json;
    double timeout_s;

    TextList words; /* behind argument */
    const char *base_path, *config;
    int64_t version; /* 0: the server's choice */
    TextList inputs, outputs;
    int64_t top; /* 0: whole tensors */
    const char *labels;
    bool draw;

    int64_t outstanding, connections;
    TextList shapes;
    int64_t rows;
    bool passes;
    double rate; /* calls per second; 0: closed loop */
    double duration_s, warm_up_s;
    int64_t seed;
    bool sweep;
    const char *svg, *compare; /* NULL: none */

    double interval_s;
    int64_t count; /* 0: no end */
    const char *metrics;
    const char *repository, *name; /* NULL: none */
    int64_t max_batch;
    const char *level, *model, *event; /* NULL: all */
    bool follow;

    const char *signing_key, *chain, *subject, *trusted_key, *roots, *model_key; /* files; NULL */
} Args;

/* What a command may be told; a mask of these is in each option's row. */
typedef enum CommandBit {
    COMMAND_PREDICT = 1 << 0,
    COMMAND_MODELS = 1 << 1,
    COMMAND_STATUS = 1 << 2,
    COMMAND_INSPECT = 1 << 3,
    COMMAND_BENCH = 1 << 4,
    COMMAND_PROFILE = 1 << 5,
    COMMAND_LOAD = 1 << 6,
    COMMAND_UNLOAD = 1 << 7,
    COMMAND_LABEL = 1 << 8,
    COMMAND_MANIFEST = 1 << 9,
    COMMAND_SIGN = 1 << 10,
    COMMAND_VERIFY = 1 << 11,
    COMMAND_ENCRYPT = 1 << 12,
    COMMAND_TOP = 1 << 13,
    COMMAND_FLEET = 1 << 14,
    COMMAND_DOCTOR = 1 << 15,
    COMMAND_NEW = 1 << 16,
    COMMAND_LOGS = 1 << 17,
    COMMAND_SERVERS = COMMAND_PREDICT | COMMAND_MODELS | COMMAND_STATUS | COMMAND_BENCH |
                      COMMAND_LOAD | COMMAND_UNLOAD | COMMAND_LABEL | COMMAND_FLEET |
                      COMMAND_DOCTOR,
    COMMAND_ALL = COMMAND_SERVERS | COMMAND_INSPECT | COMMAND_PROFILE | COMMAND_MANIFEST |
                  COMMAND_SIGN | COMMAND_VERIFY | COMMAND_ENCRYPT | COMMAND_TOP | COMMAND_NEW |
                  COMMAND_LOGS,
} CommandBit;

/* What the parser has to know of a command. */
typedef struct CommandSpec {
    const char *name;
    CommandBit bit;
    const char *argument; /* "MODEL"; "[FILE]": may be left out; NULL: takes none */
    const char *summary;  /* one line */
    const char *details;  /* for its own help */
    const char *more;     /* words that may follow, "LABEL=VERSION"; NULL: none */
} CommandSpec;

/* In the order of the help; ends with a row whose name is NULL. */
extern const CommandSpec COMMAND_SPECS[];
/* NULL when there is none. */
const CommandSpec *command_spec_find(const char *name);

/* Strings are lent from argv. INVALID_ARGUMENT saying what is wrong; ret_args holds what was read
 * so far, also then. */
Status args_parse(int argc, char **argv, Args *ret_args);
/* Help of one command, or of the program for NULL. */
void args_print_help(FILE *out, const CommandSpec *command);
