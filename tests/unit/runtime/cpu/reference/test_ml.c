/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* Operators of ai.onnx.ml on literal tensors, and attributes that do not fit. */

#include "tests/unit/runtime/cpu/reference/run_kernel.h"

#define ML .domain = "ai.onnx.ml"
#define FLOATS(key, ...)                                                                           \
    {                                                                                              \
        .name = (key), .kind = ATTRIBUTE_FLOATS,                                                   \
        .count = sizeof((float[]){ __VA_ARGS__ }) / sizeof(float), .floats = (float[]) {           \
            __VA_ARGS__                                                                            \
        }                                                                                          \
    }
#define TEXTS(key, ...)                                                                            \
    {                                                                                              \
        .name = (key), .kind = ATTRIBUTE_STRINGS,                                                  \
        .count = sizeof((StringView[]){ __VA_ARGS__ }) / sizeof(StringView),                       \
        .strings = (StringView[]) {                                                                \
            __VA_ARGS__                                                                            \
        }                                                                                          \
    }

static void test_features_by_column(void **state) {
    (void)state;
    Tensor x = F32(SHAPE(2, 2), 1, -2, 3, NAN), ints = I64(SHAPE(3), 1, 0, 7);
    check(&(Run){ "Scaler", ML, .attributes = { FLOATS("offset", 1, 0), FLOATS("scale", 2) },
                  .src = { &x }, .dst = { F32(SHAPE(2, 2), 0, -4, 4, NAN) } });
    check(&(Run){ "Binarizer", ML, .attributes = { FLOAT("threshold", 1) }, .src = { &x },
                  .dst = { F32(SHAPE(2, 2), 0, 0, 1, 0) } });
    check(&(Run){ "Imputer", ML, .src = { &x }, .dst = { F32(SHAPE(2, 2), 1, -2, 3, 9) },
                  .attributes = { FLOAT("replaced_value_float", NAN),
                                  FLOATS("imputed_value_floats", 8, 9) } });
    check(&(Run){
        "Imputer", ML, .src = { &ints }, .dst = { I64(SHAPE(3), 1, 5, 7) },
        .attributes = { INT("replaced_value_int64", 0), INTS("imputed_value_int64s", 5) } });
    check_fails(&(Run){ "Scaler", ML, .attributes = { FLOATS("scale", 1, 2, 3) }, .src = { &x },
                        .dst = { F32(SHAPE(2, 2), 0, 0, 0, 0) } },
                STATUS_INVALID_ARGUMENT, "expected 1 or 2, got 3");
}

static void test_normalizer(void **state) {
    (void)state;
    Tensor x = F32(SHAPE(2, 2), 3, -4, 0, 0);
    check(&(Run){ "Normalizer", ML, .src = { &x }, .tolerance = 1e-6,
                  .dst = { F32(SHAPE(2, 2), 1, -4.0f / 3, 0, 0) } });
    check(&(Run){ "Normalizer", ML, .attributes = { STRING("norm", "L1") }, .src = { &x },
                  .tolerance = 1e-6, .dst = { F32(SHAPE(2, 2), 3.0f / 7, -4.0f / 7, 0, 0) } });
    check(&(Run){ "Normalizer", ML, .attributes = { STRING("norm", "L2") }, .src = { &x },
                  .tolerance = 1e-6, .dst = { F32(SHAPE(2, 2), 0.6f, -0.8f, 0, 0) } });
}

static void test_columns_picked_and_joined(void **state) {
    (void)state;
    Tensor x = F32(SHAPE(2, 3), 1, 2, 3, 4, 5, 6), vector = F32(SHAPE(2), 7, 8);
    Tensor picks = I64(SHAPE(1, 2), 2, 0), outside = I64(SHAPE(1), 3), y = F32(SHAPE(2, 1), 8, 9);
    check(&(Run){ "ArrayFeatureExtractor", ML, .src = { &x, &picks },
                  .dst = { F32(SHAPE(2, 2), 3, 1, 6, 4) } });
    check_fails(&(Run){ "ArrayFeatureExtractor", ML, .src = { &x, &outside },
                        .dst = { F32(SHAPE(2, 1), 0, 0) } },
                STATUS_INVALID_ARGUMENT, "index 3");
    check(&(Run){ "FeatureVectorizer", ML, .attributes = { INTS("inputdimensions", 2, 2) },
                  .src = { &x, &y }, .dst = { F32(SHAPE(2, 4), 1, 2, 8, 0, 4, 5, 9, 0) } });
    check(&(Run){ "FeatureVectorizer", ML, .attributes = { INTS("inputdimensions", 1) },
                  .src = { &vector }, .dst = { F32(SHAPE(1, 1), 7) } });
}

