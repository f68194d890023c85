import { assert, type Clock } from "@tutti/kernel";
import type { Archive, ArchiveFigures, ArchivePartition, Search, SearchPage } from "../archive/port.ts";
import type { BatchSource } from "../archive/source.ts";
import type { EngineHost } from "../archive/sqlite/engine-host.ts";
import { SqliteArchive } from "../archive/sqlite/sqlite-archive.ts";
import { copyOf } from "./object-archive.ts";
import { figuresOfSeveral, type Single, searchSeveral } from "./several.ts";

export interface CopiesOptions {
  readonly partitions: number;
  readonly host: (file: string) => EngineHost;
  readonly source: BatchSource;
  readonly clock: Clock;
}

/** A backup of the cluster's archive, opened separately: a file per partition. */
export class ArchiveCopies implements Archive {
  readonly #clock: Clock;
  readonly #singles: readonly (Single & { readonly archive: SqliteArchive })[];

  constructor(directory: string, { partitions, host, source, clock }: CopiesOptions) {
    this.#clock = clock;
    this.#singles = Array.from({ length: partitions }, (_, partition) => {
      const file = copyOf(directory, partition);
      return { partition, archive: new SqliteArchive(host(file), { partitions, source, clock }) };
    });
  }

  partition(partition: number): ArchivePartition {
    const single = this.#singles[partition];
    assert(single !== undefined, "only partitions of the service are requested", { partition });
    return single.archive.partition(partition);
  }

  search(search: Search): Promise<SearchPage> {
    return searchSeveral(this.#singles, search, this.#clock.now());
  }

  async purge(nowMs: number): Promise<boolean> {
    const more = await Promise.all(this.#singles.map(({ archive }) => archive.purge(nowMs)));
    return more.includes(true);
  }

  figures(): Promise<ArchiveFigures> {
    return figuresOfSeveral(this.#singles);
  }

  async backup(directory: string): Promise<void> {
    for (const { archive, partition } of this.#singles) {
      await archive.call("backup", copyOf(directory, partition));
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#singles.map(({ archive }) => archive.close()));
  }
}
