// SPDX-FileCopyrightText: 2026 The inferd authors
// SPDX-License-Identifier: Apache-2.0

import com.google.protobuf.ByteString;
import inference.GRPCInferenceServiceGrpc;
import inference.GrpcService.ModelInferRequest;
import inference.GrpcService.ModelStreamInferResponse;
import io.grpc.ChannelCredentials;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.TlsChannelCredentials;
import io.grpc.stub.StreamObserver;
import java.io.File;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import tensorflow.Tensor.TensorProto;
import tensorflow.TensorShape.TensorShapeProto;
import tensorflow.Types.DataType;
import tensorflow.serving.Model.ModelSpec;
import tensorflow.serving.Predict.PredictRequest;
import tensorflow.serving.PredictionServiceGrpc;

/** Digits TARGET PICTURE.pgm [CA.pem]: which digit is it? Asked in both protocols and over a stream. */
public final class Digits {
    private static final int PIXELS = 64;

    /** The 8 x 8 pixels of a PGM as floats from 0 to 1. */
    private static ByteString readPicture(String path) throws IOException {
        byte[] file = Files.readAllBytes(Path.of(path));
        ByteBuffer floats = ByteBuffer.allocate(4 * PIXELS).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = file.length - PIXELS; i < file.length; i++) {
            floats.putFloat((file[i] & 0xFF) / 255f);
        }
        return ByteString.copyFrom(floats.flip());
    }

    private static List<Float> floats(ByteString raw) {
        ByteBuffer bytes = raw.asReadOnlyByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
        return IntStream.range(0, raw.size() / 4).mapToObj(i -> bytes.getFloat(4 * i)).toList();
    }

    private static void show(String way, List<Float> scores) {
        float best = Collections.max(scores);
        System.out.printf("%s %d %.4f%n", way, scores.indexOf(best), best);
    }

    /** All addresses behind a name take turns; calls that find a server going away are sent again. */
    private static ManagedChannel connect(String target, String ca) throws IOException {
        ChannelCredentials credentials = ca == null ? InsecureChannelCredentials.create()
                : TlsChannelCredentials.newBuilder().trustManager(new File(ca)).build();
        return Grpc.newChannelBuilder(target, credentials).defaultLoadBalancingPolicy("round_robin").enableRetry()
                .maxInboundMessageSize(Integer.MAX_VALUE).build();
    }

    private static ModelInferRequest request(ByteString image) {
        return ModelInferRequest.newBuilder().setModelName("digits").addInputs(
                ModelInferRequest.InferInputTensor.newBuilder().setName("image").setDatatype("FP32")
                        .addAllShape(List.of(1L, 1L, 8L, 8L))).addRawInputContents(image).build();
    }

    /** Open Inference Protocol: Triton's, KServe's. */
    private static List<Float> infer(ManagedChannel channel, ByteString image) {
        return floats(GRPCInferenceServiceGrpc.newBlockingStub(channel).withDeadlineAfter(30, TimeUnit.SECONDS)
                .modelInfer(request(image)).getRawOutputContents(0));
    }

    /** TensorFlow Serving. */
    private static List<Float> predict(ManagedChannel channel, ByteString image) {
        var shape = TensorShapeProto.newBuilder();
        for (long size : new long[] {1, 1, 8, 8}) {
            shape.addDim(TensorShapeProto.Dim.newBuilder().setSize(size));
        }
        var tensor = TensorProto.newBuilder()
                .setDtype(DataType.DT_FLOAT).setTensorShape(shape).setTensorContent(image).build();
        return PredictionServiceGrpc.newBlockingStub(channel).withDeadlineAfter(30, TimeUnit.SECONDS)
                .predict(PredictRequest.newBuilder().setModelSpec(ModelSpec.newBuilder().setName("digits"))
                        .putInputs("image", tensor).build())
                .getOutputsOrThrow("probabilities").getFloatValList();
    }

    /** Requests go out while answers come in. */
    private static List<Float> stream(ManagedChannel channel, ByteString image) throws Exception {
        CompletableFuture<List<Float>> end = new CompletableFuture<>();
        StreamObserver<ModelInferRequest> requests = GRPCInferenceServiceGrpc.newStub(channel)
                .withDeadlineAfter(30, TimeUnit.SECONDS).modelStreamInfer(new StreamObserver<>() {
                    private List<Float> last;

                    @Override
                    public void onNext(ModelStreamInferResponse answer) {
                        if (!answer.getErrorMessage().isEmpty()) {
                            end.completeExceptionally(new IOException(answer.getErrorMessage()));
                            return;
                        }
                        last = floats(answer.getInferResponse().getRawOutputContents(0));
                    }

                    @Override
                    public void onError(Throwable error) {
                        end.completeExceptionally(error);
                    }

                    @Override
                    public void onCompleted() {
                        end.complete(last);
                    }
                });
        for (int i = 0; i < 3; i++) {
            requests.onNext(request(image));
        }
        requests.onCompleted();
        return end.get();
    }

    public static void main(String[] arguments) throws Exception {
        ManagedChannel channel = connect(arguments[0], arguments.length > 2 ? arguments[2] : null);
        ByteString image = readPicture(arguments[1]);
        show("inference", infer(channel, image));
        show("tensorflow", predict(channel, image));
        show("stream", stream(channel, image));
        channel.shutdown().awaitTermination(5, TimeUnit.SECONDS);
    }
}
