import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, type Stats } from "node:fs";
import { mkdir, open, readdir, readFile, rm, stat, utimes } from "node:fs/promises";
import { join } from "node:path";
import { type Clock, ifPresent, privateModes, replaceFile, systemCodeOf } from "@tutti/kernel";
import { syncFile, syncFolder } from "../disk/syncing.ts";
import { readContent, writeContent } from "./content-file.ts";
import { blobErrors } from "./errors.ts";
import { decodeMention, encodeMention, mentionerOf, nameOf, sliceName } from "./names.ts";
import {
  type Blob,
  type BlobContent,
  type BlobMention,
  type Blobs,
  type MentionedThrough,
  type MentionSource,
  type StoredBlob,
  type Sweep,
  sweepSlices,
} from "./port.ts";
import {
  blobName,
  blobOf,
  checkAnnounced,
  earliestOf,
  type FoundMention,
  mentionedBlobs,
  throughIn,
} from "./sweeping.ts";

/** A different inode number or time of change means a different file under the same name. */
interface FileIdentity {
  readonly ino: number;
  readonly ctimeMs: number;
}

interface MentionFile extends FoundMention {
  readonly path: string;
  readonly file: FileIdentity;
}

/**
 * Blobs as files of a directory. One process at a time.
 *
 *     content/AB/HASH.NAMESPACE   a blob, in a folder by the first two digits of its hash
 *     mentions/AB/HASH.WHO        an instance mentions it
 *     through/SERVICE.PARTITION   up to when a partition has mentioned everything
 *     incoming/                   files being written
 *
 * 1. Everything is written to a temporary file, synced, and then renamed. The folder is synced before success is
 *    reported. So a file is whole, or was damaged later.
 * 2. The time of change of a file is its last put or mention.
 * 3. A removal checks the time of a file and removes it while nothing else changes the folder. A put or a mention comes
 *    before that check, and is seen, or after the removal, and writes the file again.
 * 4. A store that is closed writes nothing more: `close` waits for changes in progress, later ones are refused. Its
 *    folder can then be copied, removed or opened by another process.
 */
export class DirectoryBlobs implements Blobs {
  readonly #directory: string;
  readonly #clock: Clock;
  /** Folders being changed, with the end of the change. */
  readonly #busy = new Map<string, Promise<unknown>>();
  /** Changes in progress. */
  readonly #changes = new Set<Promise<unknown>>();
  #count = 0;
  #isClosed = false;

  /** Opens the directory, or creates one. Unfinished files of a killed process are removed. */
  static async open(directory: string, clock: Clock): Promise<DirectoryBlobs> {
    await rm(join(directory, "incoming"), { recursive: true, force: true });
    for (const folder of ["incoming", "content", "mentions", "through"])
      await mkdir(join(directory, folder), { recursive: true, mode: privateModes.folder });
    await syncFolder(directory);
    return new DirectoryBlobs(directory, clock);
  }

  private constructor(directory: string, clock: Clock) {
    this.#directory = directory;
    this.#clock = clock;
  }

  async put(namespace: string, content: BlobContent, announced: Partial<Blob> = {}): Promise<Blob> {
    const temporary = this.#temporary();
    try {
      const blob = await this.#write(temporary, content);
      checkAnnounced(blob, announced);
      await this.#change(() => this.#place(temporary, "content", blobName(namespace, nameOf(blob.sha256))));
      return blob;
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
  }

  async *read(namespace: string, sha256: Uint8Array): AsyncGenerator<Uint8Array> {
    const name = nameOf(sha256);
    const path = this.#pathOf(namespace, sha256);
    const file = await open(path, "r").catch((error: unknown) => {
      throw systemCodeOf(error) === "ENOENT" ? blobErrors.missing({ name }) : error;
    });
    try {
      yield* readContent(path, file, (hash) => {
        const found = hash.toString("hex");
        if (found !== name) throw blobErrors.damaged({ name, place: path, found });
      });
    } finally {
      await file.close();
    }
  }

  readNow(sha256: Uint8Array): Uint8Array | undefined {
    const name = nameOf(sha256);
    const folder = join(this.#directory, "content", sliceOf(name));
    const file = existsSync(folder)
      ? readdirSync(folder).find((each) => each.startsWith(`${name}.`))
      : undefined;
    if (file === undefined) return undefined;
    const place = join(folder, file);
    const content = readFileSync(place);
    const found = createHash("sha256").update(content).digest("hex");
    if (found !== name) throw blobErrors.damaged({ name, place, found });
    return content;
  }

  async find(namespace: string, sha256: Uint8Array): Promise<StoredBlob | undefined> {
    const found = await statOf(this.#pathOf(namespace, sha256));
    return found && { size: found.size, putMs: found.mtimeMs };
  }

  mention(mentions: readonly BlobMention[]): Promise<void> {
    return this.#change(async () => {
      for (const mention of mentions) {
        const temporary = this.#temporary();
        await this.#write(temporary, [encodeMention(mention)]);
        await this.#place(temporary, "mentions", `${nameOf(mention.sha256)}.${mentionerOf(mention)}`);
      }
    });
  }

  recordThrough({ service, partition }: MentionSource, throughMs: number): Promise<void> {
    return this.#change(async () => {
      const temporary = this.#temporary();
      await this.#write(temporary, [Buffer.from(String(throughMs))]);
      const folder = join(this.#directory, "through");
      await replaceFile(temporary, join(folder, `${service}.${partition}`));
      await syncFolder(folder);
    });
  }

