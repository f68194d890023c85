import type { InstanceKey } from "@tutti/kernel";
import { archiveErrors } from "../errors.ts";
import { pageBytesMax } from "../outstanding-page.ts";
import type { DueInstance, InstanceSnapshot, OutstandingInstance, RecordPlace } from "../port.ts";
import { rowSum } from "./checksum.ts";
import type { ArchiveDatabase, Row, Statement } from "./database.ts";
import { incarnationOf, instanceId, partitionOf } from "./schema.ts";

export const stage = {
  /** It is running, and the journal has all of it. */
  live: 0,
  /** It ended, and its last records are not packed yet. */
  ended: 1,
  /** It ended and has a snapshot. */
  endedWithSnapshot: 2,
  /** It is running and has a snapshot. */
  snapshotted: 3,
} as const;

/** Facts about an instance in addition to its line in the index. */
export interface InstanceRow {
  readonly id: number;
  readonly hash: number;
  /** Version of its newest line. */
  readonly version: number;
  readonly stage: number;
  /** Its last packed record. All 0 if there is none. */
  readonly packed: RecordPlace;
  readonly packedEvents: number;
  readonly key: InstanceKey;
}

export const unpacked: RecordPlace = { batch: 0, index: 0 };

/** The tables `instance` and `snapshot`. */
export class Instances {
  readonly #file: string;
  readonly #statements: Readonly<Record<keyof typeof statements, Statement>>;

  constructor(database: ArchiveDatabase) {
    this.#file = database.file;
    const prepared = Object.entries(statements).map(
      ([name, sql]) => [name, database.statement(sql)] as const,
    );
    // The cast: the same names as in the table above.
    this.#statements = Object.fromEntries(prepared) as Record<keyof typeof statements, Statement>;
  }

  get(id: number): InstanceRow | undefined {
    const row = this.#statements.get.get(id);
    return row === undefined ? undefined : this.#instance(row);
  }

  /** Returns the newest instance under a key. */
  find(partition: number, hash: number, key: InstanceKey): InstanceRow | undefined {
    const rows = this.#statements.find.all(hash, instanceId(partition, 0), instanceId(partition + 1, 0));
    return rows
      .map((row) => this.#instance(row))
      .findLast(({ key: { namespace, kind, id } }) => {
        return id === key.id && kind === key.kind && namespace === key.namespace;
      });
  }

  /** Returns whether the partition has any instance. */
  some(partition: number): boolean {
    return this.#statements.some.get(instanceId(partition, 0), instanceId(partition + 1, 0)) !== undefined;
  }

  /** Returns the first existing id from this one on. Undefined if there is none. */
  firstFrom(id: number): number | undefined {
    const row = this.#statements.some.get(id, Number.MAX_SAFE_INTEGER);
    return row === undefined ? undefined : Number(row["id"]);
  }

  upsert(row: InstanceRow): void {
    const { id, hash, version, stage: at, packed, packedEvents } = row;
    const numbers = [id, hash, version, at, packed.batch, packed.index, packedEvents];
    const key = encodeKey(row.key);
    this.#statements.put.run(...numbers, key, rowSum(numbers, key));
  }

  /** Deletes an instance with its snapshot. */
  delete(id: number): void {
    this.#statements.delete.run(id);
    this.deleteSnapshot(id);
  }

  writeSnapshot(
    id: number,
    { snapshot, dueMs, outstanding }: Omit<InstanceSnapshot, "key" | "incarnation">,
  ): void {
    const numbers = [id, partitionOf(id), dueMs, outstanding ? 1 : 0];
    this.#statements.putSnapshot.run(...numbers, snapshot, rowSum(numbers, snapshot));
  }

  deleteSnapshot(id: number): void {
    this.#statements.deleteSnapshot.run(id);
  }

  snapshot(id: number): Uint8Array | undefined {
    const row = this.#statements.snapshot.get(id);
    return row === undefined ? undefined : this.#state(row);
  }

  due(partition: number, beforeMs: number, limit: number, after?: DueInstance): DueInstance[] {
    const afterMs = after?.dueMs ?? 0;
    const afterId = after === undefined ? 0 : instanceId(partition, after.incarnation);
    return this.#statements.due
      .all(partition, afterMs, afterMs, afterId, beforeMs, limit)
      .map((row) => this.#due(Number(row["id"]), Number(row["due"])));
  }

  nextDueMs(partition: number): number | undefined {
    const row = this.#statements.next.get(partition);
    return row === undefined ? undefined : Number(row["due"]);
  }

  outstanding(partition: number, after: number, limit: number): OutstandingInstance[] {
    const page: OutstandingInstance[] = [];
    let bytes = 0;
    const range = [instanceId(partition, after), instanceId(partition + 1, 0), limit];
    this.#statements.outstanding.each(range, (row) => {
      const snapshot = this.#state(row);
      page.push({ incarnation: incarnationOf(Number(row["id"])), snapshot });
      bytes += snapshot.length;
      return bytes < pageBytesMax;
    });
    return page;
  }

