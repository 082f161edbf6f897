/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Whole requests of both protocols against a literal model: what is refused, with which code and in
 * which words; golden requests cut anywhere; answers read back by protobuf-c.
 */

#include "runtime/base/size.h"
#include "server/wire/wire_tensor.h"
#include "tests/support/wire_case.h"
#include "tests/support/wire_golden.h"

#include "inference/grpc_service.pb-c.h"
#include "tensorflow_serving/apis/predict.pb-c.h"

/* --- mistakes --- */

/* One request in a few words: what the rows below change. NULL: left out. */
typedef struct Ask {
    const char *inputs[4]; /* "x 1x2", "s 1", "o 1": name and dims; "x!int" has another dtype, "x?"
                              no data */
    const char *outputs[3];
    const char *signature, *version;
    size_t raws; /* entries more than inputs, ModelInfer */
} Ask;

typedef struct Row {
    Ask ask;
    bool strict; /* the model without the optional input */
    struct {
        StatusCode code;
        const char *text;
    } expected[2]; /* Predict, ModelInfer; text NULL: cannot be said there */
} Row;

#define INVALID STATUS_INVALID_ARGUMENT
#define BOTH(code, text)                                                                           \
    {                                                                                              \
        { code, text }, {                                                                          \
            code, text                                                                             \
        }                                                                                          \
    }