  async through(): Promise<MentionedThrough | undefined> {
    const folder = join(this.#directory, "through");
    const all: MentionedThrough[] = [];
    for (const name of await readdir(folder)) all.push(throughIn(name, await readFile(join(folder, name))));
    return earliestOf(all);
  }

  sweep(slice: number, { beforeMs, isReferenced }: Sweep): Promise<number> {
    return this.#change(async () => {
      const start = sliceName(slice);
      const mentions = await this.#mentionsOf(start);
      const mentioned = await mentionedBlobs(mentions, isReferenced, (mention) => this.#release(mention));
      let removed = 0;
      for (const name of await namesIn(join(this.#directory, "content", start))) {
        if (!mentioned.has(name) && (await this.#removeOld("content", name, beforeMs))) removed++;
      }
      return removed;
    });
  }

  /** Copies all blobs and mentions into another store: content first, so that every mentioned blob exists. */
  async copyTo(target: Blobs): Promise<void> {
    for (const name of await this.#namesOf("content")) {
      const { sha256, namespace } = blobOf(name);
      await target.put(namespace, this.read(namespace, sha256), { sha256 });
    }
    for (let slice = 0; slice < sweepSlices; slice++)
      await target.mention((await this.#mentionsOf(sliceName(slice))).map(({ mention }) => mention));
    const through = join(this.#directory, "through");
    for (const name of await namesIn(through)) {
      const { throughMs, ...from } = throughIn(name, await readFile(join(through, name)));
      await target.recordThrough(from, throughMs);
    }
  }

  /** Moves everything into another store. An interrupted move can be repeated. */
  async moveTo(target: Blobs): Promise<void> {
    await this.copyTo(target);
    await this.close();
    for (const folder of ["mentions", "through", "content"])
      await rm(join(this.#directory, folder), { recursive: true, force: true });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.allSettled(this.#changes);
  }

  /** Runs a change unless the store is closed. Incoming content counts as a change only when it is placed. */
  async #change<T>(run: () => Promise<T>): Promise<T> {
    if (this.#isClosed) throw blobErrors.closed({ place: this.#directory });
    const change = run();
    this.#changes.add(change);
    try {
      return await change;
    } finally {
      this.#changes.delete(change);
    }
  }

  /** Returns the names in all slices. */
  async #namesOf(kind: string): Promise<string[]> {
    const folders = await namesIn(join(this.#directory, kind));
    const names = await Promise.all(folders.map((folder) => namesIn(join(this.#directory, kind, folder))));
    return names.flat();
  }

  async #mentionsOf(start: string): Promise<MentionFile[]> {
    const folder = join(this.#directory, "mentions", start);
    const found: MentionFile[] = [];
    for (const name of await namesIn(folder)) {
      const path = join(folder, name);
      const file = await stat(path);
      found.push({ mention: decodeMention(await readFile(path)), path, file });
    }
    return found;
  }

  /**
   * The blob's time is refreshed before the mention is removed. Otherwise a crash between the two would shorten its
   * life.
   */
  #release({ mention, path, file }: MentionFile): Promise<boolean> {
    return this.#alone(sliceOf(nameOf(mention.sha256)), async () => {
      const now = await statOf(path);
      if (now === undefined || now.ino !== file.ino || now.ctimeMs !== file.ctimeMs) return false;
      await this.#touch(this.#pathOf(mention.namespace, mention.sha256));
      await rm(path, { force: true });
      return true;
    });
  }

  async #touch(path: string): Promise<void> {
    const nowSeconds = this.#clock.now() / 1_000;
    await ifPresent(utimes(path, nowSeconds, nowSeconds).then(() => syncFile(path)));
  }

  #removeOld(kind: string, name: string, beforeMs: number): Promise<boolean> {
    const path = join(this.#directory, kind, sliceOf(name), name);
    return this.#alone(sliceOf(name), async () => {
      const found = await statOf(path);
      if (found === undefined || found.mtimeMs >= beforeMs) return false;
      await rm(path);
      return true;
    });
  }

  /** Moves a temporary file to its place durably. */
  #place(temporary: string, kind: string, name: string): Promise<void> {
    const parent = join(this.#directory, kind);
    const folder = join(parent, sliceOf(name));
    return this.#alone(sliceOf(name), async () => {
      if ((await mkdir(folder, { recursive: true, mode: privateModes.folder })) !== undefined)
        await syncFolder(parent);
      await replaceFile(temporary, join(folder, name));
      await syncFolder(folder);
    });
  }

  /** Runs a function while no other call changes this slice. */
  #alone<T>(slice: string, run: () => Promise<T>): Promise<T> {
    const result = (this.#busy.get(slice) ?? Promise.resolve()).then(run);
    const over = result.then(
      () => undefined,
      () => undefined,
    );
    this.#busy.set(slice, over);
    void over.then(() => {
      if (this.#busy.get(slice) === over) this.#busy.delete(slice);
    });
    return result;
  }

  #write(path: string, content: BlobContent): Promise<Blob> {
    return writeContent(path, content, () => this.#clock.now() / 1_000);
  }

  #temporary(): string {
    return join(this.#directory, "incoming", String(++this.#count));
  }

  #pathOf(namespace: string, sha256: Uint8Array): string {
    const name = nameOf(sha256);
    return join(this.#directory, "content", sliceOf(name), blobName(namespace, name));
  }
}

function sliceOf(name: string): string {
  return name.slice(0, 2);
}

function statOf(path: string): Promise<Stats | undefined> {
  return ifPresent(stat(path));
}

async function namesIn(folder: string): Promise<readonly string[]> {
  return (await ifPresent(readdir(folder))) ?? [];
}
