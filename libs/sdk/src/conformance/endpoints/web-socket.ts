/** The endpoint for WebSockets, as at `/v1/link` of the gateway: JSON in text messages, protobuf in binary messages. */
import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { AgentFrame, HostFrame } from "@tutti/contracts/agent/v1";
import { type WebSocket, WebSocketServer } from "ws";
import type { Wire, WorkerEndpoint } from "./endpoint.ts";

/** Codes of RFC 6455. */
const closed = { normally: 1000, failed: 1011 } as const;

export async function openWebSocketEndpoint(accept: (wire: Wire) => void): Promise<WorkerEndpoint> {
  const stored = new Map<string, number>();
  const http = createServer((request, response) => receiveUpload(request, response, stored));
  const server = new WebSocketServer({ server: http, path: "/v1/link", perMessageDeflate: false });
  await new Promise<void>((resolve, reject) => {
    http.on("error", reject);
    http.listen(0, "127.0.0.1", resolve);
  });
  server.on("connection", (socket, { headers }) => accept(wireOf(socket, { ...headers })));
  const address = http.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    address: `ws://127.0.0.1:${port}/v1/link`,
    stored,
    close() {
      for (const socket of server.clients) socket.terminate();
      server.close();
      http.close();
      http.closeAllConnections();
    },
  };
}

/** Receives `POST /v1/blobs`, and keeps only the size and hash. */
function receiveUpload(
  request: IncomingMessage,
  response: ServerResponse,
  stored: Map<string, number>,
): void {
  const hash = createHash("sha256");
  let size = 0;
  request.on("data", (bytes: Buffer) => {
    hash.update(bytes);
    size += bytes.length;
  });
  request.on("end", () => {
    const sha256 = hash.digest("hex");
    stored.set(sha256, size);
    response.writeHead(201, { "content-type": "application/json" });
    response.end(JSON.stringify({ blob: { sha256, size } }));
  });
}

function wireOf(socket: WebSocket, metadata: Record<string, unknown>): Wire {
  let isText = true;
  return {
    metadata,
    onMessage(receive) {
      socket.on("message", (message: Buffer, isBinary: boolean) => {
        isText = !isBinary;
        receive(message, () =>
          isBinary ? AgentFrame.decode(message) : AgentFrame.fromJSON(JSON.parse(message.toString("utf8"))),
        );
      });
    },
    onEnd(ended) {
      socket.on("close", ended);
      socket.on("error", ended);
    },
    write: (frame) => socket.send(isText ? textOf(frame) : frame),
    end: () => socket.close(closed.normally),
    disconnect: (_code, reason) => socket.close(closed.failed, reason),
  };
}

/** Returns the frame as JSON. Bytes that are not a frame become a text that is not a frame. */
function textOf(frame: Uint8Array): string {
  try {
    return JSON.stringify(HostFrame.toJSON(HostFrame.decode(frame)));
  } catch {
    return "no JSON";
  }
}
