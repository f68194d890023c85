/** Reads and writes the tables of the book, without any decision. */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { Checkpoint, JournalHead, SigningKey } from "@tutti/contracts/governance/v1";
import { fromTimestamp } from "@tutti/kernel";
import type { Block } from "./blocks.ts";
import type { BlockSummary } from "./filter.ts";
import type { JournalName } from "./record.ts";
import { namingFaults } from "./schema.ts";

/** The place of a block: its head, and its first record there. */
export interface StoredBlock extends BlockSummary {
  readonly leaf: number;
  readonly first: number;
  readonly records: number;
}

/** The part of one journal that is added. */
export interface AddedPart {
  readonly head: JournalHead;
  /** Hashes of its records, concatenated. */
  readonly leaves: Uint8Array;
  readonly blocks: readonly AddedBlock[];
}

/** Without bytes if its records were removed. */
export interface AddedBlock extends Omit<Block, "bytes"> {
  readonly bytes: Uint8Array | undefined;
}

/** A head, with its leaf in the tree of all heads. */
export interface StoredHead {
  readonly leaf: number;
  readonly head: JournalHead;
}

/** A signed statement that records under checkpoints before this time need not be kept. */
export interface Retention {
  readonly keptFromMs: number;
  readonly signTimeMs: number;
  readonly signature: Uint8Array;
  readonly signingKeyId: string;
}

/** The place of records of a head, present or removed. */
export interface RecordPlaces {
  readonly first: number;
  readonly records: number;
  /** True if their bytes were removed. */
  readonly isDeleted: boolean;
}

export interface PlacedHead extends StoredHead {
  /** In order. */
  readonly places: readonly RecordPlaces[];
}

const summary = "leaf, first, records, first_ms, last_ms, namespaces, actors, actions";

export class BookStore {
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /** Runs work in a transaction. */
  together<Result>(work: () => Result): Result {
    return namingFaults(() => {
      this.#database.exec("BEGIN IMMEDIATE");
      try {
        const result = work();
        this.#database.exec("COMMIT");
        return result;
      } catch (error) {
        // SQLite rolls the transaction back itself if the disk is full.
        if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
        throw error;
      }
    });
  }

