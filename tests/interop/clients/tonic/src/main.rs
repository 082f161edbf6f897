// SPDX-FileCopyrightText: 2026 The inferd authors
// SPDX-License-Identifier: Apache-2.0

//! tonic against the Open Inference Protocol: interop GRPC_PORT.

pub mod inference {
    tonic::include_proto!("inference");
}

use inference::grpc_inference_service_client::GrpcInferenceServiceClient;
use inference::model_infer_request::InferInputTensor;
use inference::{ModelInferRequest, ServerReadyRequest};

fn tensor(name: &str) -> InferInputTensor {
    InferInputTensor { name: name.into(), datatype: "INT32".into(), shape: vec![1, 16], ..Default::default() }
}

fn ints(value: impl Fn(i32) -> i32) -> Vec<u8> {
    (0..16).flat_map(|i| value(i).to_le_bytes()).collect()
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let port = std::env::args().nth(1).expect("a port");
    let mut client = GrpcInferenceServiceClient::connect(format!("http://127.0.0.1:{port}")).await?;
    assert!(client.server_ready(ServerReadyRequest {}).await?.into_inner().ready);
    let request = ModelInferRequest {
        model_name: "simple".into(),
        inputs: vec![tensor("INPUT0"), tensor("INPUT1")],
        raw_input_contents: vec![ints(|i| i).into(), ints(|_| 3).into()],
        ..Default::default()
    };
    let reply = client.model_infer(request).await?.into_inner();
    assert_eq!(reply.raw_output_contents[0].to_vec(), ints(|i| i + 3));
    println!("ok   ModelInfer");
    let error = client.model_infer(ModelInferRequest { model_name: "nope".into(), ..Default::default() }).await.unwrap_err();
    assert_eq!(error.code(), tonic::Code::NotFound);
    println!("ok   NOT_FOUND");
    Ok(())
}
