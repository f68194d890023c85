/** Handlers of the blob service: content is streamed, never held as a whole. */
import type {
  BlobStat,
  blobService,
  GetReply,
  GetRequest,
  PutHeader,
  PutReply,
  PutRequest,
  StatReply,
  StatRequest,
} from "@tutti/contracts/blob/v1";
import { type Blob, type Blobs, blobErrors } from "@tutti/journal";
import { type CallContext, toTimestamp } from "@tutti/kernel";
import type { Handlers } from "@tutti/mesh";

export interface BlobDependencies {
  /** Called for each request: the blobs exist once the process has started. */
  readonly blobs: () => Blobs;
  /** Maximum bytes of one blob. */
  readonly bytesMax: number;
}

type CallScope = Pick<CallContext, "namespace" | "signal">;

/** Maximum number of blobs per look-up. */
const lookupsMax = 32;
const nothing = new Uint8Array(0);

export function blobHandlers(dependencies: BlobDependencies): Handlers<typeof blobService> {
  return {
    put: (requests, context) => put(dependencies, requests, context),
    get: (request, context) => get(dependencies, request, context),
    stat: (request, context) => stat(dependencies, request, context),
  };
}

async function put(
  dependencies: BlobDependencies,
  requests: AsyncIterable<PutRequest>,
  context: CallScope,
): Promise<PutReply> {
  const messages = requests[Symbol.asyncIterator]();
  try {
    const announced = announcedBlob(await headerOf(messages), dependencies.bytesMax);
    const content = chunksOf(
      messages,
      announced.size ?? dependencies.bytesMax,
      dependencies.bytesMax,
      context.signal,
    );
    const { namespace, signal } = context;
    const { sha256, size } = await dependencies.blobs().put(namespace, content, announced, signal);
    return { blob: { sha256, size } };
  } finally {
    await messages.return?.();
  }
}

async function headerOf(messages: AsyncIterator<PutRequest>): Promise<PutHeader> {
  const { value, done } = await messages.next();
  const part = done === true ? undefined : value.part;
  if (part?.$case === "header") return part.value;
  throw blobErrors.disordered({ expected: "a header", found: part?.$case ?? "nothing" });
}

/** Returns the announced size and hash of the content. */
function announcedBlob({ sha256, size }: PutHeader, bytesMax: number): Partial<Blob> {
  if (size !== undefined && size > bytesMax)
    throw blobErrors.tooLarge({ bytesMax, found: `${size} bytes announced` });
  return { ...(sha256.length > 0 && { sha256 }), ...(size !== undefined && { size }) };
}

async function* chunksOf(
  messages: AsyncIterator<PutRequest>,
  expectedMax: number,
  bytesMax: number,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for (;;) {
    const { value, done } = await messages.next();
    // A sender that aborted has not sent everything.
    signal.throwIfAborted();
    if (done === true) return;
    const { part } = value as PutRequest;
    if (part?.$case !== "chunk")
      throw blobErrors.disordered({ expected: "a chunk", found: part?.$case ?? "nothing" });
    bytes += part.value.length;
    if (bytes > bytesMax) throw blobErrors.tooLarge({ bytesMax, found: "more" });
    if (bytes > expectedMax) throw blobErrors.notAsSaid({ expected: `${expectedMax} bytes`, found: "more" });
    yield part.value;
  }
}

/**
 * Returns the requested range. Its end is sent only after the hash of the whole blob was checked, so a damaged blob is
 * never accepted as whole. A short range of a large blob costs as much as reading all of it.
 */
async function* get(
  dependencies: BlobDependencies,
  request: GetRequest,
  context: CallScope,
): AsyncGenerator<GetReply, void> {
  const { sha256 } = request;
  const { namespace, signal } = context;
  const name = Buffer.from(sha256).toString("hex");
  const found = await dependencies.blobs().find(namespace, sha256);
  if (found === undefined) throw blobErrors.missing({ name });
  const { size } = found;
  const from = Math.trunc(request.offset);
  if (from > size) throw blobErrors.outside({ name, offset: from, size });
  const to = request.length === 0 ? size : Math.min(size, from + Math.trunc(request.length));
  let at = 0;
  let isFirst = true;
  // The store returns the last part of the blob after it has checked the hash.
  const isToEnd = to === size;
  let pending: Uint8Array = nothing;
  const reply = (chunk: Uint8Array): GetReply => {
    const first = isFirst;
    isFirst = false;
    return { size: first ? size : 0, chunk };
  };
  for await (const part of dependencies.blobs().read(namespace, sha256)) {
    signal.throwIfAborted();
    const slice = part.subarray(Math.max(0, from - at), Math.max(0, to - at));
    at += part.length;
    if (slice.length === 0) continue;
    if (isToEnd) {
      yield reply(slice);
      continue;
    }
    if (pending.length > 0) yield reply(pending);
    pending = Uint8Array.from(slice);
  }
  if (isFirst || pending.length > 0) yield reply(pending);
}

async function stat(
  dependencies: BlobDependencies,
  { sha256: hashes }: StatRequest,
  { namespace }: CallScope,
): Promise<StatReply> {
  const blobs: BlobStat[] = [];
  for (let from = 0; from < hashes.length; from += lookupsMax) {
    const some = hashes.slice(from, from + lookupsMax);
    const found = await Promise.all(some.map((sha256) => dependencies.blobs().find(namespace, sha256)));
    for (const [index, sha256] of some.entries()) {
      const { size, putMs = 0 } = found[index] ?? {};
      if (size !== undefined) blobs.push({ blob: { sha256, size }, putTime: toTimestamp(Math.floor(putMs)) });
    }
  }
  return { blobs };
}