static const Row ROWS[] = {
    { { .inputs = { "x 1x2", "s 1" } }, true, BOTH(STATUS_OK, "") },
    { { .inputs = { "x 1x2", "s 1" } }, false, BOTH(STATUS_OK, "") },
    { { .inputs = { "x 2x2", "s 2", "o 2" } }, false, BOTH(STATUS_OK, "") },
    { { .inputs = { "x 8x2", "s 8" } }, true, BOTH(STATUS_OK, "") },
    { { .inputs = { "x 1x2", "s 1" }, .outputs = { "t", "y" } }, true, BOTH(STATUS_OK, "") },
    { { .inputs = { "x 1x2" } },
      true,
      { { INVALID, "input size does not match signature: 1!=2 len({x}) != len({x,s}). Sent extra: "
                   "{}. Missing but required: {s}." },
        { INVALID, "expected 2 inputs but got 1 inputs for model 'm'. Got input(s) ['x'], but "
                   "missing required input(s) ['s']. "
                   "Please provide all required input(s)." } } },
    { { .inputs = { "x 1x2", "s 1", "z 1" } },
      true,
      { { INVALID, "input size does not match signature: 3!=2 len({x,s,z}) != len({x,s}). Sent "
                   "extra: {z}. Missing but required: {}." },
        { INVALID, "expected 2 inputs but got 3 inputs for model 'm'. Got input(s) ['x','s','z'], "
                   "but missing required input(s) []. "
                   "Please provide all required input(s)." } } },
    { { .inputs = { NULL } },
      true,
      { { INVALID, "input size does not match signature: 0!=2 len({}) != len({x,s}). Sent extra: "
                   "{}. Missing but required: {x,s}." },
        { INVALID, "expected 2 inputs but got 0 inputs for model 'm'. Got input(s) [], but missing "
                   "required input(s) ['x','s']. "
                   "Please provide all required input(s)." } } },
    { { .inputs = { "z 1", "w 1" } },
      true,
      { { INVALID, "Signature input alias: x(feed name: x:0) not found in request and no default "
                   "value provided. Inputs expected to "
                   "be in the set {x,s}, request has {z,w}." },
        { INVALID, "unexpected inference input 'z' for model 'm'" } } },
    { { .inputs = { "x 1x2", "z 1" } },
      false,
      { { INVALID, "Signature input alias: s(feed name: s:0) not found in request and no default "
                   "value provided. Inputs expected to "
                   "be in the set {x,s,o}, request has {x,z}." },
        { INVALID, "unexpected inference input 'z' for model 'm'" } } },
    { { .inputs = { "x 1x2", "s 1", "z 1" } },
      false,
      { { INVALID, "Inputs contains invalid name. Used request inputs: {x,s}. Request inputs: "
                   "{x,s,z}. Inputs expected to be in the "
                   "set {x,s,o}." },
        { INVALID, "unexpected inference input 'z' for model 'm'" } } },
    { { .inputs = { "o 1" } },
      false,
      { { INVALID, "Signature input alias: x(feed name: x:0) not found in request and no default "
                   "value provided. Inputs expected to "
                   "be in the set {x,s,o}, request has {o}." },
        { INVALID, "expected number of inputs between 2 and 3 but got 1 inputs for model 'm'. Got "
                   "input(s) ['o'], but missing required "
                   "input(s) ['x','s']. Please provide all required input(s)." } } },
    { { .inputs = { "x 1x2", "x 2x2", "s 2" } },
      true, /* a map: the last one wins */
      { { STATUS_OK, "" }, { INVALID, "input 'x' already exists in request" } } },
    { { .inputs = { "x! 1x2", "s 1" } },
      true,
      { { INVALID, "Expects arg[0] to be float but int32 is provided: input 'x'" },
        { INVALID, "inference input 'x' data-type is 'INT32', but model 'm' expects 'FP32'" } } },
    { { .inputs = { "x 1x3", "s 1" } },
      true,
      { { STATUS_OK, "" }, /* not checked up front */
        { INVALID, "unexpected shape for input 'x' for model 'm'. Expected [-1,2], got [1,3]. "
                   "NOTE: axis 0 is the batch: "
                   "max_batch_size is set for this model." } } },
    { { .inputs = { "x ", "s 1" } },
      true,
      { { INVALID,
          "Batching Run() input tensors must have at least one dimension, input 'x' has none" },
        { INVALID, "input 'x' has no shape but model requires batch dimension for 'm'" } } },
    { { .inputs = { "x 2x2", "s 3" } },
      true,
      { { INVALID, "Batching Run() input tensors must have equal 0th-dimension size, input 's' has "
                   "shape [3], the ones before it 2" },
        { INVALID, "input 's' batch size does not match other inputs for 'm'" } } },
    { { .inputs = { "x 9x2", "s 9" } },
      true,
      { { INVALID, "Task size 9 is larger than maximum input batch size 8" },
        { INVALID, "inference request batch-size must be <= 8 for 'm', got 9" } } },
    { { .inputs = { "x 1x2", "s 1" }, .outputs = { "y", "q" } },
      true,
      { { INVALID, "output tensor alias not found in signature: q Outputs expected to be in the "
                   "set {y,t}." },
        { INVALID, "unexpected inference output 'q' for model 'm'" } } },
    { { .inputs = { "x 1x2", "s 1" }, .outputs = { "y", "t", "y" } },
      true,
      { { INVALID, "duplicate output tensor alias: y" },
        { INVALID, "requested output 'y' already exists in request" } } },
    { { .inputs = { "x 1x2", "s 1" }, .signature = "other" },
      true,
      { { STATUS_FAILED_PRECONDITION, "Serving signature key \"other\" not found." }, { 0 } } },
    { { .inputs = { "x 1x2", "s 1" }, .signature = "serving_default" },
      true,
      { { STATUS_OK, "" }, { 0 } } },
    { { .inputs = { "x 1x2", "s 1" }, .version = "0" },
      true,
      { { 0 },
        { INVALID, "failed to get model version from specified version string '0' (details: zero), "
                   "version should be an integral "
                   "value > 0" } } },
    { { .inputs = { "x? 1x2", "s 1" } },
      true,
      { { STATUS_OK, "" }, /* zeros */
        { INVALID, "unable to find data for input tensor 'x' for model 'm' in request." } } },
    { { .inputs = { "x 1x2", "s 1" }, .raws = 1 },
      true,
      { { 0 },
        { INVALID, "raw_input_contents has more entries than the 2 inputs of the request for model "
                   "'m'" } } },
};

typedef struct Input {
    char name[2];
    bool other, none;
    int64_t dims[2];
    size_t rank, elements;
} Input;

