/**
 * Reads a large body over HTTP/1.1 with one buffer for all reads. `fetch` and `node:http` allocate 64 KiB for each read,
 * which takes several times as long as the transfer of the bytes.
 *
 * 1. Parts belong to their reader. The buffer is reused for the next read.
 * 2. At most a few parts wait for the reader. If there are more, the socket is paused.
 * 3. A body that ends before its length, or without its last chunk, is an error.
 */
import { connect, isIP, type Socket, type TcpNetConnectOpts } from "node:net";
import { durationText } from "@tutti/kernel";

const bufferBytes = 262_144;
/** Larger ones cost a page fault for each 4 KiB. */
const partBytesMax = 65_536;
const waitingMax = 8;
const headBytesMax = 65_536;
const silenceMs = 300_000;

export interface HttpAnswer {
  readonly status: number;
  /** The body. Read it to its end or call `return`: the connection is open until then. */
  readonly body: AsyncGenerator<Uint8Array, void>;
}

export async function getOverSocket(url: URL, headers: Record<string, string>): Promise<HttpAnswer> {
  const incoming = new Incoming();
  const socket = await socketTo(url, (bytes) => incoming.receive(bytes));
  incoming.attach(socket);
  const lines = Object.entries({ host: url.host, ...headers, connection: "close" });
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join("");
  socket.write(`GET ${url.pathname}${url.search} HTTP/1.1\r\n${head}\r\n`);
  return { status: await incoming.status(), body: incoming.body() };
}

async function socketTo(
  { protocol, hostname, port }: URL,
  receive: (bytes: Buffer) => boolean,
): Promise<Socket> {
  const host = hostname.replace(/^\[|\]$/g, "");
  const callback = (length: number, buffer: Uint8Array) =>
    receive(Buffer.from(buffer.buffer, buffer.byteOffset, length));
  const onread = { buffer: Buffer.allocUnsafeSlow(bufferBytes), callback };
  const isEncrypted = protocol === "https:";
  const to: TcpNetConnectOpts = { host, port: Number(port || (isEncrypted ? 443 : 80)), onread };
  if (!isEncrypted) return connect(to);
  const tls = await import("node:tls");
  return tls.connect(isIP(host) === 0 ? { ...to, servername: host } : to);
}

/** Parts from the socket that the reader has not read yet. */
class Incoming {
  readonly #waiting: Uint8Array[] = [];
  readonly #parser = new AnswerParser((part) => this.#waiting.push(part));
  #socket: Socket | undefined = undefined;
  #failure: Error | undefined = undefined;
  #isClosed = false;
  #wake: () => void = () => {};

  attach(socket: Socket): void {
    this.#socket = socket;
    socket.setTimeout(silenceMs, () =>
      socket.destroy(new Error(`the server was silent for ${durationText(silenceMs)}`)),
    );
    socket.on("error", (error) => {
      this.#failure ??= error;
    });
    socket.on("close", () => {
      this.#isClosed = true;
      this.#wake();
    });
  }

  /** Accepts bytes. Returns false if the socket has to wait. */
  receive(bytes: Buffer): boolean {
    try {
      this.#parser.add(bytes);
    } catch (error) {
      this.#failure ??= error as Error;
      this.#socket?.destroy();
    }
    this.#wake();
    return this.#waiting.length < waitingMax;
  }

  async status(): Promise<number> {
    while (this.#parser.status === undefined) await this.#more();
    return this.#parser.status;
  }

  async *body(): AsyncGenerator<Uint8Array, void> {
    try {
      for (;;) {
        const part = this.#waiting.shift();
        if (part !== undefined) yield part;
        else if (this.#parser.isOver) return;
        else await this.#more();
      }
    } finally {
      this.#socket?.destroy();
    }
  }

  async #more(): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#isClosed) {
      this.#parser.finish();
      return;
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    this.#socket?.resume();
    await promise;
  }
}

type Phase = "head" | "body" | "chunk size" | "chunk" | "trailer" | "over";

/** Parses an HTTP/1.1 answer from bytes in any pieces. Exported for its test. */
export class AnswerParser {
  readonly #part: (part: Uint8Array) => void;
  #phase: Phase = "head";
  #text = "";
  #status: number | undefined = undefined;
  /** Bytes of the body, or of the chunk. Infinite for a body that the end of the connection ends. */
  #remaining = 0;

  constructor(part: (part: Uint8Array) => void) {
    this.#part = part;
  }

  /** Status of the answer. Undefined until the head has arrived. */
  get status(): number | undefined {
    return this.#status;
  }

  get isOver(): boolean {
    return this.#phase === "over";
  }

  /** Parses bytes. The caller may reuse them afterwards. */
  add(bytes: Buffer): void {
    for (let at = 0; at < bytes.length && this.#phase !== "over"; )
      at +=
        this.#phase === "body" || this.#phase === "chunk" ? this.#content(bytes, at) : this.#line(bytes, at);
  }

  /** Handles the end of the connection. */
  finish(): void {
    if (this.#phase === "body" && this.#remaining === Number.POSITIVE_INFINITY) this.#phase = "over";
    if (this.#phase !== "over") throw new Error("the connection ended before the answer did");
  }

  #content(bytes: Buffer, at: number): number {
    const some = bytes.subarray(at, at + Math.min(this.#remaining, bytes.length - at, partBytesMax));
    const part = Buffer.allocUnsafeSlow(some.length);
    some.copy(part);
    this.#part(part);
    this.#remaining -= some.length;
    if (this.#remaining === 0) this.#phase = this.#phase === "body" ? "over" : "chunk size";
    return some.length;
  }

  /** Reads a line. The lines of a head are one text that ends with an empty line. */
  #line(bytes: Buffer, at: number): number {
    const newline = bytes.indexOf(10, at);
    const end = newline < 0 ? bytes.length : newline + 1;
    this.#text += bytes.toString("latin1", at, end);
    if (this.#text.length > headBytesMax) throw new Error("the head of the answer is too long");
    if (newline >= 0) this.#lineEnded();
    return end - at;
  }

  #lineEnded(): void {
    if (this.#phase === "head") {
      if (!this.#text.endsWith("\r\n\r\n")) return;
      this.#headEnded(this.#text);
    } else if (this.#phase === "trailer") {
      if (this.#text.trim() === "") this.#phase = "over";
    } else if (this.#text !== "\r\n") {
      // The end of the previous chunk is an empty line.
      const [, size = ""] = /^([0-9a-f]{1,12})[ \t]*(?:;.*)?\r?\n$/i.exec(this.#text) ?? [];
      if (size === "") throw new Error("the answer has a chunk without a size");
      this.#remaining = Number.parseInt(size, 16);
      this.#phase = this.#remaining === 0 ? "trailer" : "chunk";
    }
    this.#text = "";
  }

  #headEnded(head: string): void {
    const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(head)?.[1]);
    if (Number.isNaN(status)) throw new Error("the answer is not HTTP");
    // A provisional answer. The final answer follows.
    if (status < 200) return;
    this.#status = status;
    const length = /\r\ncontent-length:[ \t]*(\d{1,15})[ \t]*\r\n/i.exec(head)?.[1];
    const isChunked = /\r\ntransfer-encoding:[^\r]*chunked[ \t]*\r\n/i.test(head);
    this.#remaining = length === undefined ? Number.POSITIVE_INFINITY : Number(length);
    if (isChunked) this.#phase = "chunk size";
    else this.#phase = this.#remaining === 0 ? "over" : "body";
  }
}
