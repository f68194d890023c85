import { createHash } from "node:crypto";
import type { Foundation } from "@tutti/kernel";
import { ByteSink, ByteSource } from "../../archive/sqlite/history/byte-sink.ts";
import { blobErrors } from "../../blobs/errors.ts";
import { decodeMention, encodeMention, mentionerOf, nameOf, sliceName } from "../../blobs/names.ts";
import type {
  Blob,
  BlobContent,
  BlobMention,
  Blobs,
  MentionedThrough,
  MentionSource,
  StoredBlob,
  Sweep,
} from "../../blobs/port.ts";
import {
  blobName,
  checkAnnounced,
  earliestOf,
  type FoundMention,
  mentionedBlobs,
  throughIn,
} from "../../blobs/sweeping.ts";

/** A writer that started this long ago has died. */
const abandonedMs = 24 * 3_600_000;
const randomMax = 2 ** 52;
const concurrency = 8;

/** Version of an object that was read: 0 for none. */
type Mark = number | string;

/** Bytes under names. A conditional write replaces only the version that the writer has read. */
export interface Objects {
  /** Description of the place, for people. */
  readonly place: string;
  /** Bytes of a part of a blob. Must not change while the store has blobs. */
  readonly partBytes: number;
  /** Retries without an answer, until the signal is aborted. */
  put(name: string, data: Uint8Array, signal: AbortSignal): Promise<void>;
  /** Replaces only the version with this mark. Resolves with the mark of the new one, or undefined. */
  replace(name: string, data: Uint8Array, mark: Mark): Promise<Mark | undefined>;
  get(name: string): Promise<Uint8Array | undefined>;
  latest(name: string): Promise<{ readonly data: Uint8Array; readonly sequence: Mark } | undefined>;
  /** Returns all names below a prefix. */
  list(prefix: string): Promise<string[]>;
  remove(names: readonly string[]): Promise<void>;
  /** Removes the version with this mark. A newer one stays. */
  removeUpTo(name: string, mark: Mark): Promise<void>;
}

/** The object stored under a hash, which locates the parts. */
interface Head {
  readonly size: number;
  /** When it was last put. */
  readonly putMs: number;
  /** Prefix of the names of its parts. */
  readonly parts: string;
}

interface FoundHead {
  readonly head: Head;
  readonly sequence: Mark;
}

interface MentionObject extends FoundMention {
  readonly name: string;
  readonly sequence: Mark;
}

/**
 * Blobs in NATS or in S3: an object per part, and a head under the hash that names them. Any number of processes at a time.
 *
 *     heads.AB.HASH.NAMESPACE       where the parts of a blob are
 *     parts.GROUP.N                 a part
 *     begun.GROUP                   parts being written, and then the head that names them
 *     mentions.AB.HASH.WHO          an instance mentions a blob
 *     through.SERVICE.PARTITION     up to when a partition has mentioned everything
 *
 * 1. The parts are durable before the head is written, so the content of a head is whole.
 * 2. A head or a mention changes only if its writer has read the present version. So a put or mention of present
 *    content keeps the content from being removed, or finds it gone and stores it again.
 * 3. A note exists from before the first part until the head exists. If a process dies in between, the note locates its
 *    parts.
 */
export class ObjectBlobs implements Blobs {
  readonly #foundation: Pick<Foundation, "clock" | "chance">;
  readonly #objects: Objects;
  /** Signal of writes that no caller aborts: they are retried until they succeed. */
  readonly #always = new AbortController().signal;

  constructor(foundation: Pick<Foundation, "clock" | "chance">, objects: Objects) {
    this.#foundation = foundation;
    this.#objects = objects;
  }