static Input read_input(const char *text) {
    Input input = { .name = { text[0] }, .elements = 1 };
    for (text++; *text && *text != ' '; text++) {
        input.other = input.other || *text == '!';
        input.none = input.none || *text == '?';
    }
    for (; *text; text++) {
        if (*text < '0' || *text > '9')
            continue;
        input.dims[input.rank++] = *text - '0';
        input.elements *= (size_t)(*text - '0');
    }
    return input;
}

static Bytes write_predict(const Ask *ask) {
    Bytes request = { 0 }, spec = { 0 };
    bytes_text(&spec, 1, "m");
    if (ask->signature)
        bytes_text(&spec, 3, ask->signature);
    bytes_message(&request, 1, &spec);
    for (size_t i = 0; ask->inputs[i]; i++) {
        Input input = read_input(ask->inputs[i]);
        Bytes entry = { 0 }, tensor = { 0 }, shape = { 0 };
        bytes_text(&entry, 1, input.name);
        bytes_number(&tensor, 1,
                     input.other            ? 3
                     : input.name[0] == 's' ? 7
                     : input.name[0] == 'o' ? 9
                                            : 1);
        for (size_t k = 0; k < input.rank; k++) {
            Bytes dim = { 0 };
            bytes_number(&dim, 1, (uint64_t)input.dims[k]);
            bytes_message(&shape, 2, &dim);
        }
        bytes_message(&tensor, 2, &shape);
        bytes_message(&entry, 2, &tensor);
        bytes_message(&request, 2, &entry);
    }
    for (size_t i = 0; i < ARRAY_LENGTH(ask->outputs) && ask->outputs[i]; i++)
        bytes_text(&request, 3, ask->outputs[i]);
    return request;
}

static void add_contents(Bytes *tensor, const Input *input) {
    static const unsigned char zeros[1024];
    Bytes contents = { 0 };
    if (input->name[0] == 's')
        for (size_t i = 0; i < input->elements; i++)
            bytes_text(&contents, 8, "a");
    else if (input->name[0] == 'o' || input->other)
        bytes_field(&contents, input->other ? 2 : 3, zeros, input->elements);
    else
        bytes_field(&contents, 6, zeros, 4 * input->elements);
    bytes_message(tensor, 5, &contents);
}

static Bytes write_infer(const Ask *ask) {
    Bytes request = { 0 };
    bytes_text(&request, 1, "m");
    if (ask->version)
        bytes_text(&request, 2, ask->version);
    for (size_t i = 0; ask->inputs[i]; i++) {
        Input input = read_input(ask->inputs[i]);
        Bytes tensor = { 0 };
        bytes_text(&tensor, 1, input.name);
        bytes_text(&tensor, 2,
                   input.other            ? "INT32"
                   : input.name[0] == 's' ? "BYTES"
                   : input.name[0] == 'o' ? "INT64"
                                          : "FP32");
        for (size_t k = 0; k < input.rank; k++)
            bytes_number(&tensor, 3, (uint64_t)input.dims[k]);
        if (!input.none && ask->raws == 0)
            add_contents(&tensor, &input);
        bytes_message(&request, 5, &tensor);
    }
    for (size_t i = 0; i < ARRAY_LENGTH(ask->outputs) && ask->outputs[i]; i++) {
        Bytes output = { 0 };
        bytes_text(&output, 1, ask->outputs[i]);
        bytes_message(&request, 6, &output);
    }
    if (ask->raws > 0) { /* x, s, and one too many */
        bytes_field(&request, 7, "12345678", 8);
        bytes_field(&request, 7, "\0\0\0\0", 4);
        bytes_field(&request, 7, "", 0);
    }
    return request;
}