static void test_label_encoder_of_every_form(void **state) {
    (void)state;
    Tensor words = STRINGS(SHAPE(3), TEXT("b"), TEXT("a"), TEXT("x")),
           ints = I64(SHAPE(3), 1, 0, 5);
    Tensor reals = F32(SHAPE(3), NAN, 1.5f, -0.0f);
    Tensor keys = TENSOR_OF(DTYPE_I16, int16_t, SHAPE(2), 4, 5), values = F64(SHAPE(2), 0.5, 0.25);
    Tensor missing = F64(SHAPE(1), -2), small = TENSOR_OF(DTYPE_I16, int16_t, SHAPE(2), 5, 6);
    Attribute classes = TEXTS("classes_strings", TEXT("a"), TEXT("b"));
    check(&(Run){ "LabelEncoder", ML, .attributes = { classes }, .src = { &words },
                  .dst = { I64(SHAPE(3), 1, 0, -1) } });
    check(&(Run){ "LabelEncoder", ML, .attributes = { classes, STRING("default_string", "?") },
                  .src = { &ints },
                  .dst = { STRINGS(SHAPE(3), TEXT("b"), TEXT("a"), TEXT("?")) } });
    check(&(Run){ "LabelEncoder", ML, .src = { &words }, .dst = { F32(SHAPE(3), 2, 1, 9) },
                  .attributes = { TEXTS("keys_strings", TEXT("a"), TEXT("b"), TEXT("a")),
                                  FLOATS("values_floats", 1, 2, 3), FLOAT("default_float", 9) } });
    check(&(Run){ "LabelEncoder", ML, .src = { &reals }, .dst = { I64(SHAPE(3), 7, -1, 8) },
                  .attributes = { FLOATS("keys_floats", NAN, 0), INTS("values_int64s", 7, 8) } });
    check(&(Run){ "LabelEncoder", ML, .src = { &small }, .dst = { F64(SHAPE(2), 0.25, -2) },
                  .attributes = { TENSOR("keys_tensor", &keys), TENSOR("values_tensor", &values),
                                  TENSOR("default_tensor", &missing) } });
    check_fails(
        &(Run){ "LabelEncoder", ML, .src = { &words }, .dst = { I64(SHAPE(3), 0, 0, 0) },
                .attributes = { TEXTS("keys_strings", TEXT("a")), INTS("values_int64s", 1, 2) } },
        STATUS_INVALID_ARGUMENT, "1 keys");
}

static void test_categories(void **state) {
    (void)state;
    Tensor words = STRINGS(SHAPE(2), TEXT("b"), TEXT("x")), ints = I64(SHAPE(2), 4, 3),
           reals = F32(SHAPE(2), 3.0f, 4);
    Attribute numbers = INTS("cats_int64s", 3, 4),
              texts = TEXTS("cats_strings", TEXT("a"), TEXT("b"));
    check(&(Run){ "CategoryMapper", ML, .attributes = { numbers, texts }, .src = { &words },
                  .dst = { I64(SHAPE(2), 4, -1) } });
    check(&(Run){ "CategoryMapper", ML, .attributes = { numbers, texts }, .src = { &ints },
                  .dst = { STRINGS(SHAPE(2), TEXT("b"), TEXT("a")) } });
    check(&(Run){ "OneHotEncoder", ML, .attributes = { texts }, .src = { &words },
                  .dst = { F32(SHAPE(2, 2), 0, 1, 0, 0) } });
    check(&(Run){ "OneHotEncoder", ML, .attributes = { numbers }, .src = { &reals },
                  .dst = { F32(SHAPE(2, 2), 1, 0, 0, 1) } });
    check_fails(&(Run){ "OneHotEncoder", ML, .attributes = { texts, INT("zeros", 0) },
                        .src = { &words }, .dst = { F32(SHAPE(2, 2), 0, 0, 0, 0) } },
                STATUS_INVALID_ARGUMENT, "element 1 is none");
}

