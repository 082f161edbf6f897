// SPDX-FileCopyrightText: 2026 The inferd authors
// SPDX-License-Identifier: Apache-2.0

// digits TARGET PICTURE.pgm [CA.pem]: which digit is it? Asked in both protocols and over a stream.
package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"log"
	"math"
	"os"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"

	"example/pb/inference"
	"example/pb/tensorflow"
)

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

// The 8 x 8 pixels of a PGM as little-endian floats from 0 to 1.
func readPicture(path string) []byte {
	file, err := os.ReadFile(path)
	check(err)
	pixels := file[len(file)-64:]
	data := new(bytes.Buffer)
	for _, pixel := range pixels {
		check(binary.Write(data, binary.LittleEndian, float32(pixel)/255))
	}
	return data.Bytes()
}

func floats(raw []byte) []float32 {
	values := make([]float32, len(raw)/4)
	for i := range values {
		values[i] = math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:]))
	}
	return values
}

func show(way string, scores []float32) {
	best, score := 0, float32(-1)
	for i, value := range scores {
		if value > score {
			best, score = i, value
		}
	}
	fmt.Printf("%s %d %.4f\n", way, best, score)
}

func connect(target string, ca []string) *grpc.ClientConn {
	secure := insecure.NewCredentials()
	if len(ca) > 0 {
		var err error
		secure, err = credentials.NewClientTLSFromFile(ca[0], "")
		check(err)
	}
	// All addresses behind a name take turns; calls that find a server going away are sent again.
	connection, err := grpc.NewClient(target, grpc.WithTransportCredentials(secure), grpc.WithDefaultServiceConfig(`{
		"loadBalancingConfig": [{"round_robin": {}}],
		"methodConfig": [{"name": [{}], "retryPolicy": {"maxAttempts": 4, "initialBackoff": "0.05s", "maxBackoff": "2s",
			"backoffMultiplier": 2, "retryableStatusCodes": ["UNAVAILABLE"]}}]}`))
	check(err)
	return connection
}

func request(image []byte) *inference.ModelInferRequest {
	return &inference.ModelInferRequest{
		ModelName: "digits",
		Inputs: []*inference.ModelInferRequest_InferInputTensor{
			{Name: "image", Datatype: "FP32", Shape: []int64{1, 1, 8, 8}}},
		RawInputContents: [][]byte{image},
	}
}

// Open Inference Protocol: Triton's, KServe's.
func infer(ctx context.Context, connection *grpc.ClientConn, image []byte) []float32 {
	reply, err := inference.NewGRPCInferenceServiceClient(connection).ModelInfer(ctx, request(image))
	check(err)
	return floats(reply.RawOutputContents[0])
}

// TensorFlow Serving.
func predict(ctx context.Context, connection *grpc.ClientConn, image []byte) []float32 {
	dims := []*tensorflow.TensorShapeProto_Dim{{Size: 1}, {Size: 1}, {Size: 8}, {Size: 8}}
	reply := new(tensorflow.PredictResponse)
	check(connection.Invoke(ctx, "/tensorflow.serving.PredictionService/Predict", &tensorflow.PredictRequest{
		ModelSpec: &tensorflow.ModelSpec{Name: "digits"},
		Inputs: map[string]*tensorflow.TensorProto{"image": {
			Dtype:         tensorflow.DataType_DT_FLOAT,
			TensorShape:   &tensorflow.TensorShapeProto{Dim: dims},
			TensorContent: image,
		}},
	}, reply))
	return reply.Outputs["probabilities"].FloatVal
}

// Requests go out while answers come in.
func stream(ctx context.Context, connection *grpc.ClientConn, image []byte) (last []float32) {
	calls, err := inference.NewGRPCInferenceServiceClient(connection).ModelStreamInfer(ctx)
	check(err)
	go func() {
		for range 3 {
			if calls.Send(request(image)) != nil {
				return // Recv tells why
			}
		}
		check(calls.CloseSend())
	}()
	for {
		reply, err := calls.Recv()
		if err == io.EOF {
			return last
		}
		check(err)
		if reply.ErrorMessage != "" {
			log.Fatal(reply.ErrorMessage)
		}
		last = floats(reply.InferResponse.RawOutputContents[0])
	}
}

func main() {
	if len(os.Args) < 3 {
		log.Fatal("usage: digits TARGET PICTURE.pgm [CA.pem]")
	}
	connection := connect(os.Args[1], os.Args[3:])
	defer connection.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	image := readPicture(os.Args[2])
	show("inference", infer(ctx, connection, image))
	show("tensorflow", predict(ctx, connection, image))
	show("stream", stream(ctx, connection, image))
}