  /** Checks some rows with ids above this one, and returns the last. Undefined at the end. */
  verify(after: number, limit: number): number | undefined {
    for (const row of this.#statements.someSnapshots.all(after, limit)) {
      this.#state(row);
      this.#existing(Number(row["id"]));
    }
    const rows = this.#statements.someInstances.all(after, limit);
    for (const row of rows) this.#instance(row);
    const last = rows.at(-1);
    return last === undefined ? undefined : Number(last["id"]);
  }

  /** The entry of an index must match its row. An index has no checksum of its own. */
  #due(id: number, dueMs: number): DueInstance {
    const row = this.#statements.dueOf.get(id);
    if (Number(row?.["due"]) !== dueMs)
      this.#damaged("snapshot_by_due", id, "a moment that its row does not have");
    return { dueMs, incarnation: incarnationOf(id), key: this.#existing(id).key };
  }

  #existing(id: number): InstanceRow {
    return this.get(id) ?? this.#damaged("instance", id, "no row for its snapshot");
  }

  #state(row: Row): Uint8Array {
    const { id, partition, due, outstanding, state, sum } = row;
    const numbers = [Number(id), Number(partition), Number(due), Number(outstanding)];
    if (state instanceof Uint8Array && rowSum(numbers, state) === sum) return state;
    return this.#damaged("snapshot", Number(id), "a row whose checksum does not match");
  }

  #instance(row: Row): InstanceRow {
    const numbers = ["id", "hash", "version", "stage", "batch", "place", "event"].map((name) =>
      Number(row[name]),
    );
    const [id = 0, hash = 0, version = 0, at = 0, batch = 0, index = 0, packedEvents = 0] = numbers;
    const key = row["key"];
    if (!(key instanceof Uint8Array) || rowSum(numbers, key) !== row["sum"]) {
      return this.#damaged("instance", id, "a row whose checksum does not match");
    }
    return { id, hash, version, stage: at, packed: { batch, index }, packedEvents, key: decodeKey(key) };
  }

  /** Reports a missing row: the row or the reference to it is damaged. */
  missing(table: "instance" | "snapshot", id: number): never {
    return this.#damaged(table, id, "no row where one was written");
  }

  #damaged(table: string, row: number, found: string): never {
    throw archiveErrors.damaged({ place: { file: this.#file, table, row }, found });
  }
}

const statements = {
  get: "SELECT * FROM instance WHERE id = ?",
  find: "SELECT * FROM instance WHERE hash = ? AND id >= ? AND id < ? ORDER BY id",
  some: "SELECT id FROM instance WHERE id >= ? AND id < ? ORDER BY id LIMIT 1",
  // An update, because it leaves the index of hashes alone.
  put: `INSERT INTO instance VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET
        version = excluded.version, stage = excluded.stage, batch = excluded.batch, place = excluded.place,
        event = excluded.event, sum = excluded.sum`,
  delete: "DELETE FROM instance WHERE id = ?",
  putSnapshot: "INSERT OR REPLACE INTO snapshot VALUES (?, ?, ?, ?, ?, ?)",
  deleteSnapshot: "DELETE FROM snapshot WHERE id = ?",
  snapshot: "SELECT * FROM snapshot WHERE id = ?",
  dueOf: "SELECT due FROM snapshot WHERE id = ?",
  due: `SELECT id, due FROM snapshot INDEXED BY snapshot_by_due
        WHERE partition = ? AND due > 0 AND due >= ? AND (due, id) > (?, ?) AND due <= ? ORDER BY due, id LIMIT ?`,
  next: `SELECT due FROM snapshot INDEXED BY snapshot_by_due WHERE partition = ? AND due > 0 ORDER BY due LIMIT 1`,
  outstanding: `SELECT * FROM snapshot INDEXED BY snapshot_by_outstanding
                WHERE outstanding = 1 AND id > ? AND id < ? ORDER BY id LIMIT ?`,
  someInstances: "SELECT * FROM instance WHERE id > ? ORDER BY id LIMIT ?",
  someSnapshots: "SELECT * FROM snapshot WHERE id > ? ORDER BY id LIMIT ?",
} as const;

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** Namespaces and kinds contain no slash. */
function encodeKey({ namespace, kind, id }: InstanceKey): Uint8Array {
  return encoder.encode(`${namespace}/${kind}/${id}`);
}

function decodeKey(bytes: Uint8Array): InstanceKey {
  const text = decoder.decode(bytes);
  const first = text.indexOf("/");
  const second = text.indexOf("/", first + 1);
  return { namespace: text.slice(0, first), kind: text.slice(first + 1, second), id: text.slice(second + 1) };
}
