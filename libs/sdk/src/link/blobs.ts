/** Reads and writes content of the blob store, in parts that are verified against the hash. */
import { createHash } from "node:crypto";
import { type blobService, PutRequest } from "@tutti/contracts/blob/v1";
import type { BlobReference } from "@tutti/contracts/types/v1";
import { errorFromUnknown } from "@tutti/kernel";
import type { Client } from "@tutti/mesh";
import { sdkErrors } from "../errors.ts";
import { getOverSocket, type HttpAnswer } from "./http-answer.ts";
import { post } from "./http-post.ts";

export interface BlobRequest {
  readonly namespace: string;
  readonly sha256: Uint8Array;
  readonly bytes: number;
}

/** Reads and writes content, over any connection of the worker or client. */
export interface BlobAccess {
  /** Yields the content. The last part follows after the hash was verified. Throws if the content is missing or wrong. */
  read(blob: BlobRequest): AsyncIterable<Uint8Array>;
  /** Writes content. Resolves when it is durable. */
  write(namespace: string, content: AsyncIterable<Uint8Array>): Promise<BlobReference>;
}

/** The content may not be read or stored. A retry does not help. */
export class BlobRefused extends Error {
  static {
    BlobRefused.prototype.name = "BlobRefused";
  }
}

/** Returns why content can never be read. Undefined if a retry or a permission may help. */
export function lossOf(status: string | undefined): string | undefined {
  if (status === "NOT_FOUND") return "it is not in the blob store";
  return status === "DATA_LOSS" ? "its content is damaged" : undefined;
}

export function unreadable({ sha256, bytes }: BlobRequest, reason: string): Error {
  return sdkErrors.dataUnreadable({ sha256: Buffer.from(sha256).toString("hex"), bytes, reason });
}

/** Returns whether a retry cannot succeed. */
export function isFinal(error: unknown): boolean {
  return error instanceof BlobRefused || sdkErrors.dataUnreadable.is(error);
}

/**
 * Reads content, with retries while the store is unavailable: `wait` decides how long to pause, or throws. Bytes of an
 * earlier attempt are skipped, so the reader sees the content once.
 */
export async function* readPatiently(
  read: () => AsyncIterable<Uint8Array>,
  wait: (error: unknown, failures: number) => Promise<void>,
): AsyncGenerator<Uint8Array, void> {
  let deliveredCount = 0;
  for (let failures = 0; ; failures++) {
    let at = 0;
    try {
      for await (const part of read()) {
        const known = Math.max(0, deliveredCount - at);
        at += part.length;
        if (known >= part.length) continue;
        deliveredCount = at;
        failures = 0;
        yield known === 0 ? part : part.subarray(known);
      }
      return;
    } catch (error) {
      await wait(error, failures);
    }
  }
}

/** Larger inputs and outputs are references to the store. Values that a run reads are inline, up to 1 MiB. */
export const storedAboveBytes = 65_536;

/** Limit of the contract. */
const chunkBytesMax = 1_048_576;

/** Passes parts on, and holds the last part back until the hash of all parts is verified. */
export async function* verified(
  parts: AsyncIterable<Uint8Array>,
  blob: BlobRequest,
): AsyncGenerator<Uint8Array, void> {
  const { sha256, bytes } = blob;
  const hash = createHash("sha256");
  let lengthBytes = 0;
  let previous: Uint8Array | undefined;
  for await (const part of parts) {
    lengthBytes += part.length;
    if (lengthBytes > bytes) break;
    hash.update(part);
    if (previous !== undefined) yield previous;
    previous = part;
  }
  if (lengthBytes !== bytes || !hash.digest().equals(sha256))
    throw unreadable(blob, `the store gave ${lengthBytes} bytes that do not have its hash`);
  if (previous !== undefined) yield previous;
}

export async function readAll(parts: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const read: Uint8Array[] = [];
  for await (const part of parts) read.push(part);
  return Buffer.concat(read);
}

