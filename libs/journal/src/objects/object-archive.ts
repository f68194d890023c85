import { mkdirSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { assert, privateModes } from "@tutti/kernel";
import { archiveErrors } from "../archive/errors.ts";
import type { Archive, ArchiveFigures, ArchivePartition, Search, SearchPage } from "../archive/port.ts";
import { fileOf } from "../archive/sqlite/file.ts";
import { ObjectPartition } from "./object-partition.ts";
import type { ObjectParts } from "./settings.ts";
import { figuresOfSeveral, type Single, searchSeveral } from "./several.ts";

/**
 * The archive of a service in a cluster. Its data is in NATS, and each process has a local copy of each of its
 * partitions, one file each.
 */
export class ObjectArchive implements Archive {
  readonly #parts: ObjectParts;
  readonly #partitions: readonly ObjectPartition[];
  #isClosed = false;
  #releaseThread: (() => Promise<void>) | undefined;

  constructor(parts: ObjectParts) {
    this.#parts = parts;
    mkdirSync(parts.directory, { recursive: true, mode: privateModes.folder });
    this.#partitions = Array.from({ length: parts.partitions }, (_, partition) => {
      return new ObjectPartition(parts, partition, join(parts.directory, `${partition}.db`));
    });
  }

  partition(partition: number): ArchivePartition {
    return this.#found(partition);
  }

  #found(partition: number): ObjectPartition {
    const found = this.#partitions[partition];
    assert(found !== undefined, "only partitions of the service are requested", { partition });
    return found;
  }

  /**
   * Updates this process's copy of a partition while another process owns it: before a move, and for partitions that
   * this process would take over. It may fail if the owner continues meanwhile. Then it is repeated.
   *
   * The copy is closed afterwards, but its thread keeps running: starting the thread is most of the duration of a
   * takeover.
   */
  async prepare(partition: number): Promise<void> {
    this.#checkOpen();
    this.#releaseThread ??= this.#parts.retainThread?.();
    await this.#found(partition).prepare();
  }

  async search(search: Search): Promise<SearchPage> {
    const nowMs = this.#parts.connection.foundation.clock.now();
    return searchSeveral(this.#owned(), structuredClone(search), nowMs);
  }

  async purge(nowMs: number): Promise<boolean> {
    this.#checkOpen();
    const more = await Promise.all(
      this.#partitions.flatMap(({ writer }) => (writer === undefined ? [] : writer.purge(nowMs))),
    );
    return more.includes(true);
  }

  async figures(): Promise<ArchiveFigures> {
    return figuresOfSeveral(this.#owned());
  }

  /** Backs up the partitions of this process. `openCopies` opens the result. */
  async backup(directory: string): Promise<void> {
    this.#checkOpen();
    for (const [partition, { writer }] of this.#partitions.entries()) {
      if (writer === undefined) continue;
      const file = copyOf(directory, partition);
      await mkdir(dirname(file), { recursive: true, mode: privateModes.folder });
      await writer.cache.copyTo(file);
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all(this.#partitions.map((partition) => partition.close()));
    await this.#releaseThread?.();
    this.#releaseThread = undefined;
  }

  #owned(): Single[] {
    this.#checkOpen();
    return this.#partitions.flatMap(({ writer }, partition) =>
      writer === undefined ? [] : [{ partition, archive: writer.cache.archive }],
    );
  }

  #checkOpen(): void {
    if (this.#isClosed) throw archiveErrors.closed();
  }
}

/** Returns the place of a partition's copy in a backup: a separate archive on SQLite. */
export function copyOf(directory: string, partition: number): string {
  return fileOf(join(directory, String(partition)));
}
