// SPDX-FileCopyrightText: 2026 The inferd authors
// SPDX-License-Identifier: Apache-2.0

fn main() {
    let proto = std::env::var("INFERD_PROTO").unwrap_or("../../../proto".into());
    let inference = proto.clone() + "/inference";
    let files = [inference.clone() + "/grpc_service.proto", proto.clone() + "/tensorflow_serving/apis/prediction_service.proto"];
    tonic_prost_build::configure().build_server(false).compile_protos(&files, &[inference, proto]).expect("protoc");
}
