import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { Checkpoint } from "@tutti/contracts/governance/v1";
import { errorOf, isRefusal, systemFoundation } from "@tutti/kernel";
import { latch, MachineDriver, recordingLogger } from "@tutti/kernel/testing";
import { anchor, anchorCheckpoint, anchored } from "@tutti/machine-entities/anchor";
import { runtimeErrors } from "@tutti/runtime";
import { signer, signingKey, startMs, TestJournal } from "./book/book.fixture.ts";
import { decodePage } from "./book/page.ts";
import { AuditRounds, type RoundsParts } from "./rounds.ts";
import type { DraftPage, SharedBook } from "./shared/shared-book.ts";

/** The shared pages of processes, as in NATS: each is made once. */
class SharedPages implements Pick<SharedBook, "page" | "records" | "add" | "drop"> {
  readonly #pages = new Map<number, Uint8Array>();
  readonly #records = new Map<string, Uint8Array>();

  async page(number: number): Promise<Uint8Array | undefined> {
    return this.#pages.get(number);
  }

  async records(number: number, page: Uint8Array): Promise<readonly (Uint8Array | undefined)[]> {
    return decodePage(number, page).blocks.map(({ object }) => this.#records.get(object));
  }

  async add({ number, page, records }: DraftPage): Promise<boolean> {
    for (const { object, bytes } of records) this.#records.set(object, bytes);
    if (this.#pages.has(number)) return false;
    this.#pages.set(number, page);
    return true;
  }

  async drop(): Promise<void> {}
}

/** One journal that both processes audit. */
class CutJournal {
  readonly #journal = new TestJournal();
  readonly #batches: Uint8Array[] = [];
  #cutTo = 0;

  append(): void {
    this.#batches.push(this.#journal.batch(startMs, { actor: "ada" }));
  }

  /** Removes all batches but the last. */
  cut(): void {
    this.#cutTo = this.#batches.length - 1;
  }

  after(batch: number): readonly Uint8Array[] {
    if (batch >= this.#cutTo) return this.#batches.slice(batch);
    const missing = { kind: "journal", id: "workflow/0", event: batch + 1, events: this.#batches.length };
    throw errorOf(runtimeErrors.noSuchEvent.refusal(missing));
  }
}

const anchorKey = { namespace: "system", kind: "anchor", id: "book" };

/** The anchor in the journal, which the owner of its partition writes. */
class JournalOfAnchor {
  readonly #driver = new MachineDriver({ machines: [anchor], service: "governance" });

  /** @param owns returns at each call whether the process owns it */
  of(owns: () => boolean) {
    const lastNow = async () => {
      const last = this.#driver.query(anchorKey, anchored, undefined) as Checkpoint;
      return last.number === 0 ? undefined : last;
    };
    return {
      get isHere() {
        return owns();
      },
      ...{ last: lastNow, lastNow },
      put: async (checkpoint: Checkpoint) => {
        const answer = this.#driver.execute(anchorKey, anchorCheckpoint, checkpoint);
        if (isRefusal(answer)) throw errorOf(answer);
        return checkpoint;
      },
    };
  }
}

/** A process with a copy of the book. */
function processOf(
  folder: string,
  name: string,
  shared: SharedPages,
  journal: CutJournal,
  anchorJournal: object = new JournalOfAnchor().of(() => false),
) {
  let read = Promise.resolve();
  let onRead = () => {};
  const runtime = {
    async *readJournal({ afterBatch }: { readonly afterBatch: number }) {
      onRead();
      await read;
      yield { batches: journal.after(afterBatch) };
    },
  };
  const place = { file: join(folder, `${name}.sqlite`), shared: shared as unknown as SharedBook, close() {} };
  const parts = {
    foundation: { ...systemFoundation(), logger: recordingLogger() },
    place: { open: async () => place },
    mesh: { othersOf: () => [{}], client: () => runtime },
    keys: { open: async () => ({ signer, signingKey }) },
    holds: {
      hold() {},
      acknowledge() {},
      alone: (work: () => Promise<void>) => work(),
      log: undefined,
      services: [],
    },
    partitionOwner: { partitions: 1, owns: () => false },
    anchors: { journal: anchorJournal, outside: undefined },
    events: { signed() {}, broken() {} },
    settings: { checkpointEveryMs: 3_600_000, giveUpCheckpoint: 0, keepDays: 0, services: ["workflow"] },
  };
  const rounds = new AuditRounds(parts as unknown as RoundsParts);
  return {
    rounds,
    last: async () => (await rounds.opened()).thread.call("lastNumber"),
    /** Resolves when a read waits, with a function that continues it. */
    async pauseRead(): Promise<() => void> {
      const [reached, released] = [latch(), latch()];
      onRead = reached.open;
      read = released.opened;
      await reached.opened;
      read = Promise.resolve();
      return released.open;
    },
  };
}

describe("audit rounds of two processes", () => {
  /** Another process signs the second batch while the first one reads it. */
  async function signedUnderRead(
    t: TestContext,
    meanwhile: (other: AuditRounds, journal: CutJournal) => unknown,
  ) {
    const folder = await mkdtemp(join(tmpdir(), "tutti-rounds-"));
    const [shared, journal] = [new SharedPages(), new CutJournal()];
    const one = processOf(folder, "one", shared, journal);
    const other = processOf(folder, "other", shared, journal);
    t.after(async () => {
      await Promise.all([one.rounds.stop(), other.rounds.stop()]);
      await rm(folder, { recursive: true });
    });
    journal.append();
    await one.rounds.fresh();
    await other.rounds.fresh();
    journal.append();
    const paused = other.pauseRead();
    const round = other.rounds.fresh();
    const release = await paused;
    await one.rounds.fresh();
    journal.append();
    await meanwhile(other.rounds, journal);
    release();
    await round;
    assert.equal(await other.last(), 3);
    await one.rounds.followed();
    assert.equal(await one.last(), 3, "what the other process signed");
  }

  it("continue after the other's checkpoint when a journal is cut during their read", (t) =>
    signedUnderRead(t, (_, journal) => journal.cut()));

  it("read again when a request for checkpoints has added a page during their read", (t) =>
    signedUnderRead(t, (other) => other.followed()));

  it("call the thread of the book only when there is a batch to sign", async (t) => {
    const folder = await mkdtemp(join(tmpdir(), "tutti-rounds-"));
    const journal = new CutJournal();
    const { rounds, last } = processOf(folder, "one", new SharedPages(), journal);
    t.after(async () => {
      await rounds.stop();
      await rm(folder, { recursive: true });
    });
    journal.append();
    await rounds.fresh();
    await rounds.fresh();
    const { thread } = await rounds.opened();
    const called = t.mock.method(thread, "call");
    await rounds.fresh();
    assert.equal(called.mock.callCount(), 0);
    // The anchor of a checkpoint is in a journal of a cluster, and is not signed alone.
    journal.append();
    const prepare = t.mock.method(thread, "prepare", async () => ({ isAnchorsAlone: true, heads: [] }));
    await rounds.fresh();
    await rounds.fresh();
    assert.deepEqual([prepare.mock.callCount(), called.mock.callCount()], [1, 0]);
    prepare.mock.restore();
    journal.append();
    await rounds.fresh();
    assert.equal(await last(), 2);
  });

  /** The first process signs, the second one signs and anchors more. Then the first one reopens its copy. */
  async function reopenCopy(t: TestContext, meanwhile: (anchors: JournalOfAnchor) => Promise<unknown>) {
    const folder = await mkdtemp(join(tmpdir(), "tutti-rounds-"));
    const [shared, journal, anchors] = [new SharedPages(), new CutJournal(), new JournalOfAnchor()];
    const before = processOf(folder, "one", shared, journal);
    const other = processOf(
      folder,
      "other",
      shared,
      journal,
      anchors.of(() => true),
    );
    journal.append();
    await before.rounds.fresh();
    await before.rounds.stop();
    journal.append();
    await other.rounds.fresh();
    await meanwhile(anchors);
    // The partition moves after the book was compared, and before its last checkpoint is anchored.
    let checks = 0;
    const owns = () => checks++ > 0;
    const { rounds, last } = processOf(folder, "one", shared, journal, anchors.of(owns));
    t.after(async () => {
      await Promise.all([other.rounds.stop(), rounds.stop()]);
      await rm(folder, { recursive: true });
    });
    await rounds.followed();
    assert.equal(await last(), 2);
    assert.ok(checks > 1);
    return rounds.health().level;
  }

  it("accept a later checkpoint in the journal from the other process of the same book", async (t) =>
    assert.equal(await reopenCopy(t, async () => {}), "healthy"));

  it("refuse a book that the journal does not know", async (t) => {
    const other = (anchors: JournalOfAnchor) =>
      anchors.of(() => true).put(Checkpoint.fromPartial({ number: 7, rootHash: new Uint8Array(32) }));
    await assert.rejects(reopenCopy(t, other), /ends with checkpoint 1, and the journal has checkpoint 7/);
  });
});
