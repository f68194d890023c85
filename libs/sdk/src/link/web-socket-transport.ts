/**
 * Frames over a WebSocket, at `/v1/link` of the HTTP port: the port that a laptop, a cluster and a proxy show. The frames
 * are those of gRPC, as protobuf in binary messages.
 */
import type { WorkerCredentials } from "../worker/settings.ts";
import { type BlobAccess, blobsAt } from "./blobs.ts";
import type { LinkStream, StreamEvents, Transport } from "./transport.ts";

/** Of RFC 6455: normal closure. */
const closedNormally = 1000;

export class WebSocketTransport implements Transport {
  readonly #credentials: WorkerCredentials;
  readonly #open = new Set<WebSocket>();

  constructor(given: WorkerCredentials) {
    this.#credentials = given;
  }

  open(address: string, events: StreamEvents): LinkStream {
    const socket = new WebSocket(address, { headers: this.#headers() });
    socket.binaryType = "arraybuffer";
    this.#open.add(socket);
    const early: Uint8Array[] = [];
    let isOver = false;
    const end = (reason: string): void => {
      this.#open.delete(socket);
      if (isOver) return;
      isOver = true;
      events.ended(reason);
    };
    socket.onopen = () => {
      for (const bytes of early.splice(0)) socket.send(plain(bytes));
    };
    socket.onmessage = ({ data }: { readonly data: unknown }) => {
      if (isOver) return;
      // A text is no frame to one that speaks protobuf.
      events.frame(data instanceof ArrayBuffer ? new Uint8Array(data) : notAFrame);
    };
    socket.onerror = () => end("the WebSocket failed");
    socket.onclose = ({ reason }) => end(reason || "the host closed the WebSocket");
    const close = (): void => {
      if (socket.readyState === WebSocket.OPEN) socket.close(closedNormally);
      else if (socket.readyState === WebSocket.CONNECTING) socket.onopen = () => socket.close(closedNormally);
    };
    return {
      write: (bytes) => {
        if (isOver) return;
        // What is sent is kept for repetition in one buffer with others: the bytes are copied as they are sent.
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

/** A field of the number 0, which no message has. */
const notAFrame = Uint8Array.of(0);

function plain(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(bytes);
}
