import { archiveErrors } from "../errors.ts";
import { rowSum } from "./checksum.ts";
import type { ArchiveDatabase, Row, Statement } from "./database.ts";

/** Progress of the archive of a partition. */
export interface Standing {
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

/** The standings of all partitions, in memory and in their table. */
export class Standings {
  readonly #file: string;
  readonly #replace: Statement;
  readonly #select: Statement;
  readonly #all = new Map<number, Standing>();

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
      const standing = this.#standing(row);
      this.#all.set(standing.partition, standing);
    }
  }

  of(partition: number): Standing {
    let standing = this.#all.get(partition);
    if (standing === undefined) {
      const zeros = { commits: 0, coveredTo: 0, packedTo: 0, live: 0, ended: 0, version: 0, incarnation: 0 };
      standing = { partition, ...zeros, snapshot: new Uint8Array(0) };
      this.#all.set(partition, standing);
    }
    return standing;
  }

  all(): IterableIterator<Standing> {
    return this.#all.values();
  }

  /** Stores it, as another commit. */
  store(standing: Standing): void {
    standing.commits++;
    const values = valuesOf(standing);
    const { snapshot } = standing;
    this.#replace.run(...values, snapshot, rowSum(values, snapshot));
  }

  #standing(row: Row): Standing {
    const partition = Number(row["partition"]);
    const [commits = 0, coveredTo = 0, packedTo = 0, live = 0, ended = 0, version = 0, incarnation = 0] =
      columns.map((name) => Number(row[name]));
    const { snapshot, sum } = row;
    if (snapshot instanceof Uint8Array) {
      const standing = {
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
      if (rowSum(valuesOf(standing), snapshot) === sum) return standing;
    }
    const place = { file: this.#file, table: "standing", row: partition };
    throw archiveErrors.damaged({ place, found: "a row whose checksum does not match" });
  }
}

function valuesOf(standing: Standing): number[] {
  const { partition, commits, coveredTo, packedTo, live, ended, version, incarnation } = standing;
  return [partition, commits, coveredTo, packedTo, live, ended, version, incarnation];
}
