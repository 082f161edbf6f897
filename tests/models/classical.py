# SPDX-FileCopyrightText: 2026 The inferd authors
# SPDX-License-Identifier: Apache-2.0
"""scikit-learn, XGBoost and LightGBM models, trained on scikit-learn's own data sets and converted."""

import warnings

import numpy as np


def digits():
    from sklearn.datasets import load_digits
    return load_digits(return_X_y=True)


def diabetes():
    from sklearn.datasets import load_diabetes
    return load_diabetes(return_X_y=True)


def cancer():
    from sklearn.datasets import load_breast_cancer
    return load_breast_cancer(return_X_y=True)


def rows_of(data):
    return lambda: data()[0][::29].astype(np.float32)


def sklearn_model(make, data, **options):
    def convert() -> bytes:
        from skl2onnx import to_onnx
        x, y = data()
        model = make().fit(x.astype(np.float32), y)
        return to_onnx(model, x[:1].astype(np.float32), target_opset={"": 18, "ai.onnx.ml": 3}, options=options or None
                       ).SerializeToString()
    return convert


def boosted(make, data, converter):
    """Those that onnxmltools converts."""
    def convert() -> bytes:
        import onnxmltools
        from onnxmltools.convert.common.data_types import FloatTensorType
        x, y = data()
        model = make().fit(x.astype(np.float32), y)
        return getattr(onnxmltools, converter)(model, initial_types=[("x", FloatTensorType([None, x.shape[1]]))],
                                               target_opset=15).SerializeToString()
    return convert


def models():
    """(name, maker of the file, maker of its rows)"""
    from sklearn import ensemble, linear_model, naive_bayes, neighbors, neural_network, pipeline, preprocessing, svm, tree
    warnings.filterwarnings("ignore")
    scaled = preprocessing.StandardScaler
    table = [
        ("forest", lambda: ensemble.RandomForestClassifier(100, random_state=1), digits),
        ("extra_trees", lambda: ensemble.ExtraTreesRegressor(40, random_state=1), diabetes),
        ("boosting", lambda: ensemble.GradientBoostingClassifier(random_state=1), cancer),
        ("boosting_regressor", lambda: ensemble.GradientBoostingRegressor(random_state=1), diabetes),
        ("tree", lambda: tree.DecisionTreeClassifier(random_state=1), cancer),
        ("logistic", lambda: pipeline.make_pipeline(scaled(), linear_model.LogisticRegression(max_iter=500)), digits),
        ("ridge", lambda: pipeline.make_pipeline(scaled(), linear_model.Ridge()), diabetes),
        ("support_vectors", lambda: pipeline.make_pipeline(scaled(), svm.SVC(random_state=1)), cancer),
        ("support_regressor", lambda: pipeline.make_pipeline(scaled(), svm.SVR()), diabetes),
        ("naive_bayes", lambda: naive_bayes.GaussianNB(), cancer),
        ("neighbours", lambda: neighbors.KNeighborsClassifier(3), digits),
        ("perceptron", lambda: pipeline.make_pipeline(preprocessing.MinMaxScaler(), neural_network.MLPClassifier(
            (32,), max_iter=60, random_state=1)), digits),
    ]
    made = [(f"sklearn_{name}", sklearn_model(make, data), rows_of(data)) for name, make, data in table]

    def xgboost(kind, **settings):
        def make():
            import xgboost as library
            return getattr(library, kind)(n_estimators=50, random_state=1, n_jobs=1, **settings)
        return make

    def lightgbm(kind):
        def make():
            import lightgbm as library
            return getattr(library, kind)(n_estimators=50, random_state=1, n_jobs=1, verbose=-1)
        return make

    return made + [
        ("xgboost_classifier", boosted(xgboost("XGBClassifier"), digits, "convert_xgboost"), rows_of(digits)),
        ("xgboost_regressor", boosted(xgboost("XGBRegressor"), diabetes, "convert_xgboost"), rows_of(diabetes)),
        ("lightgbm_classifier", boosted(lightgbm("LGBMClassifier"), cancer, "convert_lightgbm"), rows_of(cancer)),
        ("lightgbm_regressor", boosted(lightgbm("LGBMRegressor"), diabetes, "convert_lightgbm"), rows_of(diabetes)),
    ]
