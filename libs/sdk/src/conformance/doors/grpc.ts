/** Streams of gRPC. */
import { Server, ServerCredentials, type ServerDuplexStream } from "@grpc/grpc-js";
import { AgentFrame, agentLinkService } from "@tutti/contracts/agent/v1";
import type { Door, Wire } from "./door.ts";

type Stream = ServerDuplexStream<Uint8Array, Uint8Array>;

export async function openGrpcDoor(accept: (wire: Wire) => void): Promise<Door> {
  const server = new Server({ "grpc.max_receive_message_length": -1, "grpc.max_send_message_length": -1 });
  server.addService({ link }, { link: (stream: Stream) => accept(wireOf(stream)) });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  return { address: `127.0.0.1:${port}`, close: () => server.forceShutdown() };
}

function wireOf(stream: Stream): Wire {
  return {
    metadata: stream.metadata.getMap(),
    onMessage(take) {
      stream.on("data", (bytes: Uint8Array) => take(bytes, () => AgentFrame.decode(bytes)));
    },
    onEnd(ended) {
      for (const event of ["end", "cancelled", "error", "close"]) stream.on(event, ended);
      // A worker that has said all waits until the host has too.
      stream.on("end", () => stream.end());
    },
    write(frame) {
      if (!stream.cancelled) stream.write(frame);
    },
    end: () => stream.end(),
    cut: (code, details) => void stream.emit("error", { code, details }),
  };
}

const link = {
  path: agentLinkService.methods.link.path,
  requestStream: true,
  responseStream: true,
  requestSerialize: bufferOf,
  requestDeserialize: (bytes: Buffer): Uint8Array => bytes,
  responseSerialize: bufferOf,
  responseDeserialize: (bytes: Buffer): Uint8Array => bytes,
} as const;

function bufferOf({ buffer, byteOffset, length }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, length);
}