  async put(
    namespace: string,
    content: BlobContent,
    announced: Partial<Blob> = {},
    signal: AbortSignal = this.#always,
  ): Promise<Blob> {
    const { clock, chance } = this.#foundation;
    const random = Math.floor(chance.random() * randomMax).toString(36);
    const group = `${Math.floor(clock.now())}-${random}`;
    const parts = `parts.${group}`;
    const marker = `begun.${group}`;
    const written: string[] = [];
    let blob: Blob;
    let head: string;
    try {
      await this.#objects.put(marker, Buffer.from("?"), signal);
      blob = await this.#write(content, (bytes) => {
        const name = `${parts}.${written.length}`;
        written.push(name);
        return this.#objects.put(name, bytes, signal);
      });
      checkAnnounced(blob, announced);
      head = headName(namespace, nameOf(blob.sha256));
      await this.#objects.put(marker, Buffer.from(head), signal);
    } catch (error) {
      await this.#objects.remove([...written, marker]).catch(() => undefined);
      throw error;
    }
    // From here on the head may name the parts, also if its write failed. A sweep removes them if it does not.
    const isOurs = await this.#writeHead(head, blob, { size: blob.size, putMs: clock.now(), parts });
    await this.#objects.remove(isOurs ? [marker] : [...written, marker]).catch(() => undefined);
    return blob;
  }

  async *read(namespace: string, sha256: Uint8Array): AsyncGenerator<Uint8Array> {
    const name = nameOf(sha256);
    const found = await this.#head(headName(namespace, name));
    if (found === undefined) throw blobErrors.missing({ name });
    const { size, parts } = found.head;
    const hash = createHash("sha256");
    const count = this.#partsOf(size);
    for (let index = 0; index < count; index++) {
      const bytes = await this.#objects.get(`${parts}.${index}`);
      if (bytes === undefined) throw await this.#missingError(namespace, name, parts, index);
      hash.update(bytes);
      if (index + 1 === count) this.#check(name, parts, hash.digest("hex"));
      yield bytes;
    }
  }

  /** The content must be fetched. */
  readNow(): undefined {
    return undefined;
  }

  async find(namespace: string, sha256: Uint8Array): Promise<StoredBlob | undefined> {
    return (await this.#head(headName(namespace, nameOf(sha256))))?.head;
  }

  async mention(mentions: readonly BlobMention[]): Promise<void> {
    const waiting = [...mentions];
    const writing = async (): Promise<void> => {
      for (let mention = waiting.pop(); mention !== undefined; mention = waiting.pop())
        await this.#objects.put(mentionName(mention), encodeMention(mention), this.#always);
    };
    await Promise.all(Array.from({ length: concurrency }, writing));
  }

  recordThrough({ service, partition }: MentionSource, throughMs: number): Promise<void> {
    return this.#objects.put(`through.${service}.${partition}`, Buffer.from(String(throughMs)), this.#always);
  }

  async through(): Promise<MentionedThrough | undefined> {
    const all: MentionedThrough[] = [];
    for (const name of await this.#objects.list("through")) {
      const found = await this.#objects.latest(name);
      if (found !== undefined) all.push(throughIn(name.slice("through.".length), found.data));
    }
    return earliestOf(all);
  }

  async sweep(slice: number, { beforeMs, isReferenced }: Sweep): Promise<number> {
    const start = sliceName(slice);
    const mentions = await this.#mentionsOf(start);
    const mentioned = await mentionedBlobs(mentions, isReferenced, (mention) => this.#release(mention));
    let removed = 0;
    for (const name of await this.#objects.list(`heads.${start}`)) {
      if (mentioned.has(name.slice(`heads.${start}.`.length))) continue;
      const found = await this.#head(name);
      if (found === undefined || found.head.putMs >= beforeMs) continue;
      if (await this.#removeHead(name, found)) removed++;
    }
    if (slice === 0) await this.#removeAbandoned();
    return removed;
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  async #mentionsOf(start: string): Promise<MentionObject[]> {
    const mentions: MentionObject[] = [];
    for (const name of await this.#objects.list(`mentions.${start}`)) {
      const found = await this.#objects.latest(name);
      if (found === undefined || found.data.length === 0) continue;
      mentions.push({ name, sequence: found.sequence, mention: decodeMention(found.data) });
    }
    return mentions;
  }

  /**
   * The blob's time is refreshed before the mention is removed. Otherwise a crash between the two would shorten its
   * life.
   */
  async #release({ name, sequence, mention: { namespace, sha256 } }: MentionObject): Promise<boolean> {
    const putMs = this.#foundation.clock.now();
    await this.#touchHead(headName(namespace, nameOf(sha256)), putMs);
    const mark = await this.#objects.replace(name, new Uint8Array(0), sequence);
    if (mark === undefined) return false;
    await this.#objects.removeUpTo(name, mark);
    return true;
  }

  /** Removes parts of writers that died. */
  async #removeAbandoned(): Promise<void> {
    const beforeMs = this.#foundation.clock.now() - abandonedMs;
    for (const marker of await this.#objects.list("begun")) {
      const group = marker.slice("begun.".length);
      if (Number(group.split("-")[0]) >= beforeMs) continue;
      const found = await this.#objects.latest(marker);
      const head = found && (await this.#head(Buffer.from(found.data).toString()));
      const parts = `parts.${group}`;
      if (head?.head.parts !== parts) await this.#objects.remove(await this.#objects.list(parts));
      await this.#objects.remove([marker]);
    }
  }

  /** Writes parts of one size from chunks of any size. */
  async #write(content: BlobContent, writePart: (bytes: Uint8Array) => Promise<void>): Promise<Blob> {
    const hash = createHash("sha256");
    const { partBytes } = this.#objects;
    const part = new Uint8Array(partBytes);
    let filled = 0;
    let size = 0;
    for await (const bytes of content) {
      hash.update(bytes);
      size += bytes.length;
      for (let done = 0; done < bytes.length; ) {
        const some = bytes.subarray(done, done + partBytes - filled);
        part.set(some, filled);
        filled += some.length;
        done += some.length;
        if (filled < partBytes) break;
        await writePart(part.slice());
        filled = 0;
      }
    }
    if (filled > 0) await writePart(part.slice(0, filled));
    return { sha256: Uint8Array.from(hash.digest()), size };
  }

  /**
   * Returns whether the blob has these parts now. False if the blob exists already and is whole, and its time was
   * refreshed. Damaged parts are replaced: content that is stored again is readable.
   */
  async #writeHead(name: string, { sha256 }: Blob, head: Head): Promise<boolean> {
    for (;;) {
      const found = await this.#objects.latest(name);
      const before = found === undefined || found.data.length === 0 ? undefined : decodeHead(found.data);
      const isKept =
        before !== undefined &&
        (before.parts === head.parts || (await this.#isWhole(before, nameOf(sha256))));
      const next = isKept ? { ...before, putMs: Math.max(before.putMs, head.putMs) } : head;
      const written = await this.#objects.replace(name, encodeHead(next), found?.sequence ?? 0);
      if (written !== undefined) {
        if (before !== undefined && !isKept)
          await this.#objects.remove(this.#partNames(before)).catch(() => undefined);
        return next.parts === head.parts;
      }
      // Its own write, whose answer was lost, or another process's: the next look shows.
    }
  }

  async #isWhole(head: Head, name: string): Promise<boolean> {
    const hash = createHash("sha256");
    for (const part of this.#partNames(head)) {
      const bytes = await this.#objects.get(part);
      if (bytes === undefined) return false;
      hash.update(bytes);
    }
    return hash.digest("hex") === name;
  }

  async #touchHead(name: string, putMs: number): Promise<void> {
    for (let found = await this.#head(name); found !== undefined; found = await this.#head(name)) {
      const { head, sequence } = found;
      if (head.putMs >= putMs) return;
      if ((await this.#objects.replace(name, encodeHead({ ...head, putMs }), sequence)) !== undefined) return;
    }
  }

  async #head(name: string): Promise<FoundHead | undefined> {
    const found = await this.#objects.latest(name);
    if (found === undefined || found.data.length === 0) return;
    return { head: decodeHead(found.data), sequence: found.sequence };
  }

  /** Removes the head first, so that it is never found without its parts. False if it has changed meanwhile. */
  async #removeHead(name: string, { head, sequence }: FoundHead): Promise<boolean> {
    const mark = await this.#objects.replace(name, new Uint8Array(0), sequence);
    if (mark === undefined) return false;
    await this.#objects.remove(this.#partNames(head));
    await this.#objects.removeUpTo(name, mark);
    return true;
  }

  #partNames({ size, parts }: Head): string[] {
    return Array.from({ length: this.#partsOf(size) }, (_, index) => `${parts}.${index}`);
  }

  #partsOf(size: number): number {
    return Math.ceil(size / this.#objects.partBytes);
  }

  #check(name: string, parts: string, found: string): void {
    if (found === name) return;
    throw blobErrors.damaged({ name, place: `${this.#objects.place}, objects ${parts}`, found });
  }

  /** A part is missing: the blob was removed meanwhile, or data was lost. */
  async #missingError(namespace: string, name: string, parts: string, index: number): Promise<Error> {
    const now = await this.#head(headName(namespace, name));
    if (now?.head.parts !== parts) return blobErrors.missing({ name });
    const place = `${this.#objects.place}, object ${parts}.${index}`;
    return blobErrors.damaged({ name, place, found: "nothing" });
  }
}

function headName(namespace: string, name: string): string {
  return `heads.${name.slice(0, 2)}.${blobName(namespace, name)}`;
}

function mentionName(mention: BlobMention): string {
  const name = nameOf(mention.sha256);
  return `mentions.${name.slice(0, 2)}.${name}.${mentionerOf(mention)}`;
}

const encoder = new TextEncoder();

function encodeHead({ size, putMs, parts }: Head): Uint8Array {
  const sink = new ByteSink();
  sink.number(size);
  sink.number(Math.floor(putMs));
  sink.bytes(encoder.encode(parts));
  return sink.copy();
}

function decodeHead(bytes: Uint8Array): Head {
  const source = new ByteSource(bytes);
  const [size, putMs] = [source.number(), source.number()];
  return { size, putMs, parts: Buffer.from(source.view()).toString() };
}
