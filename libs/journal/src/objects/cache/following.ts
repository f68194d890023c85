/** Brings a process's own copy of a partition's archive up to the state of the log. */
import { isTuttiError, reasonOf, replaceFile } from "@tutti/kernel";
import { archiveErrors } from "../../archive/errors.ts";
import { MessagePurgedError } from "../../jetstream/source.ts";
import { type Entry, entryKinds } from "../log/entry.ts";
import { emptyHead, type LogHead, type PartitionLog } from "../log/partition-log.ts";
import { decodeOperations, type Operation } from "../operations.ts";
import type { ObjectStore } from "../store/object-store.ts";
import { type Base, decodeBase, decodeParts, downloadBase, inParallel, readPart } from "./base.ts";
import { type CacheParts, isCacheThere, PartitionCache, removeCache } from "./partition-cache.ts";

/** Maximum number of entries whose commits are one transaction. */
const entriesAtOnce = 64;

/** The copy belongs to another history than the log, or is older than the start of the log. */
class Unusable extends Error {}

/** Opens the existing copy, or creates one, and applies the log up to its head. */
export async function followedCache(
  parts: CacheParts,
  log: PartitionLog,
  objects: ObjectStore,
): Promise<PartitionCache> {
  const there = await openExisting(parts);
  if (there !== undefined) {
    try {
      await follow(there, log, objects);
      return there;
    } catch (error) {
      await there.close();
      if (!isUnusable(error)) throw error;
    }
  }
  await removeCache(parts.file);
  const { base } = log.head;
  if (base > 0) await download(parts.file, await baseAt(log, log.head), objects);
  const cache = await PartitionCache.open(parts);
  try {
    await follow(cache, log, objects);
    return cache;
  } catch (error) {
    await cache.close();
    throw error instanceof Unusable ? log.damaged(base, `a base that ${error.message}`) : error;
  }
}

/** Returns the base of a log's head. */
export async function baseAt(log: PartitionLog, { base }: LogHead): Promise<Base> {
  for await (const { kind, body } of log.entries(base, base)) {
    if (kind === entryKinds.base) return readable(log, base, () => decodeBase(body));
  }
  throw log.damaged(base, "another entry where a base was");
}

/** Returns the objects of an entry. */
function partsOfEntry(log: PartitionLog, { kind, body, sequence }: Entry): ReturnType<typeof decodeParts> {
  return kind === entryKinds.stored ? readable(log, sequence, () => decodeParts(body)) : [];
}

async function openExisting(parts: CacheParts): Promise<PartitionCache | undefined> {
  if (!isCacheThere(parts.file)) return;
  try {
    return await PartitionCache.open(parts);
  } catch (error) {
    // Any fault of the copy: it is only a copy.
    if (isTuttiError(error)) return;
    throw error;
  }
}

async function download(file: string, base: Base, objects: ObjectStore): Promise<void> {
  const incoming = `${file}.incoming`;
  await downloadBase(objects, incoming, base);
  await replaceFile(incoming, file);
}

async function follow(cache: PartitionCache, log: PartitionLog, objects: ObjectStore): Promise<void> {
  const { head } = log;
  const { sequence, hash } = cache.mark ?? emptyHead;
  if (sequence > head.sequence) throw new Unusable("is ahead of the log");
  let waiting: Operation[] = [];
  let isFirst = true;
  let last: (Entry & { hash: Uint8Array }) | undefined;
  let entries = 0;
  const flush = async (): Promise<void> => {
    if (last !== undefined) await cache.apply(waiting, last);
    waiting = [];
    entries = 0;
  };
  try {
    for await (const entry of log.entries(sequence + 1, head.sequence)) {
      if (isFirst && Buffer.compare(entry.previous, hash) !== 0) {
        throw new Unusable("does not lead to the log");
      }
      isFirst = false;
      const operations = await operationsOf(entry, log, objects);
      const isPlain = operations.every(({ kind }) => kind === "commit");
      if (!isPlain || entries >= entriesAtOnce) await flush();
      waiting.push(...operations);
      entries++;
      last = entry;
      if (!isPlain) await flush();
    }
  } catch (error) {
    if (error instanceof MessagePurgedError) throw new Unusable("ends before the log starts");
    throw error;
  }
  await flush();
  if (last === undefined && Buffer.compare(head.hash, hash) !== 0) throw new Unusable("is not of this log");
}

async function operationsOf(
  entry: Entry,
  log: PartitionLog,
  objects: ObjectStore,
): Promise<readonly Operation[]> {
  const { kind, body, sequence } = entry;
  if (kind === entryKinds.operations) return readable(log, sequence, () => decodeOperations(body));
  if (kind !== entryKinds.stored) return [];
  const parts = partsOfEntry(log, entry);
  const contents: Uint8Array[] = Array.from({ length: parts.length });
  await inParallel(parts.length, async (index) => {
    contents[index] = await readPart(objects, parts[index]);
  });
  return readable(log, sequence, () => decodeOperations(Uint8Array.from(Buffer.concat(contents))));
}

/** Data that passes the checksums but cannot be decoded has a place too. */
function readable<Result>(log: PartitionLog, sequence: number, read: () => Result): Result {
  try {
    return read();
  } catch (error) {
    if (isTuttiError(error)) throw error;
    throw log.damaged(sequence, reasonOf(error));
  }
}

/** Another copy may work. */
function isUnusable(error: unknown): boolean {
  if (error instanceof Unusable) return true;
  return isTuttiError(error) && archiveErrors.damaged.is(error);
}
