/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* Recorded requests and samples before a version is published: both formats, and each way in which
 * they can be wrong. */

#include "runtime/base/size.h"
#include "server/warmup.h"
#include "tests/support/check.h"
#include "tests/support/rig.h"

#include "tensorflow_serving/apis/predict.pb-c.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ECHO                                                                                       \
    "backend: 'identity' max_batch_size: 4 input { name: 'x' data_type: TYPE_INT64 dims: 2 } "     \
    "output { name: 'y' data_type: TYPE_INT64 dims: 2 } "
#define FAILS "parameters { key: 'fail_every' value { string_value: '2' } } "

enum { FILE_BYTES = 65536 };

typedef struct File {
    unsigned char bytes[FILE_BYTES];
    size_t length;
} File;

/* By table, unlike the reader's. */
static uint32_t masked_crc(const unsigned char *bytes, size_t length) {
    uint32_t table[256], crc = UINT32_MAX;
    for (uint32_t i = 0; i < 256; i++) {
        table[i] = i;
        for (int k = 0; k < 8; k++)
            table[i] = table[i] & 1 ? table[i] >> 1 ^ UINT32_C(0x82F63B78) : table[i] >> 1;
    }
    for (size_t i = 0; i < length; i++)
        crc = table[(crc ^ bytes[i]) & 0xFF] ^ crc >> 8;
    crc ^= UINT32_MAX;
    return ((crc >> 15) | (crc << 17)) + UINT32_C(0xA282EAD8);
}

static void put(File *file, const void *bytes, size_t length) {
    assert_true(file->length + length <= FILE_BYTES);
    memcpy(file->bytes + file->length, bytes, length);
    file->length += length;
}

static void put_record(File *file, const unsigned char *bytes, size_t length) {
    uint64_t count = length;
    uint32_t crc = masked_crc((const unsigned char *)&count, sizeof count);
    put(file, &count, sizeof count);
    put(file, &crc, sizeof crc);
    put(file, bytes, length);
    crc = masked_crc(bytes, length);
    put(file, &crc, sizeof crc);
}

/* field { 1: body }, all lengths below 128. */
static size_t wrap(unsigned char *dst, unsigned field, const unsigned char *body, size_t length) {
    assert_true(length < 120);
    dst[0] = (unsigned char)(field << 3 | 2);
    dst[1] = (unsigned char)(length + 2);
    dst[2] = 1 << 3 | 2;
    dst[3] = (unsigned char)length;
    memcpy(dst + 4, body, length);
    return length + 4;
}

/* A Predict of input x: int64 [1,count]. */
static size_t predict(unsigned char *dst, int64_t count) {
    Tensorflow__Serving__PredictRequest request = TENSORFLOW__SERVING__PREDICT_REQUEST__INIT;
    Tensorflow__Serving__PredictRequest__InputsEntry entry =
        TENSORFLOW__SERVING__PREDICT_REQUEST__INPUTS_ENTRY__INIT;
    Tensorflow__Serving__PredictRequest__InputsEntry *entries[] = { &entry };
    Tensorflow__TensorProto tensor = TENSORFLOW__TENSOR_PROTO__INIT;
    Tensorflow__TensorShapeProto shape = TENSORFLOW__TENSOR_SHAPE_PROTO__INIT;
    Tensorflow__TensorShapeProto__Dim dims[2] = { TENSORFLOW__TENSOR_SHAPE_PROTO__DIM__INIT,
                                                  TENSORFLOW__TENSOR_SHAPE_PROTO__DIM__INIT };
    Tensorflow__TensorShapeProto__Dim *list[] = { &dims[0], &dims[1] };
    Tensorflow__Serving__ModelSpec spec = TENSORFLOW__SERVING__MODEL_SPEC__INIT;
    int64_t values[8] = { 0 };
    dims[0].size = 1;
    dims[1].size = count;
    shape.n_dim = 2;
    shape.dim = list;
    tensor.dtype = TENSORFLOW__DATA_TYPE__DT_INT64;
    tensor.tensor_shape = &shape;
    tensor.tensor_content = (ProtobufCBinaryData){ (size_t)count * 8, (uint8_t *)values };
    entry.key = (char *)"x";
    entry.value = &tensor;
    spec.name = (char *)"another";
    request.model_spec = &spec;
    request.n_inputs = 1;
    request.inputs = entries;
    unsigned char body[128];
    assert_true(tensorflow__serving__predict_request__get_packed_size(&request) < sizeof body);
    size_t length = tensorflow__serving__predict_request__pack(&request, body);
    return wrap(dst, 6, body, length);
}

