import assert from "node:assert/strict";
import { type Journal, type LogVisitor, type OpenedSegments, openSegmentsInline } from "@tutti/journal";
import { batchesFrom, MemoryDisk, recordBytes } from "@tutti/journal/testing";
import type { Chance } from "@tutti/kernel";

/** Operations of a trial, one after the other. Data, so that a failing list can be shrunk. */
export type Operation =
  | { readonly kind: "append"; readonly partition: number; readonly bytes: number }
  | { readonly kind: "seal"; readonly partition: number }
  /** The writer gets its turn. */
  | { readonly kind: "commit" }
  | { readonly kind: "truncate"; readonly partition: number; readonly keep: number }
  | { readonly kind: "restart"; readonly mode: "graceful" | "process" | "power" }
  /** The power fails in the middle of a later operation of the disk. */
  | { readonly kind: "power fails"; readonly after: number }
  | { readonly kind: "fill" }
  | { readonly kind: "make room" };

export const partitions = 3;
const services = [{ service: "workflow", partitions }];
const sizes = { firstBytes: 16 * 1024, maxBytes: 64 * 1024 };

/** Expected content of a partition: batches that must exist, and batches that may follow. */
interface Expected {
  readonly acknowledged: string[];
  under: string[];
  epoch: number;
}

/** Drives a journal on a faulty disk, and compares its content with its answers. */
export class Trial {
  readonly disk: MemoryDisk;
  readonly expected: Expected[] = Array.from({ length: partitions }, () => ({
    acknowledged: [],
    under: [],
    epoch: 0,
  }));
  readonly #chance: Chance;
  #turns: (() => void)[] = [];
  #appended = 0;
  /** Number of appends that found no room for the moment. */
  busy = 0;
  #opened: OpenedSegments;
  /** The last batch of each partition that was passed while the log was read. */
  readonly #visited = new Map<number, number>();

  constructor(chance: Chance) {
    this.#chance = chance;
    this.disk = new MemoryDisk(chance);
    this.#opened = this.#open();
  }

  get journal(): Journal {
    return this.#opened.journal;
  }

  async run(operations: readonly Operation[]): Promise<void> {
    for (const operation of operations) {
      await this.#execute(operation);
      await rest();
    }
  }

  async restart(mode: "graceful" | "process" | "power"): Promise<void> {
    const { faults } = this.disk;
    this.disk.faults = {};
    this.disk.capacityBytes = Number.POSITIVE_INFINITY;
    if (mode === "graceful") await this.#close();
    // Killed in the middle of an operation, a process leaves the data in the system's memory.
    if (mode === "process") this.disk.endProcess();
    else if (mode === "power" || this.disk.isPowerFailing) this.disk.crash();
    this.#turns = [];
    this.#opened = this.#open();
    this.disk.faults = faults;
    for (const [partition, number] of this.#visited) {
      assert.equal(
        number,
        this.journal.partition("workflow", partition).last.number,
        "the last one that opening has seen",
      );
    }
    await this.check();
  }

  /** Acknowledged batches exist. Other batches in the log are a prefix of those under way. */
  async check(): Promise<void> {
    for (const [index, expected] of this.expected.entries()) {
      const partition = this.journal.partition("workflow", index);
      const all = [...expected.acknowledged, ...expected.under];
      const last = partition.last.number;
      assert.ok(last >= expected.acknowledged.length, `acknowledged batches are lost, the last is ${last}`);
      assert.ok(last <= all.length, `batch ${last} was never appended`);
      let number = partition.first;
      for (const batch of await batchesFrom(partition, number)) {
        assert.equal(batch.number, number);
        const found = batch.seal ? `seal ${batch.epoch}` : Buffer.from(batch.records).toString("latin1");
        assert.equal(found.slice(0, 60), all[number - 1]?.slice(0, 60));
        assert.equal(found, all[number - 1]);
        number++;
      }
      assert.equal(number, last + 1);
      expected.acknowledged.push(...expected.under.slice(0, last - expected.acknowledged.length));
      expected.under = [];
      expected.epoch = partition.last.epoch;
    }
    this.#checkScan();
  }

