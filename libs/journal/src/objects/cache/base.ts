/**
 * A base: a partition's whole file at some entry of the log, cut into objects. Parts that have not changed since the
 * base before are the same objects, so only changes are sent.
 */
import { type FileHandle, open } from "node:fs/promises";
import { archiveErrors } from "../../archive/errors.ts";
import { ByteSink, ByteSource } from "../../archive/sqlite/history/byte-sink.ts";
import { hashOf } from "../log/entry.ts";
import type { ObjectStore } from "../store/object-store.ts";

export interface StoredPart {
  readonly name: string;
  readonly hash: Uint8Array;
}

export interface Base {
  readonly fileBytes: number;
  readonly partBytes: number;
  /** The file contains at least all entries up to this one, and records its exact position. */
  readonly followed: number;
  readonly parts: readonly StoredPart[];
}

const partBytesMin = 256 * 1024;
/** Keeps the list of parts well within a message. */
const partsMax = 16 * 1024;
const concurrency = 6;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

export function encodeParts(parts: readonly StoredPart[], sink: ByteSink = new ByteSink()): Uint8Array {
  sink.number(parts.length);
  for (const { name, hash } of parts) {
    sink.bytes(encoder.encode(name));
    sink.bytes(hash);
  }
  return sink.copy();
}

export function decodeParts(bytes: Uint8Array, source: ByteSource = new ByteSource(bytes)): StoredPart[] {
  return Array.from({ length: source.number() }, () => {
    const name = decoder.decode(source.view());
    return { name, hash: source.view().slice() };
  });
}

export function encodeBase({ fileBytes, partBytes, followed, parts }: Base): Uint8Array {
  const sink = new ByteSink();
  for (const number of [fileBytes, partBytes, followed]) sink.number(number);
  return encodeParts(parts, sink);
}

export function decodeBase(bytes: Uint8Array): Base {
  const source = new ByteSource(bytes);
  const [fileBytes, partBytes, followed] = [source.number(), source.number(), source.number()];
  return { fileBytes, partBytes, followed, parts: decodeParts(bytes, source) };
}

/** Stores a file as objects. Unchanged parts are reused from `before`. */
export async function uploadBase(
  store: ObjectStore,
  path: string,
  followed: number,
  before: Base | undefined,
  nextName: () => string,
  signal: AbortSignal,
): Promise<Base> {
  const file = await open(path, "r");
  try {
    const fileBytes = (await file.stat()).size;
    let partBytes = before?.partBytes ?? partBytesMin;
    while (fileBytes / partBytes > partsMax) partBytes *= 2;
    const known = before?.partBytes === partBytes ? before.parts : [];
    const parts: StoredPart[] = Array.from({ length: Math.ceil(fileBytes / partBytes) });
    await inParallel(parts.length, async (index) => {
      const bytes = await partOf(file, index * partBytes, Math.min(partBytes, fileBytes - index * partBytes));
      const hash = hashOf(bytes);
      const same = known[index];
      if (same !== undefined && Buffer.compare(same.hash, hash) === 0) {
        parts[index] = same;
        return;
      }
      const name = nextName();
      await store.put(name, bytes, signal);
      parts[index] = { name, hash };
    });
    return { fileBytes, partBytes, followed, parts };
  } finally {
    await file.close();
  }
}

/** Restores the file of a base. */
export async function downloadBase(store: ObjectStore, path: string, base: Base): Promise<void> {
  const file = await open(path, "w");
  try {
    await inParallel(base.parts.length, async (index) => {
      const bytes = await readPart(store, base.parts[index]);
      for (let done = 0; done < bytes.length; ) {
        const { bytesWritten } = await file.write(
          bytes,
          done,
          bytes.length - done,
          index * base.partBytes + done,
        );
        done += bytesWritten;
      }
    });
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Returns the content of an object, or its problem and place. */
export async function readPart(store: ObjectStore, part: StoredPart | undefined): Promise<Uint8Array> {
  const name = part?.name ?? "";
  const place = { file: `stream ${store.stream}`, row: `object ${name}` };
  const bytes = await store.get(name);
  if (bytes === undefined) throw archiveErrors.damaged({ place, found: "the object is missing" });
  if (part === undefined || Buffer.compare(hashOf(bytes), part.hash) !== 0) {
    throw archiveErrors.damaged({ place, found: "an object whose hash does not match" });
  }
  return bytes;
}

/** Runs several at a time. The first failure ends it. */
export async function inParallel(count: number, work: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    try {
      while (next < count) await work(next++);
    } catch (error) {
      next = count;
      throw error;
    }
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, count) }, worker));
}

async function partOf(file: FileHandle, from: number, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  for (let done = 0; done < length; ) {
    const { bytesRead } = await file.read(bytes, done, length - done, from + done);
    if (bytesRead === 0) throw new RangeError(`expected ${length} bytes at ${from}, got the end of the file`);
    done += bytesRead;
  }
  return bytes;
}