  keys(): SigningKey[] {
    return this.#all("SELECT encoded FROM signing_key ORDER BY place").map((row) =>
      SigningKey.decode(bytesOf(row["encoded"])),
    );
  }

  addKey(key: SigningKey): void {
    const encoded = SigningKey.encode(key).finish();
    this.#run("INSERT INTO signing_key (id, encoded) VALUES (?, ?)", key.signingKeyId, encoded);
  }

  addCheckpoint(checkpoint: Checkpoint): void {
    const { number, createTime, treeSize } = checkpoint;
    const timeMs = createTime === undefined ? 0 : fromTimestamp(createTime);
    const encoded = Checkpoint.encode({ ...checkpoint, heads: [] }).finish();
    this.#run("INSERT INTO checkpoint VALUES (?, ?, ?, ?)", number, timeMs, treeSize, encoded);
  }

  addHead(leaf: number, { head, leaves }: Omit<AddedPart, "blocks">): void {
    const { service, partition, batch } = head;
    const encoded = JournalHead.encode(head).finish();
    this.#run("INSERT INTO head VALUES (?, ?, ?, ?, ?, ?)", leaf, service, partition, batch, encoded, leaves);
  }

  addBlock(leaf: number, block: AddedBlock): void {
    const { first, records, firstMs, lastMs, namespaces, actors, actions, bytes } = block;
    this.#run(
      "INSERT INTO block VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
      ...[leaf, first, records, firstMs, lastMs, JSON.stringify(namespaces)],
      ...[actors === undefined ? null : JSON.stringify(actors)],
      ...[actions === undefined ? null : JSON.stringify(actions), bytes ?? null],
    );
  }

  /** Returns a checkpoint. Number 0 means the last one. */
  checkpoint(number: number): Checkpoint | undefined {
    const row =
      number === 0
        ? this.#get("SELECT * FROM checkpoint ORDER BY number DESC LIMIT 1")
        : this.#get("SELECT * FROM checkpoint WHERE number = ?", number);
    return row && Checkpoint.decode(bytesOf(row["encoded"]));
  }

  /** Returns checkpoints of a time span, the latest first, without heads, below a number. */
  checkpoints(range: { fromMs: number; toMs: number }, below: number, limit: number): Checkpoint[] {
    return this.#all(
      "SELECT encoded FROM checkpoint WHERE number < ? AND time_ms >= ? AND time_ms < ? ORDER BY number DESC LIMIT ?",
      ...[below, range.fromMs, range.toMs, limit],
    ).map((row) => Checkpoint.decode(bytesOf(row["encoded"])));
  }

  checkpointsAfter(number: number, limit: number): Checkpoint[] {
    return this.#all(
      "SELECT encoded FROM checkpoint WHERE number > ? ORDER BY number LIMIT ?",
      number,
      limit,
    ).map((row) => Checkpoint.decode(bytesOf(row["encoded"])));
  }

  /** Returns the first checkpoint with a leaf. */
  checkpointOf(leaf: number): number {
    const row = this.#get("SELECT min(number) AS number FROM checkpoint WHERE tree_size > ?", leaf);
    return Number(row?.["number"] ?? 0);
  }

  /** Returns the first checkpoint from a time on. 0 if there is none. */
  checkpointFrom(timeMs: number): number {
    const row = this.#get("SELECT min(number) AS number FROM checkpoint WHERE time_ms >= ?", timeMs);
    return Number(row?.["number"] ?? 0);
  }

  *heads(fromLeaf = 0, toLeaf = Number.MAX_SAFE_INTEGER): Generator<StoredHead, void> {
    for (let next = fromLeaf; next < toLeaf; ) {
      // In portions: an open statement blocks the writer.
      const rows = this.#all(
        "SELECT leaf, encoded FROM head WHERE leaf >= ? AND leaf < ? ORDER BY leaf LIMIT 256",
        ...[next, toLeaf],
      );
      if (rows.length === 0) return;
      for (const row of rows) yield headIn(row);
      next = Number(rows.at(-1)?.["leaf"]) + 1;
    }
  }

  /** Yields heads with the places of their records. */
  *placedHeads(fromLeaf = 0, toLeaf = Number.MAX_SAFE_INTEGER): Generator<PlacedHead, void> {
    for (let next = fromLeaf; next < toLeaf; ) {
      const rows = this.#all(
        "SELECT leaf, encoded FROM head WHERE leaf >= ? AND leaf < ? ORDER BY leaf LIMIT 256",
        ...[next, toLeaf],
      );
      if (rows.length === 0) return;
      const from = next;
      next = Number(rows.at(-1)?.["leaf"]) + 1;
      const places = Map.groupBy(this.#placesBetween(from, next), ({ leaf }) => leaf);
      for (const row of rows) {
        const stored = headIn(row);
        yield { ...stored, places: places.get(stored.leaf) ?? [] };
      }
    }
  }

  #placesBetween(fromLeaf: number, toLeaf: number): (RecordPlaces & { readonly leaf: number })[] {
    return this.#all(
      "SELECT leaf, first, records, bytes IS NULL AS gone FROM block WHERE leaf >= ? AND leaf < ? ORDER BY leaf, first",
      ...[fromLeaf, toLeaf],
    ).map((row) => ({
      leaf: Number(row["leaf"]),
      first: Number(row["first"]),
      records: Number(row["records"]),
      isDeleted: Number(row["gone"]) === 1,
    }));
  }

  /** Returns the leaf after all leaves of checkpoints before the first one from a time on. */
  leafAt(timeMs: number): number {
    const row = this.#get(
      `SELECT max(tree_size) AS size FROM checkpoint
       WHERE number < coalesce((SELECT min(number) FROM checkpoint WHERE time_ms >= ?), 9e15)`,
      timeMs,
    );
    return Number(row?.["size"] ?? 0);
  }

  /** Yields the columns of checkpoints, with the signed content. */
  *listedCheckpoints(): Generator<ListedCheckpoint, void> {
    for (let after = 0; ; ) {
      const rows = this.#all("SELECT * FROM checkpoint WHERE number > ? ORDER BY number LIMIT 256", after);
      if (rows.length === 0) return;
      for (const row of rows) {
        after = Number(row["number"]);
        const columns = { number: after, timeMs: Number(row["time_ms"]), treeSize: Number(row["tree_size"]) };
        yield { columns, checkpoint: Checkpoint.decode(bytesOf(row["encoded"])) };
      }
    }
  }

  retention(): Retention | undefined {
    const row = this.#get("SELECT * FROM retention");
    return (
      row && {
        keptFromMs: Number(row["kept_from_ms"]),
        signTimeMs: Number(row["sign_time_ms"]),
        signature: bytesOf(row["signature"]),
        signingKeyId: String(row["signing_key_id"]),
      }
    );
  }

  /** Replaces the retention. */
  setRetention({ keptFromMs, signTimeMs, signature, signingKeyId }: Retention): void {
    this.#run(
      "INSERT OR REPLACE INTO retention VALUES (1, ?, ?, ?, ?)",
      ...[keptFromMs, signTimeMs, signature, signingKeyId],
    );
  }

  /** Returns the time of the last checkpoint with removed records. 0 for none. */
  lastRemovedMs(): number {
    const row = this.#get(
      `SELECT max(time_ms) AS last FROM checkpoint WHERE number <= (SELECT min(number) FROM checkpoint
       WHERE tree_size > (SELECT max(leaf) FROM block WHERE bytes IS NULL))`,
    );
    return Number(row?.["last"] ?? 0);
  }

  /** Returns the head of a batch. */
  headOver({ service, partition }: JournalName, batch: number): StoredHead | undefined {
    const row = this.#get(
      "SELECT leaf, encoded FROM head WHERE service = ? AND partition = ? AND batch >= ? ORDER BY batch LIMIT 1",
      ...[service, partition, batch],
    );
    return row && headIn(row);
  }

  /** Returns the hashes of the records under a head, concatenated. */
  leavesUnder(leaf: number): Uint8Array {
    return bytesOf(this.#get("SELECT leaves FROM head WHERE leaf = ?", leaf)?.["leaves"]);
  }

  /** Returns the blocks of a head, in the order of their records. */
  blocksUnder(leaf: number): StoredBlock[] {
    return this.#all(
      `SELECT ${summary} FROM block WHERE leaf = ? AND bytes IS NOT NULL ORDER BY first`,
      leaf,
    ).map(blockIn);
  }

  /**
   * Returns blocks after a given one: from the latest on by their last record, or from the earliest on by
   * their first.
   */
  blocksInOrder(isOldestFirst: boolean, after: StoredBlock | undefined, limit: number): StoredBlock[] {
    const [column, than, order] = isOldestFirst ? ["first_ms", ">", "ASC"] : ["last_ms", "<", "DESC"];
    const endless = isOldestFirst ? -1 : Number.MAX_SAFE_INTEGER;
    const timeMs = isOldestFirst ? after?.firstMs : after?.lastMs;
    return this.#all(
      `SELECT ${summary} FROM block WHERE bytes IS NOT NULL AND (${column}, leaf, first) ${than} (?, ?, ?)
       ORDER BY ${column} ${order}, leaf ${order}, first ${order} LIMIT ?`,
      ...[timeMs ?? endless, after?.leaf ?? endless, after?.first ?? endless, limit],
    ).map(blockIn);
  }

  bytesOf({ leaf, first }: Pick<StoredBlock, "leaf" | "first">): Uint8Array {
    const row = this.#get("SELECT bytes FROM block WHERE leaf = ? AND first = ?", leaf, first);
    return bytesOf(row?.["bytes"]);
  }

  /** Returns whether there are records to remove. */
  hasBefore(timeMs: number): boolean {
    const sql = "SELECT 1 FROM block WHERE bytes IS NOT NULL AND last_ms < ? AND leaf < ? LIMIT 1";
    return this.#get(sql, timeMs, this.leafAt(timeMs)) !== undefined;
  }

  /**
   * Removes some of the records that are older than a time, in whole blocks, under checkpoints before it.
   * Returns these blocks.
   */
  dropBefore(timeMs: number, limit: number): Pick<StoredBlock, "leaf" | "first">[] {
    const dropped = this.#all(
      `UPDATE block SET bytes = NULL WHERE (leaf, first) IN
       (SELECT leaf, first FROM block WHERE bytes IS NOT NULL AND last_ms < ? AND leaf < ? LIMIT ?) RETURNING leaf, first`,
      ...[timeMs, this.leafAt(timeMs), limit],
    );
    this.#database.exec("PRAGMA incremental_vacuum(256)");
    return dropped.map((row) => ({ leaf: Number(row["leaf"]), first: Number(row["first"]) }));
  }

  close(): void {
    this.#database.close();
  }

  #statement(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#database.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }

  #all(sql: string, ...values: readonly Value[]): Row[] {
    return namingFaults(() => this.#statement(sql).all(...values));
  }

  #get(sql: string, ...values: readonly Value[]): Row | undefined {
    return namingFaults(() => this.#statement(sql).get(...values));
  }

  #run(sql: string, ...values: readonly Value[]): { readonly changes: number | bigint } {
    return namingFaults(() => this.#statement(sql).run(...values));
  }
}

export interface ListedCheckpoint {
  readonly columns: { readonly number: number; readonly timeMs: number; readonly treeSize: number };
  readonly checkpoint: Checkpoint;
}

type Value = string | number | null | Uint8Array;
type Row = Record<string, unknown>;

function headIn(row: Row): StoredHead {
  return { leaf: Number(row["leaf"]), head: JournalHead.decode(bytesOf(row["encoded"])) };
}

function blockIn(row: Row): StoredBlock {
  return {
    leaf: Number(row["leaf"]),
    first: Number(row["first"]),
    records: Number(row["records"]),
    firstMs: Number(row["first_ms"]),
    lastMs: Number(row["last_ms"]),
    namespaces: textsIn(row["namespaces"]) ?? [],
    actors: textsIn(row["actors"]),
    actions: textsIn(row["actions"]),
  };
}

function textsIn(value: unknown): string[] | undefined {
  return typeof value === "string" ? JSON.parse(value) : undefined;
}

function bytesOf(value: unknown): Uint8Array {
  if (value instanceof Uint8Array) return value;
  throw new TypeError("expected bytes in the book of the audit, got something else");
}