  /** One pass through the whole log gives exactly the batches of the partitions. */
  #checkScan(): void {
    const next = this.journal.partitions.map(({ first }) => first);
    this.#opened.scan(({ partition }, { number }) => {
      assert.equal(number, next[partition]);
      next[partition] = number + 1;
    });
    assert.deepEqual(
      next,
      this.journal.partitions.map(({ last }) => last.number + 1),
    );
  }

  async #close(): Promise<void> {
    let isClosed = false;
    const closed = this.journal.close().then(() => {
      isClosed = true;
    });
    while (!isClosed) {
      this.#turns.shift()?.();
      await rest();
    }
    await closed;
  }

  #open(): OpenedSegments {
    this.#visited.clear();
    const visit: LogVisitor = ({ partition }, { number }) => this.#visited.set(partition, number);
    const options = { services, chance: this.#chance, sizes, batchBytesMax: 20_000, visit };
    return openSegmentsInline(this.disk, (turn) => this.#turns.push(turn), options);
  }

  async #execute(operation: Operation): Promise<void> {
    switch (operation.kind) {
      case "append":
        return this.#append(operation.partition, operation.bytes);
      case "seal":
        return this.#seal(operation.partition);
      case "commit":
        return this.#turns.shift()?.();
      case "truncate": {
        const partition = this.journal.partition("workflow", operation.partition);
        // The power may fail in the middle of it.
        await partition.truncate(partition.last.number - operation.keep).catch(() => {});
        return;
      }
      case "restart":
        return this.restart(operation.mode);
      case "power fails":
        return this.disk.failPowerIn(operation.after);
      case "fill":
        this.disk.capacityBytes = this.disk.usedBytes;
        return;
      case "make room":
        this.disk.capacityBytes = Number.POSITIVE_INFINITY;
    }
  }

  #seal(index: number): void {
    const expected = this.#of(index);
    const epoch = expected.epoch + 1;
    const label = `seal ${epoch}`;
    expected.epoch = epoch;
    expected.under.push(label);
    const sealing = this.journal.partition("workflow", index).seal({ epoch, timeMs: 1, behaviour: 0 });
    void sealing.then(({ kind }) => this.#recordOutcome(expected, label, kind));
  }

  #append(index: number, bytes: number): void {
    const expected = this.#of(index);
    if (expected.epoch === 0) {
      this.#seal(index);
      return;
    }
    const records = recordBytes(`append ${this.#appended++} `.padEnd(bytes, "x"));
    const label = Buffer.from(records).toString("latin1");
    const number = expected.acknowledged.length + expected.under.length + 1;
    expected.under.push(label);
    const { epoch } = expected;
    const batch = { epoch, number, timeMs: number, behaviour: 1, records, count: 1 };
    const appending = this.journal.partition("workflow", index).append(batch);
    void appending.then(({ kind }) => this.#recordOutcome(expected, label, kind));
  }

  #recordOutcome(expected: Expected, label: string, kind: string): void {
    if (kind === "durable" || kind === "sealed") {
      assert.equal(expected.under.shift(), label, "answers come in the order of the appends");
      expected.acknowledged.push(label);
    } else if (kind !== "unknown") {
      if (kind === "busy") this.busy++;
      const at = expected.under.lastIndexOf(label);
      if (at >= 0) expected.under.splice(at, 1);
      if (label.startsWith("seal")) expected.epoch = this.#sealedEpoch(expected);
    }
  }

  #sealedEpoch({ acknowledged, under }: Expected): number {
    const last = [...acknowledged, ...under].findLast((label) => label.startsWith("seal "));
    return last === undefined ? 0 : Number(last.slice("seal ".length));
  }

  #of(index: number): Expected {
    return this.expected[index] ?? assert.fail(`there is no partition ${index}`);
  }
}

/** Runs everything that waits only for its turn. */
async function rest(): Promise<void> {
  for (let turn = 0; turn < 30; turn++) await Promise.resolve();
}
