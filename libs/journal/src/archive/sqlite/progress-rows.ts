import { archiveErrors } from "../errors.ts";
import { rowSum } from "./checksum.ts";
import type { ArchiveDatabase, Row, Statement } from "./database.ts";

/** Progress of the archive of a partition. */
export interface PartitionProgress {
  readonly partition: number;
  /** Number of commits. */
  commits: number;
  coveredTo: number;
  packedTo: number;
  live: number;
  ended: number;
  /** Version of the last line. */
  version: number;
  /** The highest incarnation so far: higher ones are certainly new. */
  incarnation: number;
  snapshot: Uint8Array;
}

const columns = ["commits", "covered", "packed", "live", "ended", "version", "incarnation"] as const;

/** The progress of all partitions, in memory and in their table. */
export class ProgressRows {
  readonly #file: string;
  readonly #replace: Statement;
  readonly #select: Statement;
  readonly #all = new Map<number, PartitionProgress>();

  constructor(database: ArchiveDatabase) {
    this.#file = database.file;
    this.#replace = database.statement(
      "INSERT OR REPLACE INTO standing VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    );
    this.#select = database.statement("SELECT * FROM standing");
  }

  load(): void {
    this.#all.clear();
    for (const row of this.#select.all()) {
      const progress = this.#decode(row);
      this.#all.set(progress.partition, progress);
    }
  }

  of(partition: number): PartitionProgress {
    let progress = this.#all.get(partition);
    if (progress === undefined) {
      const zeros = { commits: 0, coveredTo: 0, packedTo: 0, live: 0, ended: 0, version: 0, incarnation: 0 };
      progress = { partition, ...zeros, snapshot: new Uint8Array(0) };
      this.#all.set(partition, progress);
    }
    return progress;
  }

  all(): IterableIterator<PartitionProgress> {
    return this.#all.values();
  }

  /** Stores it, as another commit. */
  store(progress: PartitionProgress): void {
    progress.commits++;
    const values = valuesOf(progress);
    const { snapshot } = progress;
    this.#replace.run(...values, snapshot, rowSum(values, snapshot));
  }

  #decode(row: Row): PartitionProgress {
    const partition = Number(row["partition"]);
    const [commits = 0, coveredTo = 0, packedTo = 0, live = 0, ended = 0, version = 0, incarnation = 0] =
      columns.map((name) => Number(row[name]));
    const { snapshot, sum } = row;
    if (snapshot instanceof Uint8Array) {
      const progress = {
        partition,
        commits,
        coveredTo,
        packedTo,
        live,
        ended,
        version,
        incarnation,
        snapshot,
      };
      if (rowSum(valuesOf(progress), snapshot) === sum) return progress;
    }
    const place = { file: this.#file, table: "standing", row: partition };
    throw archiveErrors.damaged({ place, found: "a row whose checksum does not match" });
  }
}

function valuesOf(progress: PartitionProgress): number[] {
  const { partition, commits, coveredTo, packedTo, live, ended, version, incarnation } = progress;
  return [partition, commits, coveredTo, packedTo, live, ended, version, incarnation];
}
