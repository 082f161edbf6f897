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
      "  inferctl predict adder --input 'a=[1,2]' --input b=@b.json --protocol tensorflow",
      NULL },
    { "models", COMMAND_MODELS, NULL, "lists the models of a server, their versions and states",
      "Asks for RepositoryIndex, which inferd and Triton have.\n\n"
      "  inferctl models --server models.example.net:8500",
      NULL },
    { "status", COMMAND_STATUS, "MODEL",
      "tells the states of a model's versions, its inputs and outputs",
      "A version that failed to load says why.\n\n"
      "  inferctl status digits",
      NULL },
    { "load", COMMAND_LOAD, "MODEL", "loads a model, as it is in the server's repository now",
      "Returns when it is in service; a failure says why, and what served before goes on. Wants a "
      "server with\n"
      "--model-control-mode=explicit, or one with a list of models for --base-path. Labels are set "
      "after the load.\n\n"
      "  inferctl load digits\n"
      "  inferctl load digits stable=4 --base-path /models/digits",
      "[LABEL=VERSION ...]" },
    { "unload", COMMAND_UNLOAD, "MODEL", "takes a model out of service",
      "What it is working on is finished first.\n\n"
      "  inferctl unload digits",
      NULL },
    { "label", COMMAND_LABEL, "MODEL", "moves version labels: a roll-out or a rollback in one call",
      "All of them move, or none: each version must be in service. LABEL= takes a label away.\n\n"
      "  inferctl label digits stable=3 canary=4\n"
      "  inferctl label digits canary=",
      "LABEL=VERSION ..." },
    { "inspect", COMMAND_INSPECT, "FILE.onnx", "tells what a model file holds; needs no server",
      "Counts are of the graph as it is read, before it is optimised. Operations and working "
      "memory are estimates for\n"
      "one row: dims that the model leaves open count as 1.\n\n"
      "  inferctl inspect model.onnx\n"
      "  inferctl inspect model.onnx --passes",
      NULL },
    { "bench", COMMAND_BENCH, "MODEL", "measures calls per second and their latency",
      "Sends one and the same request again and again: a new call for each that ends, or, with "
      "--rate, at random times\n"
      "as independent clients would. Without --input it makes one of one row.\n\n"
      "  inferctl bench digits --outstanding 64 --connections 4\n"
      "  inferctl bench digits --rate 2000 --duration 30 --input 3.png",
      NULL },
    { "profile", COMMAND_PROFILE, "FILE.onnx",
      "tells what each operator of a model takes on this machine; needs no server",
      "Runs the optimised model on one core, on inputs of random numbers, and prints time, "
      "arithmetic or memory rate and the\n"
      "share of this core's peak, by operator and by node. Counts are estimates from shapes.\n\n"
      "  inferctl profile model.onnx\n"
      "  inferctl profile encoder.onnx --rows 8 --shape input_ids=8,128 --json",
      NULL },
    { "manifest", COMMAND_MANIFEST, "DIR", "writes a version's manifest.sha256",
      "One line a file, as sha256sum writes them. A server checks it whenever it loads the "
      "version, "
      "and loads nothing\n"
      "that is not on it.\n\n"
      "  inferctl manifest models/digits/1",
      NULL },
    { "sign", COMMAND_SIGN, "DIR", "signs a version: writes its model.sig",
      "A bundle as OpenSSF model signing has them, in key or certificate mode. What is signed is "
      "called MODEL/VERSION,\n"
      "after the folder. Servers ask for it with --model-policy-file.\n\n"
      "  openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out key.pem\n"
      "  inferctl sign models/digits/1 --signing-key key.pem",
      NULL },
    { "verify", COMMAND_VERIFY, "DIR", "checks a version against its model.sig or manifest.sha256",
      "With --trusted-key or --roots against its signature, else against its manifest.\n\n"
      "  openssl pkey -in key.pem -pubout -out public.pem\n"
      "  inferctl verify models/digits/1 --trusted-key public.pem",
      NULL },
    { "encrypt", COMMAND_ENCRYPT, "FILE", "encrypts a model file where it lies",
      "AES-256-GCM; servers are given the key with --model-key-file. Encrypt first, then make the "
      "manifest or sign.\n\n"
      "  openssl rand -out model.key 32\n"
      "  inferctl encrypt models/digits/1/model.onnx --model-key model.key",
      NULL },
    { 0 },
};
