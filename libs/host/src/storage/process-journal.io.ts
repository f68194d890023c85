import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MemoryArchive, openSegmentsInline, type SegmentsJournal } from "@tutti/journal";
import { MemoryDisk } from "@tutti/journal/testing";
import { recordingLogger, seededChance, VirtualTime } from "@tutti/kernel/testing";
import { account, balance, deposit, open } from "@tutti/machine-bank";
import { Runtime, runtimeLimits } from "@tutti/runtime";
import { ProcessJournal } from "./process-journal.ts";

const partitions = 4;
const services = ["bank", "savings"].map((service) => ({ service, partitions }));
const teller = { actor: undefined, traceparent: "", decision: "", reason: "" };
const keyOf = (id: string) => ({ namespace: "default", kind: "account", id });

/** A process with two services on one simulated disk. */
class Process {
  readonly time = new VirtualTime();
  readonly chance = seededChance(7);
  readonly disk = new MemoryDisk(this.chance);
  readonly logger = recordingLogger();
  opened = 0;
  openFails = 0;
  readonly journals: ProcessJournal<SegmentsJournal>;
  readonly runtimes: readonly Runtime[];

  constructor() {
    const { time, chance, logger } = this;
    this.journals = new ProcessJournal({
      foundation: { timers: time, chance, logger },
      open: async () => {
        if (this.openFails-- > 0) throw new Error("the disk is away");
        const { journal } = openSegmentsInline(this.disk, queueMicrotask, { services, chance });
        this.opened++;
        return journal;
      },
    });
    this.runtimes = services.map(({ service }) => this.#runtime(service));
  }

  async start(): Promise<void> {
    await this.journals.start();
    await this.settle(Promise.all(this.runtimes.map((runtime) => runtime.start())));
  }

  /** Lets time continue until it is settled. */
  async settle<T>(promise: Promise<T>): Promise<T> {
    let isSettled = false;
    const mark = (): void => {
      isSettled = true;
    };
    promise.then(mark, mark);
    for (let moments = 0; !isSettled && moments < 3_000; moments++) await this.time.advanceAsync(10);
    return promise;
  }

  /** Sends the same command to every account of both services. Returns the outcomes. */
  everywhere(
    run: (runtime: Runtime, id: string) => Promise<unknown>,
  ): Promise<PromiseSettledResult<unknown>[]> {
    const ids = Array.from({ length: 16 }, (_, number) => `account-${number}`);
    const all = this.runtimes.flatMap((runtime) => ids.map((id) => run(runtime, id)));
    return this.settle(Promise.allSettled(all));
  }

  #runtime(service: string): Runtime {
    const { time, chance, logger } = this;
    return new Runtime({
      ...{ service, partitions, logger, chance, clock: time, timers: time, machines: [account] },
      journals: this.journals,
      archive: new MemoryArchive({
        ...{ partitions, clock: time },
        source: (partition) => this.journals.journal.partition(service, partition),
      }),
      delivery: { deliver: () => Promise.reject(new Error("no letters are sent")) },
      leaseTerm: { validUntilMs: () => Number.POSITIVE_INFINITY, lost() {} },
      effects: { dispatch() {}, withdraw() {} },
      partitionsOf: () => partitions,
      defer: (run) => queueMicrotask(run),
      limits: { ...runtimeLimits, tailBytesMax: 1e12 },
      retentionOf: () => ({ keepMs: 1e9, idKeptMs: 1e9 }),
    });
  }
}

const openAccount = (runtime: Runtime, id: string) =>
  runtime.execute({
    ...{ key: keyOf(id), command: open, cause: teller },
    body: { owner: id, product: "", balanceCents: 10 },
  });
const pay = (key: string) => (runtime: Runtime, id: string) =>
  runtime.execute({
    ...{ key: keyOf(id), command: deposit, body: { amountCents: 1 }, cause: teller, idempotencyKey: key },
  });
const balanceOf = (runtime: Runtime, id: string) =>
  runtime.query({ key: keyOf(id), query: balance, body: undefined }).then(({ balanceCents }) => balanceCents);

describe("the journal of a process", () => {
  it("is opened again once when a sync fails, and all partitions of all services continue", async () => {
    const process = new Process();
    await process.start();
    await process.everywhere(openAccount);
    process.disk.faults = { syncFails: 1 };
    const failed = await process.everywhere(pay("first"));
    assert.ok(failed.every(({ status }) => status === "rejected"));
    process.disk.faults = {};
    const retried = await process.everywhere(pay("first"));
    assert.ok(retried.every(({ status }) => status === "fulfilled"));
    const balances = await process.everywhere(balanceOf);
    assert.deepEqual(
      balances.map((result) => (result.status === "fulfilled" ? result.value : result.reason)),
      Array(32).fill(11),
    );
    for (const runtime of process.runtimes) {
      assert.ok(runtime.partitionStatuses().every(({ state }) => state === "running"));
    }
    // Each failing commit ends one journal, no matter how many partitions notice.
    const ends = process.logger.messages().filter((text) => text.startsWith("journal stopped, reopening it"));
    assert.equal(process.opened, ends.length + 1);
    assert.equal(process.journals.health().level, "healthy");
    await process.settle(Promise.all(process.runtimes.map((runtime) => runtime.stop())));
    await process.journals.stop();
  });

  it("is reopened until it succeeds, and its health reports the problem", async () => {
    const process = new Process();
    await process.start();
    const { journal } = process.journals;
    process.openFails = 5;
    const [one, other] = [process.journals.renew(journal), process.journals.renew(journal)];
    await process.time.flush();
    assert.match(process.journals.health().reason, /is being opened again: .*the disk is away/);
    assert.equal(await process.settle(one), await other);
    assert.notEqual(await one, journal);
    assert.equal(process.opened, 2);
    // A caller with the old journal gets the new one at once.
    assert.equal(await process.journals.renew(journal), await one);
    await process.settle(Promise.all(process.runtimes.map((runtime) => runtime.stop())));
    await process.journals.stop();
  });

  it("rejects waiting callers when the process stops", async () => {
    const process = new Process();
    await process.start();
    process.openFails = 1_000;
    const waiting = process.journals.renew(process.journals.journal);
    waiting.catch(() => {});
    await process.time.flush();
    await process.settle(Promise.all(process.runtimes.map((runtime) => runtime.stop())));
    await process.journals.stop();
    await assert.rejects(waiting, { code: "journal.stopped" });
  });
});
