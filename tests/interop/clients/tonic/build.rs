// SPDX-FileCopyrightText: 2026 The inferd authors
// SPDX-License-Identifier: Apache-2.0

fn main() {
    let proto = std::env::var("INFERD_PROTO").expect("INFERD_PROTO: the folder of the contracts") + "/inference";
    tonic_prost_build::configure()
        .build_server(false)
        .compile_protos(&[proto.clone() + "/grpc_service.proto"], &[proto])
        .expect("protoc");
}