static void test_each_mistake_has_its_code_and_words(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(ROWS); i++) {
        for (size_t k = 0; k < 2; k++) {
            if (!ROWS[i].expected[k].text)
                continue;
            AUTO(arena_free) Arena *arena = case_arena_new();
            Bytes message = k == 0 ? write_predict(&ROWS[i].ask) : write_infer(&ROWS[i].ask);
            Pieces *pieces =
                pieces_new(message.data, message.count, message.count / 3, message.count / 2);
            WireInfer infer;
            InferRequest request;
            Status status = case_decode_bind(
                k == 0 ? &TENSORFLOW_PREDICT : &INFERENCE_INFER, &pieces->spans,
                ROWS[i].strict ? &CASE_MODEL_STRICT : &CASE_MODEL, arena, &infer, &request);
            if (status.code != ROWS[i].expected[k].code ||
                strcmp(status.message, ROWS[i].expected[k].text) != 0)
                fail_msg("row %zu, %s: got %s '%s'", i, k == 0 ? "Predict" : "ModelInfer",
                         status_code_name(status.code), status.message);
            pieces_free(pieces);
            bytes_free(&message);
        }
    }
}

static void test_failures_to_resolve_and_to_queue_are_told_apart(void **state) {
    (void)state;
    static const uint32_t bound[1];
    static const struct {
        const InferProtocol *protocol;
        StatusCode found;
        bool is_bound;
        const char *label;
        StatusCode code;
        const char *text;
    } rows[] = {
        { &TENSORFLOW_PREDICT, STATUS_NOT_FOUND, false, "", STATUS_NOT_FOUND,
          "Servable not found for request: Latest(m)" },
        { &TENSORFLOW_PREDICT, STATUS_FAILED_PRECONDITION, false, "a", STATUS_NOT_FOUND,
          "Servable not found for request: Label(m, a)" },
        { &TENSORFLOW_PREDICT, STATUS_INVALID_ARGUMENT, false, "a", STATUS_INVALID_ARGUMENT,
          "Unrecognized servable version label: a" },
        { &TENSORFLOW_PREDICT, STATUS_INVALID_ARGUMENT, true, "a", STATUS_INVALID_ARGUMENT, "why" },
        { &TENSORFLOW_PREDICT, STATUS_RESOURCE_EXHAUSTED, true, "", STATUS_UNAVAILABLE,
          "The batch scheduling queue to which this task was submitted is full; why" },
        { &TENSORFLOW_PREDICT, STATUS_DEADLINE_EXCEEDED, true, "", STATUS_DEADLINE_EXCEEDED,
          "why" },
        { &INFERENCE_INFER, STATUS_NOT_FOUND, false, "", STATUS_NOT_FOUND,
          "Request for unknown model: 'm' is not found" },
        { &INFERENCE_INFER, STATUS_NOT_FOUND, true, "", STATUS_NOT_FOUND, "why" },
        { &INFERENCE_INFER, STATUS_RESOURCE_EXHAUSTED, true, "", STATUS_UNAVAILABLE,
          "Exceeds maximum queue size: why" },
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        WireInfer infer = { .model = { "m", 1 }, .version = { .label = text_view(rows[i].label) } };
        infer.output_index = rows[i].is_bound ? bound : NULL;
        Status found = status_error(rows[i].found, "why");
        Status status = rows[i].protocol->describe(&found, &infer);
        assert_string_equal(status.message, rows[i].text);
        assert_int_equal(status.code, rows[i].code);
    }
}

/* --- golden requests, cut --- */

static void test_a_request_means_the_same_wherever_it_is_cut(void **state) {
    (void)state;
    for (size_t g = 0; g < GOLDEN_COUNT; g++) {
        Bytes message = golden_request(g);
        uint64_t whole = 0;
        for (size_t cut = 0; cut <= message.count; cut++) {
            AUTO(arena_free) Arena *arena = case_arena_new();
            Pieces *pieces = pieces_new(message.data, message.count, cut, cut + 1);
            WireInfer infer;
            InferRequest request;
            Status status = case_decode_bind(golden_protocol(g), &pieces->spans, &CASE_MODEL, arena,
                                             &infer, &request);
            check_ok(status);
            uint64_t digest = case_digest(&status, &infer, &request);
            whole = cut == 0 ? digest : whole;
            assert_true(digest == whole);
            pieces_free(pieces);
        }
        bytes_free(&message);
    }
}

/* --- answers --- */

