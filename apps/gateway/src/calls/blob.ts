/**
 * Transfers the bytes of blobs unchanged. Browsers neither run nor show them. The bytes of a request are streamed at
 * the speed of the store.
 */
import type { ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { blobService, type GetReply, PutRequest } from "@tutti/contracts/blob/v1";
import { errorFromUnknown, type Timers } from "@tutti/kernel";
import type { Mesh, ReplyStream } from "@tutti/mesh";
import { routeNamed } from "@tutti/rest";
import { refusal } from "@tutti/rest/json";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { isOfBrowser } from "../access/origin.ts";
import { gatewayErrors } from "../errors.ts";
import { dataHeaders } from "../front/headers.ts";
import type { RequestContext } from "./request-context.ts";

const mediaType = /^[\w!#$&^.+-]{1,100}\/[\w!#$&^.+-]{1,100}$/;

export function blobAnswer(mesh: Pick<Mesh, "client">) {
  const blobs = mesh.client(blobService);
  return async (
    request: FastifyRequest,
    reply: FastifyReply,
    context: RequestContext,
    query: URLSearchParams,
  ) => {
    const { sha256, namespace, type } = blobRequestOf(request, query);
    const open = (range: BlobRange) => blobs.get({ namespace, sha256, ...range }, { context });
    const opened = await openRange(request.headers.range, open);
    if ("refusedAt" in opened) {
      await reply
        .code(416)
        .headers({ ...dataHeaders, "content-range": `bytes */${opened.refusedAt}` })
        .send();
      return;
    }
    const { range, replies, first } = opened;
    const size = first.done ? 0 : first.value.size;
    const last = range?.length ? Math.min(size, range.offset + range.length) : size;
    const { raw } = reply.hijack();
    // A caller that goes away ends the call.
    raw.on("error", () => {});
    raw.writeHead(range === undefined ? 200 : 206, {
      ...dataHeaders,
      "content-type": type,
      "content-disposition": "attachment",
      "accept-ranges": "bytes",
      "content-length": last - (range?.offset ?? 0),
      ...(range && { "content-range": `bytes ${range.offset}-${last - 1}/${size}` }),
    });
    try {
      if (!first.done) await written(raw, first.value.chunk);
      for await (const { chunk } of replies) await written(raw, chunk);
      raw.end();
    } catch (error) {
      // The response of a damaged blob is cut.
      raw.destroy();
      throw error;
    }
  };
}

/** Resolves when the bytes are on their way: their memory may be used again afterwards. */
function written(raw: ServerResponse, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    raw.write(bytes, (error) => (error ? reject(error) : resolve()));
  });
}

/** The handler reads the body itself. */
export function acceptUploads(
  app: FastifyInstance,
  url: string,
  handler: (request: FastifyRequest, reply: FastifyReply) => Promise<void>,
): void {
  app.register(async (child) => {
    child.removeAllContentTypeParsers();
    child.addContentTypeParser("*", (_, body, done) => done(null, body));
    child.post(url, handler);
  });
}

const chunkBytesMax = 1_048_576;

export interface StoredParts {
  readonly mesh: Pick<Mesh, "client">;
  readonly timers: Timers;
  /** Throws as soon as the body exceeds its caller's limit. */
  readonly requireSize: (bytes: number) => void;
}

/** Stores the body of a request. An upload may take any time as long as bytes arrive, and the store accepts them. */
export async function stored(
  { mesh, timers, requireSize }: StoredParts,
  { headers, body }: Pick<FastifyRequest, "headers" | "body">,
  context: RequestContext,
  query: URLSearchParams,
): Promise<{ readonly blob: { readonly sha256: string; readonly size: number } }> {
  const type = headers["content-type"] ?? "";
  // Other types can be sent by a form of another site without a preflight request.
  if (isOfBrowser(headers) && !/^application\/octet-stream\b/i.test(type))
    throw gatewayErrors.mediaTypeUnknown({ found: type === "" ? "none" : type });
  const namespace = namespaceOf(query, "blobs.put");
  const size = headers["content-length"] === undefined ? undefined : Number(headers["content-length"]);
  const content = body instanceof Readable ? body : Readable.from([]);
  const idle = new AbortController();
  let timer = timers.after(uploadIdleMs, () => idle.abort());
  const moved = (bytes: number): void => {
    timer.cancel();
    timer = timers.after(uploadIdleMs, () => idle.abort());
    requireSize(bytes);
  };
  try {
    const { blob } = await mesh
      .client(blobService)
      .put(partsOf(namespace, size, measured(content, moved)), { context, signal: idle.signal });
    if (blob === undefined) throw new Error("the blob store gave no reference");
    return { blob: { sha256: Buffer.from(blob.sha256).toString("hex"), size: blob.size } };
  } catch (error) {
    if (idle.signal.aborted) throw gatewayErrors.uploadIdle({ minutes: uploadIdleMs / 60_000 });
    throw error;
  } finally {
    timer.cancel();
  }
}