static void test_linear_models(void **state) {
    (void)state;
    Tensor x = F32(SHAPE(2, 2), 1, 2, -3, 0);
    check(&(Run){ "LinearRegressor", ML, .src = { &x }, .dst = { F32(SHAPE(2, 2), 6, -1, -2, 3) },
                  .attributes = { FLOATS("coefficients", 1, 2, -1, 0), FLOATS("intercepts", 1, 0),
                                  INT("targets", 2) } });
    check(&(Run){ "LinearClassifier", ML, .src = { &x }, .tolerance = 1e-6,
                  .dst = { I64(SHAPE(2), 9, 8),
                           F32(SHAPE(2, 2), 0.1192029f, 0.8807971f, 0.9525741f, 0.0474259f) },
                  .attributes = { FLOATS("coefficients", 1, 0.5f), INTS("classlabels_ints", 8, 9),
                                  STRING("post_transform", "LOGISTIC") } });
    check(&(Run){ "LinearClassifier", ML, .src = { &x }, .tolerance = 1e-6,
                  .dst = { STRINGS(SHAPE(2), TEXT("no"), TEXT("yes")),
                           F32(SHAPE(2, 2), 0.7310586f, 0.2689414f, 0.0474259f, 0.9525741f) },
                  .attributes = { FLOATS("coefficients", 1, 0, 0, 0),
                                  TEXTS("classlabels_strings", TEXT("no"), TEXT("yes")),
                                  STRING("post_transform", "SOFTMAX") } });
    check_fails(&(Run){ "LinearRegressor", ML, .attributes = { FLOATS("coefficients", 1, 2, 3) },
                        .src = { &x }, .dst = { F32(SHAPE(2, 1), 0, 0) } },
                STATUS_INVALID_ARGUMENT, "3 coefficients");
}

static void test_support_vectors(void **state) {
    (void)state;
    Tensor x = F32(SHAPE(2, 1), 1, 3);
    Attribute kernel = STRING("kernel_type", "RBF"), params = FLOATS("kernel_params", 0.5f, 0, 3);
    check(&(Run){ "SVMRegressor", ML, .src = { &x }, .tolerance = 1e-6,
                  .dst = { F32(SHAPE(2, 1), 2.1353353f, 1.2706706f) },
                  .attributes = { kernel, params, FLOATS("support_vectors", 1, 3),
                                  FLOATS("coefficients", 1, 0), FLOATS("rho", 1.1353353f),
                                  INT("n_supports", 2) } });
    check(&(Run){ "SVMClassifier", ML, .src = { &x }, .tolerance = 1e-6,
                  .dst = { I64(SHAPE(2), 5, 6),
                           F32(SHAPE(2, 2), -0.8646647f, 0.8646647f, 0.8646647f, -0.8646647f) },
                  .attributes = { kernel, params, FLOATS("support_vectors", 1, 3),
                                  FLOATS("coefficients", 1, -1), FLOATS("rho", 0),
                                  INTS("vectors_per_class", 1, 1),
                                  INTS("classlabels_ints", 5, 6) } });
    check_fails(
        &(Run){ "SVMClassifier", ML, .src = { &x }, .dst = { I64(SHAPE(2), 0, 0) },
                .attributes = { FLOATS("support_vectors", 1, 3), FLOATS("coefficients", 1, -1),
                                FLOATS("rho", 0), INTS("vectors_per_class", 1, 1000000),
                                INTS("classlabels_ints", 5, 6) } },
        STATUS_INVALID_ARGUMENT, "support_vectors");
}