/** Yields content in parts that fit into one message. */
export async function* partsOf(
  content: Uint8Array | AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void> {
  for await (const part of content instanceof Uint8Array ? [content] : content)
    for (let at = 0; at < part.length; at += chunkBytesMax) yield part.subarray(at, at + chunkBytesMax);
}

export async function* putRequests(
  namespace: string,
  content: AsyncIterable<Uint8Array>,
): AsyncGenerator<PutRequest, void> {
  yield PutRequest.fromPartial({ namespace, part: { $case: "header", value: {} } });
  for await (const value of partsOf(content))
    yield PutRequest.fromPartial({ part: { $case: "chunk", value } });
}

/** Returns access to the store over a client of the contract. */
export function blobsOver(client: Client<typeof blobService>): BlobAccess {
  const read = async function* (blob: BlobRequest) {
    const { namespace, sha256 } = blob;
    try {
      for await (const { chunk } of client.get({ namespace, sha256, offset: 0, length: 0 })) yield chunk;
    } catch (error) {
      const loss = lossOf(errorFromUnknown(error).status);
      throw loss === undefined ? callError(error) : unreadable(blob, loss);
    }
  };
  return {
    read: (blob) => verified(read(blob), blob),
    async write(namespace, content) {
      const { blob } = await client.put(putRequests(namespace, content)).catch((error: unknown) => {
        throw callError(error);
      });
      if (blob === undefined) throw new Error("the blob store gave no reference");
      return blob;
    },
  };
}

function callError(thrown: unknown): Error {
  const { status, retry, message } = errorFromUnknown(thrown);
  return retry === "never" || refusedStatuses.has(status) ? new BlobRefused(message) : new Error(message);
}

export const refusedStatuses: ReadonlySet<string> = new Set([
  ...["NOT_FOUND", "DATA_LOSS", "INVALID_ARGUMENT", "PERMISSION_DENIED", "UNAUTHENTICATED", "OUT_OF_RANGE"],
]);

/** Returns access to the store over HTTP, for clients that cannot reach the port of gRPC. */
export function blobsAt(server: string, headers: () => Record<string, string>): BlobAccess {
  const urlOf = (path: string, namespace: string): URL => {
    const url = new URL(path, server);
    url.searchParams.set("namespace", namespace);
    return url;
  };
  const request = async (blob: BlobRequest, range: Record<string, string>) => {
    const url = urlOf(`/v1/blobs/${Buffer.from(blob.sha256).toString("hex")}`, blob.namespace);
    const isLarge = blob.bytes > largeBytes && !("range" in range) && !usesProxies;
    const answer = await (isLarge ? getOverSocket : getByFetch)(url, { ...headers(), ...range });
    if (answer.status >= 200 && answer.status < 300) return answer.body;
    const text = Buffer.from(await readAll(answer.body)).toString();
    const problem = problemIn(text);
    const loss = lossOf(losses.get(problem?.code));
    throw loss === undefined ? answerError(answer.status, problem) : unreadable(blob, loss);
  };
  const read = async function* (blob: BlobRequest) {
    const body = await request(blob, {});
    try {
      yield* body;
    } catch (error) {
      // Damaged content ends the stream without a reason. The last byte is sent only if the whole content was right.
      await (await request(blob, { range: `bytes=${Math.max(0, blob.bytes - 1)}-` })).return();
      throw error;
    }
  };
  return {
    read: (blob) => verified(read(blob), blob),
    async write(namespace, content) {
      const { status, body } = await post(urlOf("/v1/blobs", namespace), headers(), partsOf(content));
      if (status !== 201) throw answerError(status, problemIn(body));
      const { blob } = JSON.parse(body) as {
        readonly blob: { readonly sha256: string; readonly size: number };
      };
      return { sha256: Buffer.from(blob.sha256, "hex"), size: blob.size };
    },
  };
}

/** Below this size, a separate connection costs more than it saves. */
const largeBytes = 4 * 1_048_576;
/** True if Node's own clients use the proxies of the environment. */
const usesProxies = process.env["NODE_USE_ENV_PROXY"] === "1" || process.execArgv.includes("--use-env-proxy");

async function getByFetch(url: URL, headers: Record<string, string>): Promise<HttpAnswer> {
  const { status, body } = await fetch(url, { headers });
  const parts = async function* () {
    if (body !== null) yield* body;
  };
  return { status, body: parts() };
}

interface Problem {
  readonly code?: unknown;
  readonly detail?: unknown;
}

function problemIn(text: string): Problem | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const losses: ReadonlyMap<unknown, string> = new Map([
  ["blobs.missing", "NOT_FOUND"],
  ["blobs.damaged", "DATA_LOSS"],
]);

function answerError(status: number, problem: Problem | undefined): Error {
  const detail = typeof problem?.detail === "string" ? `: ${problem.detail}` : "";
  const message = `the blob store answers with ${status}${detail}`;
  const isRefused = status >= 400 && status < 500 && status !== 429 && status !== 408;
  return isRefused ? new BlobRefused(message) : new Error(message);
}

/** Returns a blob store in memory, for tests. */
export function memoryBlobs(): BlobAccess & { contentOf(sha256: Uint8Array): Uint8Array | undefined } {
  const stored = new Map<string, Uint8Array>();
  const nameOf = (sha256: Uint8Array): string => Buffer.from(sha256).toString("hex");
  const read = async function* (blob: BlobRequest) {
    const content = stored.get(nameOf(blob.sha256));
    if (content === undefined) throw unreadable(blob, "it is not in the blob store");
    yield content;
  };
  return {
    contentOf: (sha256) => stored.get(nameOf(sha256)),
    read: (blob) => verified(read(blob), blob),
    async write(_, content) {
      const bytes = await readAll(content);
      const sha256 = createHash("sha256").update(bytes).digest();
      stored.set(nameOf(sha256), bytes);
      return { sha256, size: bytes.length };
    },
  };
}
