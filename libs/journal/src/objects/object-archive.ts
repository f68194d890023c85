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
 * The archive of a service in a cluster: what it keeps is in NATS, and each process has its own copy of the partitions
 * that it owns, one file each.
 */
export class ObjectArchive implements Archive {
  readonly #parts: ObjectParts;
  readonly #partitions: readonly ObjectPartition[];
  #isClosed = false;
  #giveBack: (() => Promise<void>) | undefined;

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
    assert(found !== undefined, "only partitions of the service are asked for", { partition });
    return found;
  }

  /**
   * Brings this process's copy of a partition up to date while another one owns it: before a move, and for those it is
   * to take over when another process dies. It may fail when the owner continues meanwhile. Then it is done again.
   *
   * The copy is closed afterwards, and what works on it stays: to start that again is most of what taking over would
   * take.
   */
  async prepare(partition: number): Promise<void> {
    this.#checkOpen();
    this.#giveBack ??= this.#parts.hold?.();
    await this.#found(partition).prepare();
  }

  async search(search: Search): Promise<SearchPage> {
    const nowMs = this.#parts.connection.foundation.clock.now();
    return searchSeveral(this.#owned(), structuredClone(search), nowMs);
  }

  async purge(nowMs: number): Promise<boolean> {
    this.#checkOpen();
    const more = await Promise.all(
      this.#partitions.flatMap(({ tenancy }) => (tenancy === undefined ? [] : tenancy.purge(nowMs))),
    );
    return more.includes(true);
  }

  async figures(): Promise<ArchiveFigures> {
    return figuresOfSeveral(this.#owned());
  }

  /** Of the partitions that this process has. `openCopies` opens it. */
  async backup(directory: string): Promise<void> {
    this.#checkOpen();
    for (const [partition, { tenancy }] of this.#partitions.entries()) {
      if (tenancy === undefined) continue;
      const file = copyOf(directory, partition);
      await mkdir(dirname(file), { recursive: true, mode: privateModes.folder });
      await tenancy.cache.copyTo(file);
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all(this.#partitions.map((partition) => partition.close()));
    await this.#giveBack?.();
    this.#giveBack = undefined;
  }

  #owned(): Single[] {
    this.#checkOpen();
    return this.#partitions.flatMap(({ tenancy }, partition) =>
      tenancy === undefined ? [] : [{ partition, archive: tenancy.cache.archive }],
    );
  }

  #checkOpen(): void {
    if (this.#isClosed) throw archiveErrors.closed();
  }
}

/** Where a backup has the copy of a partition: an archive on SQLite of its own. */
export function copyOf(directory: string, partition: number): string {
  return fileOf(join(directory, String(partition)));
}
