/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What the commands are called and what their help says. Apart from main.c, which has their
 * functions, so that the parser can be tested without them.
 */

#include "clients/inferctl/args.h"

const CommandSpec COMMAND_SPECS[] = {
    { "predict", COMMAND_PREDICT, "MODEL", "asks a model for a prediction",
      "Inputs are brought to the type and shape that the model declares: a missing leading batch "
      "dim is added, pictures\n"
      "are scaled to 0..1 for inputs of reals. Nothing is resized, and no whole number loses its "
      "value.\n\n"
      "  inferctl predict digits --input image=3.png --top 3 --draw\n"
      "  inferctl predict two_layer --input x.npy --version 2 --json\n"
      "  inferctl predict adder --input 'a=[1,2]' --input b=@b.json --protocol tensorflow" },
    { 0 },
};
