/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Activation functions by name, as attributes of recurrent operators give them; case does not
 * matter, since exporters differ. Source: ONNX LSTM 22 and the operators of these names.
 */

#include "runtime/cpu/reference/gate_functions.h"

#include "runtime/base/size.h"
#include "runtime/cpu/reference/reference_util.h"

#include <math.h>
#include <string.h>
#include <strings.h>

#define FUNCTION(name, expression)                                                                 \
    static double apply_##name(double x, double alpha, double beta) {                              \
        (void)alpha;                                                                               \
        (void)beta;                                                                                \
        return expression;                                                                         \
    }
FUNCTION(relu, fmax(0.0, x))
FUNCTION(tanh, tanh(x))
FUNCTION(sigmoid, 1.0 / (1.0 + exp(-x)))
FUNCTION(affine, alpha *x + beta)
FUNCTION(leaky_relu, x >= 0.0 ? x : alpha * x)
FUNCTION(thresholded_relu, x >= alpha ? x : 0.0)
FUNCTION(scaled_tanh, alpha *tanh(beta *x))
FUNCTION(hard_sigmoid, fmin(fmax(alpha *x + beta, 0.0), 1.0))
FUNCTION(elu, x >= 0.0 ? x : alpha * expm1(x))
FUNCTION(softsign, x / (1.0 + fabs(x)))
FUNCTION(softplus, fmax(x, 0.0) + log1p(exp(-fabs(x))))

static const struct {
    const char *name;
    GateFunction function; /* with its defaults */
    bool takes_alpha, takes_beta;
} table[] = {
    { "Relu", { apply_relu, 0, 0 }, false, false },
    { "Tanh", { apply_tanh, 0, 0 }, false, false },
    { "Sigmoid", { apply_sigmoid, 0, 0 }, false, false },
    { "Affine", { apply_affine, 1, 0 }, true, true },
    { "LeakyRelu", { apply_leaky_relu, 0.01, 0 }, true, false },
    { "ThresholdedRelu", { apply_thresholded_relu, 1, 0 }, true, false },
    { "ScaledTanh", { apply_scaled_tanh, 1, 1 }, true, true },
    { "HardSigmoid", { apply_hard_sigmoid, 0.2, 0.5 }, true, true },
    { "Elu", { apply_elu, 1, 0 }, true, false },
    { "Softsign", { apply_softsign, 0, 0 }, false, false },
    { "Softplus", { apply_softplus, 0, 0 }, false, false },
};

static size_t find_function(const char *name, size_t length) {
    for (size_t i = 0; i < ARRAY_LENGTH(table); i++)
        if (strlen(table[i].name) == length && strncasecmp(table[i].name, name, length) == 0)
            return i;
    return INDEX_NONE;
}

/* The next of a list of floats, or what was there before. */
static void use_up(const Attribute *list, size_t *used, double *value) {
    if (list && list->kind == ATTRIBUTE_FLOATS && *used < list->count)
        *value = (double)list->floats[(*used)++];
}

Status gate_functions_read(const KernelCall *call, const char *const *defaults,
                           size_t default_count, size_t count, GateFunction *functions) {
    const Attribute *names = node_find_attribute(call->node, "activations");
    const Attribute *alphas = node_find_attribute(call->node, "activation_alpha");
    const Attribute *betas = node_find_attribute(call->node, "activation_beta");
    size_t alpha_used = 0, beta_used = 0;
    if (names && (names->kind != ATTRIBUTE_STRINGS || names->count < count))
        return call_invalid(call, "activations: expected %zu names", count);
    for (size_t i = 0; i < count; i++) {
        const char *fallback = defaults[i % default_count];
        StringView name = names ? names->strings[i] : (StringView){ fallback, strlen(fallback) };
        size_t index = find_function(name.data, name.length);
        if (index == INDEX_NONE)
            return call_invalid(call, "activations: no function '%.*s'",
                                (int)MIN_OF(name.length, (size_t)40), name.data);
        functions[i] = table[index].function;
        if (table[index].takes_alpha)
            use_up(alphas, &alpha_used, &functions[i].alpha);
        if (table[index].takes_beta)
            use_up(betas, &beta_used, &functions[i].beta);
    }
    return status_ok();
}

double gate_apply(const GateFunction *function, double x, double clip) {
    return function->apply(fmin(fmax(x, -clip), clip), function->alpha, function->beta);
}
