/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * digits TARGET PICTURE.pgm [CA.pem]: which digit is it? Asked in both protocols and over a stream,
 * with libinferd-client. A client speaks one protocol, so there are two. All addresses behind the
 * target's name take turns, and calls that find a server going away are sent again: both are the
 * library's defaults. Thread: main, the only one of ours.
 */

#include <inferd_client.h>

#include <stdio.h>
#include <stdlib.h>

enum { PIXELS = 64, STREAMED = 3 };

static const int64_t SHAPE[] = { 1, 1, 8, 8 };

/* What went wrong, and the end. */
static void check(InferdCode code, const InferdError *error) {
    if (code == INFERD_OK)
        return;
    fprintf(stderr, "%s: %s\n", inferd_code_name(code), error->message);
    exit(1);
}

/* The 8 x 8 pixels of a PGM, which come last in it, from 0 to 1. */
static void read_picture(const char *path, float image[PIXELS]) {
    unsigned char pixels[PIXELS];
    FILE *file = fopen(path, "rb");
    if (!file || fseek(file, -PIXELS, SEEK_END) != 0 || fread(pixels, 1, PIXELS, file) != PIXELS) {
        fprintf(stderr, "%s is no picture of 8 x 8\n", path);
        exit(1);
    }
    fclose(file);
    for (size_t i = 0; i < PIXELS; i++)
        image[i] = (float)pixels[i] / 255;
}

static void show(const char *way, const InferdResult *result) {
    const InferdTensor *tensor = inferd_result_find(result, "probabilities");
    if (!tensor || tensor->type != INFERD_FLOAT32) {
        fputs("the answer has no probabilities\n", stderr);
        exit(1);
    }
    const float *scores = tensor->data;
    size_t best = 0;
    for (size_t i = 0; i < tensor->bytes / sizeof *scores; i++)
        best = scores[i] > scores[best] ? i : best;
    printf("%s %zu %.4f\n", way, best, (double)scores[best]);
}

static InferdClient *connect_to(const char *target, const char *ca, InferdProtocol protocol) {
    InferdClientOptions options = INFERD_CLIENT_OPTIONS_INIT;
    InferdClient *client = NULL;
    InferdError error;
    options.target = target;
    options.protocol = protocol;
    options.ca_file = ca;
    check(inferd_client_new(&options, &client, &error), &error);
    return client;
}

static void predict(InferdClient *client, const InferdRequest *request, const char *way) {
    InferdResult *result = NULL;
    InferdError error;
    check(inferd_predict(client, request, &result, &error), &error);
    show(way, result);
    inferd_result_free(result);
}

static void stream(InferdClient *client, const InferdRequest *request) {
    InferdStream *calls = NULL;
    InferdResult *last = NULL, *result = NULL;
    InferdError error;
    bool is_open;
    check(inferd_stream_new(client, 30, &calls, &error), &error);
    for (int i = 0; i < STREAMED; i++)
        check(inferd_stream_send(calls, request, &error), &error);
    check(inferd_stream_finish(calls, &error), &error);
    for (;;) {
        check(inferd_stream_receive(calls, &result, &is_open, &error), &error);
        if (!result)
            break;
        inferd_result_free(last);
        last = result;
    }
    show("stream", last);
    inferd_result_free(last);
    inferd_stream_free(calls);
}

int main(int argc, char **argv) {
    if (argc < 3) {
        fputs("usage: digits TARGET PICTURE.pgm [CA.pem]\n", stderr);
        return 2;
    }
    float image[PIXELS];
    read_picture(argv[2], image);
    InferdTensor input = { .name = "image",
                           .type = INFERD_FLOAT32,
                           .rank = 4,
                           .dims = SHAPE,
                           .data = image,
                           .bytes = sizeof image };
    InferdRequest request = INFERD_REQUEST_INIT;
    request.model = "digits";
    request.inputs = &input;
    request.input_count = 1;

    const char *ca = argc > 3 ? argv[3] : NULL;
    InferdClient *inference = connect_to(argv[1], ca, INFERD_INFERENCE);
    InferdClient *tensorflow = connect_to(argv[1], ca, INFERD_TENSORFLOW);
    predict(inference, &request, "inference");
    predict(tensorflow, &request, "tensorflow");
    stream(inference, &request);
    inferd_client_free(tensorflow);
    inferd_client_free(inference);
    return 0;
}
