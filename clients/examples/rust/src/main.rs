// SPDX-FileCopyrightText: 2026 The inferd authors
// SPDX-License-Identifier: Apache-2.0

//! digits TARGET PICTURE.pgm [CA.pem]: which digit is it? Asked in both protocols and over a stream.

pub mod inference {
    tonic::include_proto!("inference");
}
pub mod tensorflow {
    tonic::include_proto!("tensorflow");
    pub mod serving {
        tonic::include_proto!("tensorflow.serving");
    }
}

use std::{env, error::Error, fs, time::Duration};

use inference::grpc_inference_service_client::GrpcInferenceServiceClient;
use inference::{model_infer_request::InferInputTensor, ModelInferRequest};
use tensorflow::serving::{prediction_service_client::PredictionServiceClient, ModelSpec, PredictRequest};
use tensorflow::{tensor_shape_proto::Dim, DataType, TensorProto, TensorShapeProto};
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint};

const PIXELS: usize = 64;
const SHAPE: [i64; 4] = [1, 1, 8, 8];

/// The 8 x 8 pixels of a PGM as little-endian floats from 0 to 1.
fn read_picture(path: &str) -> Result<Vec<u8>, Box<dyn Error>> {
    let file = fs::read(path)?;
    let pixels = file.len().checked_sub(PIXELS).ok_or("not a picture of 8 x 8")?;
    Ok(file[pixels..].iter().flat_map(|pixel| (f32::from(*pixel) / 255.0).to_le_bytes()).collect())
}

fn floats(raw: &[u8]) -> Vec<f32> {
    raw.chunks_exact(4).map(|four| f32::from_le_bytes(four.try_into().unwrap())).collect()
}

fn show(way: &str, scores: &[f32]) {
    let (best, score) = scores.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1)).expect("a score");
    println!("{way} {best} {score:.4}");
}

async fn connect(target: &str, ca: Option<&String>) -> Result<Channel, Box<dyn Error>> {
    let endpoint = match ca {
        None => Endpoint::from_shared(format!("http://{target}"))?,
        Some(path) => Endpoint::from_shared(format!("https://{target}"))?
            .tls_config(ClientTlsConfig::new().ca_certificate(Certificate::from_pem(fs::read(path)?)))?,
    };
    Ok(endpoint.timeout(Duration::from_secs(30)).connect().await?)
}

fn request(image: &[u8]) -> ModelInferRequest {
    ModelInferRequest {
        model_name: "digits".into(),
        inputs: vec![InferInputTensor { name: "image".into(), datatype: "FP32".into(), shape: SHAPE.into(), ..Default::default() }],
        raw_input_contents: vec![image.to_vec().into()],
        ..Default::default()
    }
}

/// Open Inference Protocol: Triton's, KServe's.
async fn infer(channel: &Channel, image: &[u8]) -> Result<Vec<f32>, Box<dyn Error>> {
    let reply = GrpcInferenceServiceClient::new(channel.clone()).model_infer(request(image)).await?.into_inner();
    Ok(floats(&reply.raw_output_contents[0]))
}

/// TensorFlow Serving.
async fn predict(channel: &Channel, image: &[u8]) -> Result<Vec<f32>, Box<dyn Error>> {
    let dim = SHAPE.iter().map(|size| Dim { size: *size, ..Default::default() }).collect();
    let tensor = TensorProto {
        dtype: DataType::DtFloat.into(),
        tensor_shape: Some(TensorShapeProto { dim, ..Default::default() }),
        tensor_content: image.to_vec().into(),
        ..Default::default()
    };
    let request = PredictRequest {
        model_spec: Some(ModelSpec { name: "digits".into(), ..Default::default() }),
        inputs: [("image".to_string(), tensor)].into(),
        ..Default::default()
    };
    let reply = PredictionServiceClient::new(channel.clone()).predict(request).await?.into_inner();
    Ok(reply.outputs["probabilities"].float_val.clone())
}

/// Requests go out while answers come in.
async fn stream(channel: &Channel, image: &[u8]) -> Result<Vec<f32>, Box<dyn Error>> {
    let requests = tokio_stream::iter(vec![request(image), request(image), request(image)]);
    let mut answers = GrpcInferenceServiceClient::new(channel.clone()).model_stream_infer(requests).await?.into_inner();
    let mut last = Vec::new();
    while let Some(answer) = answers.message().await? {
        let response = answer.infer_response.ok_or(answer.error_message)?;
        last = floats(&response.raw_output_contents[0]);
    }
    Ok(last)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [target, picture, ..] = arguments.as_slice() else {
        return Err("usage: digits TARGET PICTURE.pgm [CA.pem]".into());
    };
    let channel = connect(target, arguments.get(2)).await?;
    let image = read_picture(picture)?;
    show("inference", &infer(&channel, &image).await?);
    show("tensorflow", &predict(&channel, &image).await?);
    show("stream", &stream(&channel, &image).await?);
    Ok(())
}