static InferRequest answer(Tensor outputs[2], float *y, StringView *t, OutputBlock *block) {
    outputs[0] = (Tensor){ .dtype = DTYPE_F32, .shape = SHAPE(2, 2), .data = y, .bytes = 16 };
    outputs[1] =
        (Tensor){ .dtype = DTYPE_STRING, .shape = SHAPE(2), .data = t, .bytes = 2 * sizeof *t };
    return (InferRequest){ .lease = { &CASE_MODEL }, .outputs = outputs, .block = block };
}

static void test_predict_answers(void **state) {
    (void)state;
    AUTO(arena_free) Arena *arena = case_arena_new();
    float y[] = { 1, 2, 3, 4 };
    StringView t[] = { { "a", 1 }, { "", 0 } };
    Tensor outputs[2];
    InferRequest request = answer(outputs, y, t, NULL);
    static const uint32_t both[] = { 1, 0 };
    WireInfer infer = { .signature = text_view("serving_default"),
                        .output_count = 2,
                        .output_index = both };
    WireReply reply;
    wire_reply_init(&reply, arena);
    check_ok(TENSORFLOW_PREDICT.encode(&infer, &request, &reply));
    Bytes flat = case_flatten(&reply);
    Tensorflow__Serving__PredictResponse *response =
        tensorflow__serving__predict_response__unpack(NULL, flat.count, flat.data);
    assert_non_null(response);
    assert_string_equal(response->model_spec->name, "m");
    assert_string_equal(response->model_spec->signature_name, "serving_default");
    assert_int_equal(response->model_spec->version->value, 3);
    assert_int_equal(response->n_outputs, 2);
    assert_string_equal(response->outputs[0]->key, "t");
    assert_int_equal(response->outputs[0]->value->n_string_val, 2);
    assert_string_equal(response->outputs[1]->key, "y");
    assert_memory_equal(response->outputs[1]->value->float_val, y, sizeof y);
    tensorflow__serving__predict_response__free_unpacked(response, NULL);
    bytes_free(&flat);
}

static void test_infer_answers(void **state) {
    (void)state;
    AUTO(arena_free) Arena *arena = case_arena_new();
    float y[] = { 1, 2, 3, 4 };
    StringView t[] = { { "a", 1 }, { "", 0 } };
    Tensor outputs[2];
    InferRequest request = answer(outputs, y, t, NULL);
    static const uint32_t both[] = { 0, 1 };
    WireInfer infer = { .id = text_view("7"), .output_count = 2, .output_index = both };
    WireReply reply;
    wire_reply_init(&reply, arena);
    check_ok(INFERENCE_INFER.encode(&infer, &request, &reply));
    Bytes flat = case_flatten(&reply);
    Inference__ModelInferResponse *response =
        inference__model_infer_response__unpack(NULL, flat.count, flat.data);
    assert_non_null(response);
    assert_string_equal(response->model_name, "m");
    assert_string_equal(response->model_version, "3");
    assert_string_equal(response->id, "7");
    assert_int_equal(response->n_outputs, 2);
    assert_string_equal(response->outputs[0]->name, "y");
    assert_string_equal(response->outputs[0]->datatype, "FP32");
    assert_int_equal(response->outputs[0]->n_shape, 2);
    assert_null(response->outputs[0]->contents);
    assert_string_equal(response->outputs[1]->datatype, "BYTES");
    assert_int_equal(response->n_raw_output_contents, 2);
    assert_memory_equal(response->raw_output_contents[0].data, y, sizeof y);
    assert_int_equal(response->raw_output_contents[1].len, 9);
    inference__model_infer_response__free_unpacked(response, NULL);
    bytes_free(&flat);

    outputs[0].dtype = DTYPE_C64;
    wire_reply_init(&reply, arena);
    Status status = INFERENCE_INFER.encode(&infer, &request, &reply);
    assert_int_equal(status.code, STATUS_UNIMPLEMENTED);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_mistake_has_its_code_and_words),
        cmocka_unit_test(test_failures_to_resolve_and_to_queue_are_told_apart),
        cmocka_unit_test(test_a_request_means_the_same_wherever_it_is_cut),
        cmocka_unit_test(test_predict_answers),
        cmocka_unit_test(test_infer_answers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
