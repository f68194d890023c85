/** A journal as the runtime writes it, and a book that reads it. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Checkpoint, SigningKey } from "@tutti/contracts/governance/v1";
import { Record as JournalRecord } from "@tutti/contracts/runtime/v1";
import { ActorKind } from "@tutti/contracts/types/v1";
import { FlatWriter } from "@tutti/contracts/wire";
import { encodeBatch, hashOfBatch } from "@tutti/journal/batches";
import { toTimestamp } from "@tutti/kernel";
import { checkpointOf, MerkleTree, signerOf } from "@tutti/policy/audit";
import { AuditBook } from "./book.ts";
import { signedRetention } from "./completeness.ts";
import type { JournalPart } from "./intake.ts";

export const startMs = 1_767_225_600_000;
export const signer = signerOf(new Uint8Array(32).fill(7));
export const signingKey: SigningKey = {
  ...{ signingKeyId: "key-1", publicKey: signer.publicKey, startTime: toTimestamp(startMs) },
  ...{ endTime: undefined, endorsement: new Uint8Array(0) },
};

export interface Deed {
  /** Absent: the actor of the record before, as journals omit it. */
  readonly actor?: string;
  readonly namespace?: string;
  readonly id?: string;
  readonly type?: string;
}

/** Writes batches of one partition, each following the one before. */
export class TestJournal {
  readonly service = "workflow";
  readonly partition: number;
  #number = 0;
  #hash = new Uint8Array(0);

  constructor(partition = 0) {
    this.partition = partition;
  }

  batch(timeMs: number, ...deeds: readonly Deed[]): Uint8Array {
    const writer = new FlatWriter(1024);
    for (const [
      index,
      { actor, namespace = "default", id = "run-1", type = "task_completed" },
    ] of deeds.entries()) {
      const cause = actor === undefined ? undefined : causeBy(actor);
      const record = JournalRecord.fromPartial({
        ...{ namespace, kind: "run", id, event: index + 1, type, version: 1 },
        ...{ payload: Buffer.from(`payload of ${type}`), ...(cause && { cause }) },
      });
      writer.uint32(18).bytes(JournalRecord.encode(record).finish());
    }
    const header = { number: ++this.#number, epoch: 1, timeMs, behaviour: 1, seal: deeds.length === 0 };
    const fields = { ...header, previousHash: this.#hash, records: writer.finish(), count: deeds.length };
    const bytes = encodeBatch(this, fields);
    this.#hash = new Uint8Array(hashOfBatch(bytes));
    return bytes;
  }

  part(...batches: readonly Uint8Array[]): JournalPart {
    return { service: this.service, partition: this.partition, batches };
  }
}

function causeBy(id: string) {
  return {
    actor: { kind: ActorKind.ACTOR_KIND_PERSON, id },
    traceparent: "",
    decision: "roles/operator",
    reason: "",
  };
}

/** A book in a folder of its own, which is removed with it. */
export class TestBook implements AsyncDisposable {
  readonly file: string;
  readonly #directory: string;
  book: AuditBook;

  static async open(): Promise<TestBook> {
    const directory = await mkdtemp(join(tmpdir(), "tutti-book-"));
    const file = join(directory, "book.sqlite");
    return new TestBook(directory, file, await AuditBook.open(file, signingKey));
  }

  private constructor(directory: string, file: string, book: AuditBook) {
    this.#directory = directory;
    this.file = file;
    this.book = book;
  }

  /** Signs a prepared checkpoint, as the service does. */
  sign(timeMs: number, ...parts: readonly JournalPart[]): Checkpoint {
    const { number, heads, size, parts: before } = this.book.prepare(parts);
    const contents = { number, createTime: toTimestamp(timeMs), heads };
    const signed = { signingKeyId: signingKey.signingKeyId, key: signer };
    const checkpoint = checkpointOf(contents, MerkleTree.after(size, before), signed);
    this.book.commit(checkpoint);
    return checkpoint;
  }

  /** Removes older records, as the service does. */
  drop(keptFromMs: number): number {
    const signed = { signingKeyId: signingKey.signingKeyId, key: signer };
    this.book.retain(signedRetention({ keptFromMs, signTimeMs: startMs }, signed));
    let dropped = 0;
    for (let some = 1; some > 0; dropped += some) some = this.book.dropBefore(keptFromMs).length;
    return dropped;
  }

  /** Changes the file without the book. */
  async tamper(...statements: readonly string[]): Promise<void> {
    const { DatabaseSync } = await import("node:sqlite");
    const database = new DatabaseSync(this.file);
    for (const statement of statements) database.exec(statement);
    database.close();
  }

  /** Simulates a crash: only the file remains. */
  async reopen(): Promise<void> {
    this.book.close();
    this.book = await AuditBook.open(this.file, signingKey);
  }

  /** Replaces a book that could not be opened again, so that it can be closed. */
  async restore(): Promise<void> {
    await rm(this.file);
    this.book = await AuditBook.open(this.file, signingKey);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.book.close();
    await rm(this.#directory, { recursive: true });
  }
}
