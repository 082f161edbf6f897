#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The inferd authors
# SPDX-License-Identifier: Apache-2.0
#
# grpcurl.sh INFERD SAMPLES: lists, describes and calls every method with grpcurl, which knows only the address. It is no
# Debian package: tools/install_grpcurl puts it into the cache; without it this is skipped (exit 77).

set -euo pipefail
inferd=$1 samples=$2
cache=${INFERD_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/inferd}
grpcurl=$cache/bin/grpcurl
if [ ! -x "$grpcurl" ]; then
    echo "grpcurl is not installed (tools/install_grpcurl, which needs Go and the network)"
    exit 77
fi

log=$(mktemp)
"$inferd" --model-repository="$samples/models" --port=0 --grpc-address=127.0.0.1 2>"$log" &
server=$!
trap 'kill -TERM $server 2>/dev/null || true; wait $server || true; rm -f "$log"' EXIT
# grep leaves tail with a broken pipe, which is no failure.
line=$(timeout 60 tail -n +1 -f --pid="$server" "$log" | grep -m1 "event=ready" || true)
[ -n "$line" ] || { cat "$log"; exit 1; }
port=$(sed -n 's/.*event=listening port=\([0-9]*\).*/\1/p' "$log")

failed=0 passed=0
# check TEXT ARGUMENTS...: the output must have the text; arguments end in what grpcurl is asked.
check() {
    local text=$1 output
    shift
    if output=$("$grpcurl" -plaintext -max-time 20 "$@" 2>&1) && grep -qF -- "$text" <<<"$output"; then
        passed=$((passed + 1))
        echo "ok   ${*: -1}"
    else
        failed=$((failed + 1))
        printf 'FAIL %s: no "%s" in:\n%s\n' "${*: -1}" "$text" "$output"
    fi
}

at=127.0.0.1:$port
for service in tensorflow.serving.PredictionService tensorflow.serving.ModelService inference.GRPCInferenceService \
    grpc.health.v1.Health grpc.reflection.v1.ServerReflection grpc.reflection.v1alpha.ServerReflection; do
    check "$service" "$at" list
    check "is a service" "$at" describe "$service"
done
check "PredictRequest is a message" "$at" describe tensorflow.serving.PredictRequest

x='[0.125,0.25,0.375,0.5,0.625,0.75,0.875,1.0,1.125,1.25]'
spec='"model_spec":{"name":"two_layer"}'
tensor='{"dtype":"DT_FLOAT","tensor_shape":{"dim":[{"size":1},{"size":10}]},"float_val":'$x'}'
input='{"name":"x","datatype":"FP32","shape":[1,10],"contents":{"fp32_contents":'$x'}}'
call() { # TEXT METHOD [JSON]
    check "$1" -d "${3:-{\}}" "$at" "$2"
}
call '1.12' tensorflow.serving.PredictionService/Predict "{$spec,\"inputs\":{\"x\":$tensor}}"
call serving_default tensorflow.serving.PredictionService/GetModelMetadata "{$spec,\"metadata_field\":[\"signature_def\"]}"
call AVAILABLE tensorflow.serving.ModelService/GetModelStatus "{$spec}"
call '"live": true' inference.GRPCInferenceService/ServerLive
call '"ready": true' inference.GRPCInferenceService/ServerReady
call '"ready": true' inference.GRPCInferenceService/ModelReady '{"name":"digits"}'
call inferd inference.GRPCInferenceService/ServerMetadata
call probabilities inference.GRPCInferenceService/ModelMetadata '{"name":"digits"}'
call rawOutputContents inference.GRPCInferenceService/ModelInfer "{\"model_name\":\"two_layer\",\"inputs\":[$input]}"
call SERVING grpc.health.v1.Health/Check '{"service":"digits"}'
call two_layer grpc.health.v1.Health/List
echo "grpcurl: $passed passed, $failed failed"
[ "$failed" = 0 ]
