/** The PROXY protocol, versions 1 and 2: the header that a proxy sends before the client's own bytes. */
import type { Socket } from "node:net";

const signature = Buffer.from([0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a]);
const lineMax = 107;
const waitMs = 5_000;

export type ProxyHeader =
  | { readonly kind: "more" }
  | { readonly kind: "wrong" }
  /** `address` is undefined if the proxy connects for itself, as in a health check. */
  | { readonly kind: "read"; readonly bytes: number; readonly address: string | undefined };

const more: ProxyHeader = { kind: "more" };
const wrong: ProxyHeader = { kind: "wrong" };

export function readProxyHeader(data: Buffer): ProxyHeader {
  const isBinary = data.subarray(0, signature.length).equals(signature.subarray(0, data.length));
  return isBinary ? readBinary(data) : readLine(data);
}

function readLine(data: Buffer): ProxyHeader {
  const end = data.subarray(0, lineMax).indexOf("\r\n");
  const text = data.toString("latin1", 0, end === -1 ? lineMax : end);
  if (!"PROXY ".startsWith(text.slice(0, 6))) return wrong;
  if (end === -1) return data.length < lineMax ? more : wrong;
  const [, family, source] = text.split(" ");
  if (family === "UNKNOWN") return { kind: "read", bytes: end + 2, address: undefined };
  const isKnown =
    (family === "TCP4" || family === "TCP6") && source !== undefined && /^[\da-f.:]+$/i.test(source);
  return isKnown ? { kind: "read", bytes: end + 2, address: source } : wrong;
}

function readBinary(data: Buffer): ProxyHeader {
  if (data.length < 16) return more;
  const [command = 0, family = 0] = data.subarray(12, 14);
  const bytes = 16 + data.readUInt16BE(14);
  if (command >> 4 !== 2 || (command & 15) > 1) return wrong;
  if (data.length < bytes) return more;
  const isLocal = (command & 15) === 0;
  const length = new Map([
    [1, 4],
    [2, 16],
  ]).get(family >> 4);
  if (isLocal || length === undefined) return { kind: "read", bytes, address: undefined };
  if (bytes < 16 + 2 * length) return wrong;
  return { kind: "read", bytes, address: printed(data.subarray(16, 16 + length)) };
}

function printed(address: Buffer): string {
  if (address.length === 4) return address.join(".");
  const groups = Array.from({ length: 8 }, (_, at) => address.readUInt16BE(2 * at).toString(16));
  // A URL has the canonical short form.
  return new URL(`http://[${groups.join(":")}]`).hostname.slice(1, -1);
}

/** Reads the header from a connection, and returns the remaining bytes to the connection. */
export class ProxyHeaderReader {
  readonly #socket: Socket;
  readonly #read: (address: string | undefined) => void;
  #data: Buffer = Buffer.alloc(0);

  constructor(socket: Socket, read: (address: string | undefined) => void) {
    this.#socket = socket;
    this.#read = read;
  }

  start(): void {
    this.#socket.setTimeout(waitMs, this.#destroy).on("error", this.#destroy).on("data", this.#onData);
  }

  readonly #destroy = (): void => {
    this.#socket.destroy();
  };

  readonly #onData = (data: Buffer): void => {
    this.#data = Buffer.concat([this.#data, data]);
    const found = readProxyHeader(this.#data);
    if (found.kind === "more") return;
    const socket = this.#socket;
    if (found.kind === "wrong") {
      this.#destroy();
      return;
    }
    socket.off("data", this.#onData).off("error", this.#destroy).off("timeout", this.#destroy).setTimeout(0);
    socket.pause();
    const rest = this.#data.subarray(found.bytes);
    if (rest.length > 0) socket.unshift(rest);
    this.#read(found.address);
    socket.resume();
  };
}
