/**
 * Frames over a WebSocket, at `/v1/link` of the HTTP port. Laptops, clusters and proxies expose this port. The frames are
 * the same as over gRPC: protobuf in binary messages.
 */
import { randomBytes } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { WorkerCredentials } from "../worker/settings.ts";
import { type BlobAccess, blobsAt } from "./blobs.ts";
import type { LinkStream, StreamEvents, Transport } from "./transport.ts";

/** Normal closure in RFC 6455. */
const closedNormally = 1000;

const refusalTimeoutMs = 2_000;
const problemBytesMax = 8_192;

export class WebSocketTransport implements Transport {
  readonly #credentials: WorkerCredentials;
  readonly #open = new Set<WebSocket>();

  constructor(workerCredentials: WorkerCredentials) {
    this.#credentials = workerCredentials;
  }

  open(address: string, events: StreamEvents): LinkStream {
    const socket = new WebSocket(address, { headers: this.#headers() });
    socket.binaryType = "arraybuffer";
    this.#open.add(socket);
    const early: Uint8Array[] = [];
    let isOver = false;
    let wasOpen = false;
    const end = (reason: string, isKeyRefused = false): void => {
      this.#open.delete(socket);
      if (isOver) return;
      isOver = true;
      events.ended(reason, isKeyRefused);
    };
    socket.onopen = () => {
      wasOpen = true;
      for (const bytes of early.splice(0)) socket.send(plain(bytes));
    };
    socket.onmessage = ({ data }: { readonly data: unknown }) => {
      if (isOver) return;
      // A text message is not a protobuf frame.
      events.frame(data instanceof ArrayBuffer ? new Uint8Array(data) : notAFrame);
    };
    // On Node 20 the WebSocket comes from `ws`. An error without a listener ends the process. `onclose` follows each error.
    socket.onerror = () => {};
    // Node gives no reason for a failed handshake.
    socket.onclose = ({ reason }) => {
      if (wasOpen) end(reason || "the host closed the WebSocket");
      else void refusal(address, this.#headers()).then((answer) => end(answer.reason, answer.isKeyRefused));
    };
    const close = (): void => {
      if (socket.readyState === WebSocket.OPEN) socket.close(closedNormally);
      else if (socket.readyState === WebSocket.CONNECTING) socket.onopen = () => socket.close(closedNormally);
    };
    return {
      write: (bytes) => {
        if (isOver) return;
        // The bytes are copied because the outbox keeps them in a shared buffer for repetition.
        if (socket.readyState === WebSocket.OPEN) socket.send(plain(bytes));
        else early.push(bytes);
      },
      end: close,
      cancel: () => {
        isOver = true;
        close();
      },
    };
  }

  blobs(address: string): BlobAccess {
    return blobsAt(address.replace(/^ws/, "http"), () => this.#headers());
  }

  close(): void {
    for (const socket of this.#open) socket.close(closedNormally);
  }

  #headers(): Record<string, string> {
    const { accessToken } = this.#credentials;
    return accessToken === undefined ? {} : { authorization: `Bearer ${accessToken}` };
  }
}

interface Refusal {
  readonly reason: string;
  readonly isKeyRefused: boolean;
}

/** Requests the same upgrade by plain HTTP to find out why an address refuses a WebSocket. */
async function refusal(address: string, headers: Record<string, string>): Promise<Refusal> {
  const { request } = await (address.startsWith("wss:") ? import("node:https") : import("node:http"));
  const upgrade = { connection: "Upgrade", upgrade: "websocket", "sec-websocket-version": "13" };
  const outgoing = request(address.replace(/^ws/, "http"), {
    headers: { ...headers, ...upgrade, "sec-websocket-key": randomBytes(16).toString("base64") },
    timeout: refusalTimeoutMs,
  });
  return new Promise((resolveRefusal) => {
    const resolve = (reason: string, isKeyRefused = false) => resolveRefusal({ reason, isKeyRefused });
    outgoing.on(
      "response",
      (answer) => void problemOf(answer).then((reason) => resolve(reason, answer.statusCode === 401)),
    );
    outgoing.on("timeout", () => outgoing.destroy(new Error("the host does not answer")));
    outgoing.on("upgrade", (_, socket) => {
      socket.destroy();
      resolve("the WebSocket failed");
    });
    outgoing.on("error", ({ code, message }: NodeJS.ErrnoException) => {
      if (typeof code === "string" && code.startsWith("HPE_")) resolve("the answer is not HTTP");
      else resolve(typeof code === "string" ? code : message);
    });
    outgoing.end();
  });
}

/** Returns the platform's reason for a refusal, else the status. */
async function problemOf(answer: IncomingMessage): Promise<string> {
  try {
    let text = "";
    for await (const part of answer.setEncoding("utf8")) {
      text += part;
      if (text.length > problemBytesMax) break;
    }
    const { detail, title } = JSON.parse(text) as { readonly detail?: unknown; readonly title?: unknown };
    if (typeof (detail ?? title) === "string") return String(detail ?? title);
  } catch {
    // Not JSON: the status is the reason.
  }
  return `the host answers with status ${answer.statusCode}`;
}

/** Bytes with field number 0, which is invalid in every message. */
const notAFrame = Uint8Array.of(0);

function plain(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(bytes);
}
