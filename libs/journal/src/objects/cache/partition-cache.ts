/**
 * A process's own copy of a partition's archive, in a SQLite file. It applies the operations of the log with the code
 * of every archive on SQLite. It can be lost at any time.
 *
 * 1. The file also records the last applied entry of the log, under a number that no partition has. That record and the
 *    commits are one transaction. Repeating a pack or a purge changes nothing.
 */
import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import type { Clock } from "@tutti/kernel";
import type { ArchivePartition, Opening } from "../../archive/port.ts";
import type { BatchSource } from "../../archive/source.ts";
import type { EncodedChanges } from "../../archive/sqlite/committer.ts";
import type { EngineHost } from "../../archive/sqlite/engine-host.ts";
import { field, LineWriter } from "../../archive/sqlite/index/lines.ts";
import { SqliteArchive } from "../../archive/sqlite/sqlite-archive.ts";
import type { Operation } from "../operations.ts";

export interface CacheParts {
  readonly file: string;
  readonly partition: number;
  /** Number of partitions of the service. */
  readonly partitions: number;
  readonly host: (file: string) => EngineHost;
  readonly source: BatchSource;
  readonly clock: Clock;
}

/** An entry of the log, and its hash. */
export interface Mark {
  readonly sequence: number;
  readonly hash: Uint8Array;
}

/** The number under which the file records its position: no partition has it. */
const markPartition = 8_191;
const sequenceBytes = 8;

export class PartitionCache {
  readonly archive: SqliteArchive;
  readonly #partition: number;
  #mark: Mark | undefined;
  #packedTo: number;

  static async open(parts: CacheParts): Promise<PartitionCache> {
    const { file, host, partitions, source, clock, partition } = parts;
    const archive = new SqliteArchive(host(file), { partitions, source, clock });
    try {
      const { partitionSnapshot } = await archive.call("opening", markPartition);
      const { packedTo } = await archive.call("opening", partition);
      return new PartitionCache(archive, partition, decodeMark(partitionSnapshot), packedTo);
    } catch (error) {
      await archive.close().catch(() => {});
      throw error;
    }
  }

  private constructor(archive: SqliteArchive, partition: number, mark: Mark | undefined, packedTo: number) {
    this.archive = archive;
    this.#partition = partition;
    this.#mark = mark;
    this.#packedTo = packedTo;
  }

  /** Undefined for an empty copy. */
  get mark(): Mark | undefined {
    return this.#mark;
  }

  get view(): ArchivePartition {
    return this.archive.partition(this.#partition);
  }

  opening(): Promise<Opening> {
    return this.archive.call("opening", this.#partition);
  }

  /** Applies an entry. */
  async apply(operations: readonly Operation[], mark: Mark): Promise<void> {
    const commits: [number, EncodedChanges][] = [];
    for (const operation of operations) {
      if (operation.kind === "commit") commits.push([this.#partition, operation.changes]);
      else if (operation.kind === "purge") while (await this.archive.call("purge", operation.nowMs));
      else await this.#pack(operation.batches);
    }
    for (const [, { lines }] of commits) {
      this.archive.willHave(lines.numbers.slice(field.hash * lines.count, (field.hash + 1) * lines.count));
    }
    await this.archive.call("commitAll", [...commits, [markPartition, markOf(mark)]]);
    this.#mark = mark;
  }

  copyTo(file: string): Promise<void> {
    return this.archive.call("backup", file);
  }

  close(): Promise<void> {
    return this.archive.close();
  }

  async #pack(batches: Extract<Operation, { kind: "pack" }>["batches"]): Promise<void> {
    const more = batches.filter(({ number }) => number > this.#packedTo);
    const last = more.at(-1);
    if (last === undefined) return;
    await this.archive.call("pack", this.#partition, more);
    this.#packedTo = last.number;
  }
}

/** Removes a copy that is not open. */
export async function removeCache(file: string): Promise<void> {
  for (const end of ["", "-wal", "-shm", "-journal"]) await rm(`${file}${end}`, { force: true });
}

export function isCacheThere(file: string): boolean {
  return existsSync(file);
}

function markOf({ sequence, hash }: Mark): EncodedChanges {
  const partitionSnapshot = new Uint8Array(sequenceBytes + hash.length);
  new DataView(partitionSnapshot.buffer).setFloat64(0, sequence, true);
  partitionSnapshot.set(hash, sequenceBytes);
  return { coveredTo: 0, partitionSnapshot, lines: new LineWriter().write([]), snapshots: [] };
}

function decodeMark(bytes: Uint8Array): Mark | undefined {
  if (bytes.length <= sequenceBytes) return;
  const sequence = new DataView(bytes.buffer, bytes.byteOffset).getFloat64(0, true);
  return { sequence, hash: bytes.slice(sequenceBytes) };
}
