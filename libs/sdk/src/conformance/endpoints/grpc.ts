/** The endpoint for gRPC streams. */
import { createHash } from "node:crypto";
import {
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServerReadableStream,
  type sendUnaryData,
} from "@grpc/grpc-js";
import { AgentFrame, agentLinkService } from "@tutti/contracts/agent/v1";
import { blobService, PutReply, PutRequest } from "@tutti/contracts/blob/v1";
import type { Wire, WorkerEndpoint } from "./endpoint.ts";

type Stream = ServerDuplexStream<Uint8Array, Uint8Array>;

export async function openGrpcEndpoint(accept: (wire: Wire) => void): Promise<WorkerEndpoint> {
  const server = new Server({ "grpc.max_receive_message_length": -1, "grpc.max_send_message_length": -1 });
  const stored = new Map<string, number>();
  server.addService(
    { link, put },
    {
      link: (stream: Stream) => accept(wireOf(stream)),
      put: (stream: Upload, answer: Answer) => receiveUpload(stream, stored, answer),
    },
  );
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, boundPort) =>
      error === null ? resolve(boundPort) : reject(error),
    );
  });
  return { address: `127.0.0.1:${port}`, stored, close: () => server.forceShutdown() };
}

function wireOf(stream: Stream): Wire {
  return {
    metadata: stream.metadata.getMap(),
    onMessage(receive) {
      stream.on("data", (bytes: Uint8Array) => receive(bytes, () => AgentFrame.decode(bytes)));
    },
    onEnd(ended) {
      for (const event of ["end", "cancelled", "error", "close"]) stream.on(event, ended);
      // A worker that has ended its side waits until the host ends the other side.
      stream.on("end", () => stream.end());
    },
    write(frame) {
      if (!stream.cancelled) stream.write(frame);
    },
    end: () => stream.end(),
    disconnect: (code, details) => void stream.emit("error", { code, details }),
  };
}

type Upload = ServerReadableStream<Uint8Array, Uint8Array>;
type Answer = sendUnaryData<Uint8Array>;

/** Receives an upload, and keeps only the size and hash. */
function receiveUpload(stream: Upload, stored: Map<string, number>, answer: Answer): void {
  const hash = createHash("sha256");
  let size = 0;
  stream.on("data", (bytes: Uint8Array) => {
    const { part } = PutRequest.decode(bytes);
    if (part?.$case !== "chunk") return;
    hash.update(part.value);
    size += part.value.length;
  });
  stream.on("end", () => {
    const sha256 = hash.digest();
    stored.set(sha256.toString("hex"), size);
    answer(null, PutReply.encode({ blob: { sha256, size } }).finish());
  });
}

const put = {
  path: blobService.methods.put.path,
  requestStream: true,
  responseStream: false,
  requestSerialize: bufferOf,
  requestDeserialize: (bytes: Buffer): Uint8Array => bytes,
  responseSerialize: bufferOf,
  responseDeserialize: (bytes: Buffer): Uint8Array => bytes,
} as const;

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
