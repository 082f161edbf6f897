// SPDX-FileCopyrightText: 2026 The inferd authors
// SPDX-License-Identifier: Apache-2.0

import com.google.protobuf.ByteString;
import inference.GRPCInferenceServiceGrpc;
import inference.GrpcService.ModelInferRequest;
import inference.GrpcService.ModelInferResponse;
import inference.GrpcService.ServerReadyRequest;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.function.IntUnaryOperator;

/** grpc-java against the Open Inference Protocol: Interop GRPC_PORT. */
public final class Interop {
    private static ByteString ints(IntUnaryOperator value) {
        ByteBuffer bytes = ByteBuffer.allocate(64).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < 16; i++) {
            bytes.putInt(value.applyAsInt(i));
        }
        return ByteString.copyFrom(bytes.array());
    }

    private static ModelInferRequest.InferInputTensor tensor(String name) {
        return ModelInferRequest.InferInputTensor.newBuilder()
                .setName(name).setDatatype("INT32").addAllShape(List.of(1L, 16L)).build();
    }

    private static void check(boolean good, String what) {
        if (!good) {
            throw new AssertionError(what);
        }
        System.out.println("ok   " + what);
    }

    public static void main(String[] arguments) {
        ManagedChannel channel = ManagedChannelBuilder.forAddress("127.0.0.1", Integer.parseInt(arguments[0])).usePlaintext().build();
        GRPCInferenceServiceGrpc.GRPCInferenceServiceBlockingStub client = GRPCInferenceServiceGrpc.newBlockingStub(channel);
        check(client.serverReady(ServerReadyRequest.getDefaultInstance()).getReady(), "ServerReady");
        ModelInferResponse reply = client.modelInfer(ModelInferRequest.newBuilder()
                .setModelName("simple").addInputs(tensor("INPUT0")).addInputs(tensor("INPUT1"))
                .addRawInputContents(ints(i -> i)).addRawInputContents(ints(i -> 3)).build());
        check(reply.getRawOutputContents(0).equals(ints(i -> i + 3)), "ModelInfer");
        try {
            client.modelInfer(ModelInferRequest.newBuilder().setModelName("nope").build());
            check(false, "an unknown model answered");
        } catch (StatusRuntimeException error) {
            check(error.getStatus().getCode() == Status.Code.NOT_FOUND, "NOT_FOUND");
        }
        channel.shutdownNow();
    }
}
