import { createHash } from "node:crypto";
import type { NatsConnection } from "@tutti/nats";
import { ByteSink, ByteSource } from "../../archive/sqlite/history/byte-sink.ts";
import { blobErrors } from "../../blobs/errors.ts";
import { nameOf } from "../../blobs/memory-blobs.ts";
import type { Blob, BlobContent, Blobs } from "../../blobs/port.ts";
import type { ObjectStore } from "../store/object-store.ts";

const partBytes = 512 * 1024;
/** Parts that nobody names and that are older than this were left behind by who died with them. */
const abandonedMs = 24 * 3_600_000;
const drawnMax = 2 ** 52;

/** What is stored under a hash: where its parts are. */
interface Head {
  readonly size: number;
  /** When it was last put. */
  readonly putMs: number;
  /** What the names of its parts begin with. */
  readonly parts: string;
}

/**
 * Blobs in NATS: an object per part, and a head under the hash that names them. Any number of processes at a time.
 *
 * 1. The parts are durable before the head is written, so a head stands for content that is whole.
 * 2. A head changes only as whoever changes it has seen it. So who puts what is there already keeps it from being swept,
 *    or finds it swept and stores it anew.
 */
export class ObjectBlobs implements Blobs {
  readonly #connection: NatsConnection;
  readonly #objects: ObjectStore;

  constructor(connection: NatsConnection, objects: ObjectStore) {
    this.#connection = connection;
    this.#objects = objects;
  }

  async put(content: BlobContent): Promise<Blob> {
    const { clock, chance } = this.#connection.foundation;
    const drawn = Math.floor(chance.random() * drawnMax).toString(36);
    const parts = `parts.${Math.floor(clock.now())}-${drawn}`;
    const written: string[] = [];
    try {
      const { sha256, size } = await this.#write(content, (bytes) => {
        const name = `${parts}.${written.length}`;
        written.push(name);
        return this.#objects.put(name, bytes, new AbortController().signal);
      });
      const isOurs = await this.#writeHead(nameOf(sha256), { size, putMs: clock.now(), parts });
      if (!isOurs) await this.#objects.remove(written);
      return { sha256, size };
    } catch (error) {
      await this.#objects.remove(written).catch(() => undefined);
      throw error;
    }
  }

  async *read(sha256: Uint8Array): AsyncGenerator<Uint8Array> {
    const name = nameOf(sha256);
    const found = await this.#head(name);
    if (found === undefined) throw blobErrors.missing({ name });
    const { size, parts } = found.head;
    const hash = createHash("sha256");
    const count = partsOf(size);
    for (let index = 0; index < count; index++) {
      const bytes = await this.#objects.get(`${parts}.${index}`);
      if (bytes === undefined) throw await this.#gone(name, parts, index);
      hash.update(bytes);
      if (index + 1 === count) this.#check(name, parts, hash.digest("hex"));
      yield bytes;
    }
  }

  async size(sha256: Uint8Array): Promise<number | undefined> {
    return (await this.#head(nameOf(sha256)))?.head.size;
  }

  async remove(sha256: Uint8Array): Promise<void> {
    const name = nameOf(sha256);
    for (let found = await this.#head(name); found !== undefined; found = await this.#head(name)) {
      if (await this.#removeHead(name, found)) return;
    }
  }

  async sweep(isLive: (sha256: Uint8Array) => boolean, beforeMs: number): Promise<number> {
    let removed = 0;
    const named = new Set<string>();
    // Before the heads are read: whose head comes later is not among them.
    const all = await this.#objects.list("parts");
    for (const object of await this.#objects.list("heads")) {
      const name = object.slice("heads.".length);
      const found = await this.#head(name);
      if (found === undefined) continue;
      const { putMs, parts } = found.head;
      const isOld = putMs < beforeMs && !isLive(Uint8Array.from(Buffer.from(name, "hex")));
      if (isOld && (await this.#removeHead(name, found))) removed++;
      else named.add(parts);
    }
    const abandonedBeforeMs = this.#connection.foundation.clock.now() - abandonedMs;
    const abandoned = all.filter((part) => {
      const parts = part.slice(0, part.lastIndexOf("."));
      return !named.has(parts) && Number(parts.slice("parts.".length).split("-")[0]) < abandonedBeforeMs;
    });
    await this.#objects.remove(abandoned);
    return removed;
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  /** In parts of one size, whatever sizes it comes in. */
  async #write(content: BlobContent, put: (bytes: Uint8Array) => Promise<void>): Promise<Blob> {
    const hash = createHash("sha256");
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
        await put(part.slice());
        filled = 0;
      }
    }
    if (filled > 0) await put(part.slice(0, filled));
    return { sha256: Uint8Array.from(hash.digest()), size };
  }

  /** Whether these parts are the blob's now; false when it is there already, and was put anew as it is. */
  async #writeHead(name: string, head: Head): Promise<boolean> {
    for (;;) {
      const found = await this.#objects.latest(`heads.${name}`);
      const before = found === undefined || found.data.length === 0 ? undefined : decodeHead(found.data);
      const next = before === undefined ? head : { ...before, putMs: Math.max(before.putMs, head.putMs) };
      const written = await this.#objects.replace(`heads.${name}`, encodeHead(next), found?.sequence ?? 0);
      if (written !== undefined) return next.parts === head.parts;
      // Its own, whose answer was lost, or somebody else's: the next look shows.
    }
  }

  async #head(name: string): Promise<{ readonly head: Head; readonly sequence: number } | undefined> {
    const found = await this.#objects.latest(`heads.${name}`);
    if (found === undefined || found.data.length === 0) return;
    return { head: decodeHead(found.data), sequence: found.sequence };
  }

  /** First the head, so that nobody finds it without its parts. False when it was changed meanwhile. */
  async #removeHead(
    name: string,
    { head, sequence }: { readonly head: Head; readonly sequence: number },
  ): Promise<boolean> {
    const mark = await this.#objects.replace(`heads.${name}`, new Uint8Array(0), sequence);
    if (mark === undefined) return false;
    const parts = Array.from({ length: partsOf(head.size) }, (_, index) => `${head.parts}.${index}`);
    await this.#objects.remove(parts);
    await this.#objects.removeUpTo(`heads.${name}`, mark);
    return true;
  }

  #check(name: string, parts: string, found: string): void {
    if (found === name) return;
    throw blobErrors.damaged({ name, place: `stream ${this.#objects.stream}, objects ${parts}`, found });
  }

  /** A part is not there: the blob was removed meanwhile, or something was lost. */
  async #gone(name: string, parts: string, index: number): Promise<Error> {
    const now = await this.#head(name);
    if (now?.head.parts !== parts) return blobErrors.missing({ name });
    const place = `stream ${this.#objects.stream}, object ${parts}.${index}`;
    return blobErrors.damaged({ name, place, found: "nothing" });
  }
}

function partsOf(size: number): number {
  return Math.ceil(size / partBytes);
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