/** Maximum time between two parts, and between the last part and the answer of the store. */
const uploadIdleMs = 600_000;

/** The size of a chunked body is known only at its end. */
async function* measured(
  content: AsyncIterable<Buffer>,
  moved: (bytes: number) => void,
): AsyncGenerator<Buffer, void> {
  let length = 0;
  for await (const bytes of content) {
    length += bytes.length;
    moved(length);
    yield bytes;
  }
}

async function* partsOf(
  namespace: string,
  size: number | undefined,
  content: AsyncIterable<Buffer>,
): AsyncGenerator<PutRequest, void> {
  yield PutRequest.fromPartial({ namespace, part: { $case: "header", value: { size } } });
  let count = 0;
  for await (const bytes of content) {
    for (let at = 0; at < bytes.length; at += chunkBytesMax)
      yield PutRequest.fromPartial({
        part: { $case: "chunk", value: bytes.subarray(at, at + chunkBytesMax) },
      });
    if (++count > retainedMax) release(bytes);
  }
}

/** The mesh keeps fewer of the first requests, for another attempt. */
const retainedMax = 100;

/** Frees memory at once. As garbage it costs several times as much as moving the bytes. */
function release({ buffer, length }: Buffer): void {
  if (length === buffer.byteLength && buffer instanceof ArrayBuffer) buffer.transfer(0);
}

function namespaceOf(query: URLSearchParams, route: "blobs.put"): string {
  const unknown = [...query.keys()].filter((name) => name !== "namespace" && name !== "requestTimeoutMs");
  if (unknown.length > 0)
    throw refusal(
      routeNamed(route),
      unknown.map((field) => ({ field, message: "expected namespace alone" })),
    );
  return query.get("namespace") ?? "";
}

const fullRange = { offset: 0, length: 0 } as const;

interface BlobRange {
  readonly offset: number;
  readonly length: number;
}

type Replies = ReplyStream<GetReply>;

/** An opened blob with its first reply, which has its size. */
interface OpenedRange {
  /** Undefined for the whole blob. */
  readonly range: BlobRange | undefined;
  readonly replies: Replies;
  readonly first: IteratorResult<GetReply, undefined>;
}

/**
 * Opens a single range of a blob, or returns the size of the blob if the range is outside. For any other request it opens
 * the whole blob, as the protocol allows. A failure before the first bytes becomes a problem, as in other routes.
 */
async function openRange(
  header: string | undefined,
  open: (range: BlobRange) => Replies,
): Promise<OpenedRange | { readonly refusedAt: number }> {
  const opened = async (range: BlobRange | undefined): Promise<OpenedRange> => {
    const replies = open(range ?? fullRange);
    return { range, replies, first: await replies.next() };
  };
  const [, from = "", to = ""] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header ?? "") ?? [];
  if (from === "" && to === "") return opened(undefined);
  if (from !== "" && to !== "" && Number(to) < Number(from)) return opened(undefined);
  if (from !== "") {
    const asked = { offset: Number(from), length: to === "" ? 0 : Number(to) - Number(from) + 1 };
    const found = await opened(asked).catch((error: unknown) => {
      if (errorFromUnknown(error).status !== "OUT_OF_RANGE") throw error;
      return undefined;
    });
    const size = found?.first.done === false ? found.first.value.size : 0;
    if (found !== undefined && asked.offset < size) return found;
    await found?.replies.return();
  }
  return openBySize({ from, to }, opened);
}

/** Opens a range that is outside, or counts from the end: both depend on the size of the blob. */
async function openBySize(
  { from, to }: { readonly from: string; readonly to: string },
  opened: (range: BlobRange | undefined) => Promise<OpenedRange>,
): Promise<OpenedRange | { readonly refusedAt: number }> {
  const whole = await opened(undefined);
  const size = whole.first.done ? 0 : whole.first.value.size;
  // An empty blob has no byte that a range could name.
  if (size === 0) return whole;
  await whole.replies.return();
  if (from !== "" || Number(to) === 0) return { refusedAt: size };
  return opened({ offset: Math.max(0, size - Number(to)), length: 0 });
}

function blobRequestOf({ params }: FastifyRequest, query: URLSearchParams) {
  const { sha256 = "" } = params as { readonly sha256?: string };
  const wrong: { field: string; message: string }[] = [];
  const add = (field: string, message: string) => wrong.push({ field, message });
  if (!/^[0-9a-f]{64}$/i.test(sha256)) add("sha256", "expected 64 hexadecimal digits");
  const type = query.get("mediaType") ?? "application/octet-stream";
  if (!mediaType.test(type)) add("mediaType", "expected a media type such as image/png");
  for (const name of query.keys()) {
    if (name !== "namespace" && name !== "mediaType") add(name, "expected namespace or mediaType alone");
  }
  if (wrong.length > 0) throw refusal(routeNamed("blobs.get"), wrong);
  return { sha256: Buffer.from(sha256, "hex"), namespace: query.get("namespace") ?? "", type };
}