/* Two trees: x0 <= 1 ? 1 : (x1 < 0 ? 2 : 4), and a leaf of 10. */
#define TWO_TREES                                                                                  \
    INTS("nodes_treeids", 0, 0, 0, 0, 0, 3), INTS("nodes_nodeids", 0, 1, 2, 3, 4, 0),              \
        INTS("nodes_featureids", 0, 0, 1, 0, 0, 0), FLOATS("nodes_values", 1, 0, 0, 0, 0, 0),      \
        INTS("nodes_truenodeids", 1, 0, 3, 0, 0, 0), INTS("nodes_falsenodeids", 2, 0, 4, 0, 0, 0), \
        INTS("nodes_missing_value_tracks_true", 0, 0, 1, 0, 0, 0),                                 \
        TEXTS("nodes_modes", TEXT("BRANCH_LEQ"), TEXT("LEAF"), TEXT("BRANCH_LT"), TEXT("LEAF"),    \
              TEXT("LEAF"), TEXT("LEAF"))

static void test_trees(void **state) {
    (void)state;
    Tensor x = F32(SHAPE(4, 2), 1, 5, 2, -1, 2, 0, NAN, NAN);
    Attribute trees = INTS("target_treeids", 0, 0, 0, 3),
              nodes = INTS("target_nodeids", 1, 3, 4, 0);
    Attribute ids = INTS("target_ids", 0, 0, 0, 0), weights = FLOATS("target_weights", 1, 2, 4, 10);
    check(&(Run){ "TreeEnsembleRegressor", ML, .src = { &x },
                  .dst = { F32(SHAPE(4, 1), 11, 12, 14, 12) },
                  .attributes = { TWO_TREES, trees, nodes, ids, weights, INT("n_targets", 1) } });
    check(
        &(Run){ "TreeEnsembleRegressor", ML, .src = { &x },
                .dst = { F32(SHAPE(4, 1), 5, 5.5f, 6.5f, 5.5f) },
                .attributes = { TWO_TREES, trees, nodes, ids, weights, FLOATS("base_values", -0.5f),
                                STRING("aggregate_function", "AVERAGE"), INT("n_targets", 1) } });
    check(&(Run){ "TreeEnsembleRegressor", ML, .src = { &x },
                  .dst = { F32(SHAPE(4, 1), 1, 2, 4, 2) },
                  .attributes = { TWO_TREES, trees, nodes, ids, weights,
                                  STRING("aggregate_function", "MIN") } });
    check(&(Run){ "TreeEnsembleClassifier", ML, .src = { &x },
                  .dst = { STRINGS(SHAPE(4), TEXT("b"), TEXT("b"), TEXT("b"), TEXT("b")),
                           F32(SHAPE(4, 2), 1, 10, 2, 10, 4, 10, 2, 10) },
                  .attributes = { TWO_TREES, INTS("class_treeids", 0, 0, 0, 3),
                                  INTS("class_nodeids", 1, 3, 4, 0), INTS("class_ids", 0, 0, 0, 1),
                                  FLOATS("class_weights", 1, 2, 4, 10),
                                  TEXTS("classlabels_strings", TEXT("a"), TEXT("b")) } });
}

static void test_trees_with_one_class_of_two(void **state) {
    (void)state;
    Tensor x = F32(SHAPE(2, 2), 1, 5, 2, 0);
    Run run = { "TreeEnsembleClassifier",
                ML,
                .src = { &x },
                .tolerance = 1e-6,
                .dst = { I64(SHAPE(2), 0, 1), F32(SHAPE(2, 2), 0.75f, 0.25f, 0.125f, 0.875f) },
                .attributes = { TWO_TREES, INTS("class_treeids", 0, 0, 0),
                                INTS("class_nodeids", 1, 3, 4), INTS("class_ids", 0, 0, 0),
                                FLOATS("class_weights", 0.25f, 0.5f, 0.875f),
                                INTS("classlabels_int64s", 0, 1) } };
    check(&run);
    Tensor few = F32(SHAPE(2, 1), 1, 2);
    run.src[0] = &few;
    check_fails(&run, STATUS_INVALID_ARGUMENT, "feature 1");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_features_by_column),
        cmocka_unit_test(test_normalizer),
        cmocka_unit_test(test_columns_picked_and_joined),
        cmocka_unit_test(test_label_encoder_of_every_form),
        cmocka_unit_test(test_categories),
        cmocka_unit_test(test_linear_models),
        cmocka_unit_test(test_support_vectors),
        cmocka_unit_test(test_trees),
        cmocka_unit_test(test_trees_with_one_class_of_two),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