/* Replays what the file holds for a model of that config. */
static Status replay(const char *config, const File *file, size_t iterations) {
    char path[] = "/tmp/inferd-warmup-XXXXXX", name[128];
    assert_non_null(mkdtemp(path));
    snprintf(name, sizeof name, "%s/assets.extra", path);
    assert_int_equal(mkdir(name, 0700), 0);
    snprintf(name, sizeof name, "%s/assets.extra/tf_serving_warmup_requests", path);
    FILE *stream = fopen(name, "wb");
    assert_non_null(stream);
    assert_int_equal(fwrite(file->bytes, 1, file->length, stream), file->length);
    fclose(stream);
    int directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    Rig *rig = rig_open();
    ModelVersion *version = rig_load(rig, "echo", config);
    FileSource files = file_source_plain(directory);
    size_t records;
    Status status = warmup_replay(version, &files, iterations, &records);
    rig_unload(rig, version);
    rig_close(rig);
    close(directory);
    unlink(name);
    snprintf(name, sizeof name, "%s/assets.extra", path);
    rmdir(name);
    rmdir(path);
    return status;
}

static void test_recorded_requests_are_replayed(void **state) {
    (void)state;
    unsigned char log[256];
    File file = { 0 };
    size_t length = predict(log, 2);
    put_record(&file, log, length);
    check_ok(replay(ECHO, &file, 3));
    Status status = replay(ECHO FAILS, &file, 2); /* the second run fails: so they do run */
    assert_int_equal(status.code, STATUS_INTERNAL);
    check_ok(replay(ECHO FAILS, &file, 1));
}

static void test_damage_is_found(void **state) {
    (void)state;
    unsigned char log[256];
    File whole = { 0 };
    put_record(&whole, log, predict(log, 2));
    for (size_t i = 0; i < whole.length; i++) {
        File damaged = whole;
        damaged.bytes[i] ^= 1;
        Status status = replay(ECHO, &damaged, 1);
        assert_int_equal(status.code, STATUS_DATA_LOSS);
        if (i > 24)
            i += 16; /* each costs a server */
    }
    File cut = whole;
    cut.length--;
    Status status = replay(ECHO, &cut, 1);
    assert_int_equal(status.code, STATUS_DATA_LOSS);
}

static void test_records_that_are_refused(void **state) {
    (void)state;
    unsigned char log[256], empty[1] = { 0 };
    File file = { 0 };
    put_record(&file, log, wrap(log, 5, empty, 0));
    Status status = replay(ECHO, &file, 1);
    assert_int_equal(status.code, STATUS_UNIMPLEMENTED);
    assert_non_null(strstr(status.message, "session_run_log"));
    file.length = 0;
    put_record(&file, empty, 0);
    status = replay(ECHO, &file, 1);
    assert_non_null(strstr(status.message, "is no PredictionLog"));
}

static void test_samples_of_the_config(void **state) {
    (void)state;
    static const struct {
        const char *warmup, *message;
    } rows[] = {
        { "model_warmup { name: 'w' batch_size: 3 inputs { key: 'x' value { data_type: TYPE_INT64 "
          "dims: 2 random_data: true } } count: 5 }",
          "" },
        { FAILS "model_warmup { name: 'w' inputs { key: 'x' value { data_type: TYPE_INT64 dims: 2 "
                "zero_data: true } } count: 2 }",
          "model_warmup 'w': the identity engine fails every 2. time" },
        { "model_warmup { name: 'w' inputs { key: 'z' value { data_type: TYPE_INT64 dims: 2 "
          "zero_data: true } } }",
          "model_warmup 'w': input 'x' is missing" },
        { "model_warmup { name: 'w' inputs { key: 'x' value { data_type: TYPE_INT64 dims: 3 "
          "zero_data: true } } }",
          "model_warmup 'w': input 'x': expected int64 [?,2], got int64 [1,3]" },
    };
    Rig *rig = rig_open();
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        char config[1024];
        ModelVersion *version = NULL;
        snprintf(config, sizeof config, "%s%s", ECHO, rows[i].warmup);
        Status status = rig_try_load(rig, "echo", config, &version);
        assert_string_equal(status.message, rows[i].message);
        if (version)
            rig_unload(rig, version);
    }
    rig_close(rig);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_recorded_requests_are_replayed),
        cmocka_unit_test(test_damage_is_found),
        cmocka_unit_test(test_records_that_are_refused),
        cmocka_unit_test(test_samples_of_the_config),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
