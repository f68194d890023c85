/**
 * Transfers the bytes of blobs unchanged. Browsers neither run nor show them. The bytes of a request are streamed at
 * the speed of the store.
 */
import type { ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { blobService, PutRequest } from "@tutti/contracts/blob/v1";
import type { Mesh } from "@tutti/mesh";
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
    const range = await rangeOf(request.headers.range, async () => {
      const replies = open(fullRange);
      const { done, value } = await replies.next();
      await replies.return?.();
      return done ? 0 : value.size;
    });
    if (range !== undefined && "refusedAt" in range) {
      await reply
        .code(416)
        .headers({ ...dataHeaders, "content-range": `bytes */${range.refusedAt}` })
        .send();
      return;
    }
    const replies = open(range ?? fullRange);
    // A failure before the first bytes becomes a problem, as in other routes.
    const first = await replies.next();
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

/** Stores the body of a request. `requireSize` throws as soon as the body exceeds its caller's limit. */
export async function stored(
  mesh: Pick<Mesh, "client">,
  { headers, body }: FastifyRequest,
  context: RequestContext,
  query: URLSearchParams,
  requireSize: (bytes: number) => void,
): Promise<{ readonly blob: { readonly sha256: string; readonly size: number } }> {
  const type = headers["content-type"] ?? "";
  // Other types can be sent by a form of another site without a preflight request.
  if (isOfBrowser(headers) && !/^application\/octet-stream\b/i.test(type))
    throw gatewayErrors.mediaTypeUnknown({ found: type === "" ? "none" : type });
  const namespace = namespaceOf(query, "blobs.put");
  const size = headers["content-length"] === undefined ? undefined : Number(headers["content-length"]);
  const content = body instanceof Readable ? body : Readable.from([]);
  const { blob } = await mesh
    .client(blobService)
    .put(partsOf(namespace, size, measured(content, requireSize)), {
      context,
      timeoutMs: context.atLeast(uploadMs),
    });
  if (blob === undefined) throw new Error("the blob store gave no reference");
  return { blob: { sha256: Buffer.from(blob.sha256).toString("hex"), size: blob.size } };
}

const uploadMs = 600_000;

/** The size of a chunked body is known only at its end. */
async function* measured(
  content: AsyncIterable<Buffer>,
  requireSize: (bytes: number) => void,
): AsyncGenerator<Buffer, void> {
  let length = 0;
  for await (const bytes of content) {
    length += bytes.length;
    requireSize(length);
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

/**
 * Returns a single range, or the size of the blob if the range is outside. For any other request the response is the
 * whole blob, as the protocol allows.
 */
async function rangeOf(
  header: string | undefined,
  sizeOf: () => Promise<number>,
): Promise<BlobRange | { readonly refusedAt: number } | undefined> {
  const [, from = "", to = ""] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header ?? "") ?? [];
  if (from === "" && to === "") return undefined;
  if (from !== "" && to !== "" && Number(to) < Number(from)) return undefined;
  const size = await sizeOf();
  // An empty blob has no byte that a range could name.
  if (size === 0) return undefined;
  // Without a start, the last bytes are requested.
  if (from === "")
    return Number(to) === 0 ? { refusedAt: size } : { offset: Math.max(0, size - Number(to)), length: 0 };
  if (Number(from) >= size) return { refusedAt: size };
  return { offset: Number(from), length: to === "" ? 0 : Number(to) - Number(from) + 1 };
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
