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
    { "top", COMMAND_TOP, NULL, "shows what a server's models do, live",
      "Rates, latencies and batches are of the time since the last look, from the server's "
      "/metrics; queue and memory are\n"
      "of now.\n\n"
      "  inferctl top --metrics models.example.net:8501\n"
      "  inferctl top --interval 10 --count 1 --json",
      NULL },
    { "fleet", COMMAND_FLEET, "NAME:PORT",
      "asks every server behind a name for its version, health and models",
      "The name is resolved as gRPC does it (files, then DNS); 'dns://DNSSERVER/NAME:PORT' asks "
      "that DNS server. Says where\n"
      "replicas differ: another release, a model or version that some do not serve.\n\n"
      "  inferctl fleet inferd-headless.models.svc:8500\n"
      "  inferctl fleet ipv4:192.0.2.1:8500,192.0.2.2:8500 --json",
      NULL },
    { "doctor", COMMAND_DOCTOR, "[REPOSITORY]", "looks for what keeps a server from serving well",
      "This machine's limits, processor and GPU, the server if there is one, certificates, and the "
      "repository's models if one is\n"
      "named. Each finding says what to change.\n\n"
      "  inferctl doctor /srv/models\n"
      "  inferctl doctor --server models:8500 --cacert ca.pem --cert server.pem",
      NULL },
    { "new", COMMAND_NEW, "FILE.onnx", "puts a model file into a repository, with a config",
      "The config says what the file's inputs and outputs are, and how to batch. A model that is "
      "there already gets its next\n"
      "version and keeps its config. A running server takes it up by itself.\n\n"
      "  inferctl new model.onnx --repository /srv/models\n"
      "  inferctl new export.onnx --repository /srv/models --name resnet --max-batch 32",
      NULL },
    { "logs", COMMAND_LOGS, "[FILE]", "reads a server's log: filtered, in colour or as JSON",
      "Without a FILE standard input is read, or, at a terminal, the journal of the service "
      "'inferd'.\n\n"
      "  inferctl logs --level warn\n"
      "  kubectl logs deploy/inferd | inferctl logs --model digits --json",
      NULL },
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
