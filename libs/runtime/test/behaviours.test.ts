/** A record of each partition activates what a newer release brings. An older release leaves such partitions alone. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Record } from "@tutti/contracts/runtime/v1";
import { RecordScanner } from "@tutti/journal";
import { account, deposit, open } from "@tutti/machine-bank";
import { nextRelease } from "@tutti/machine-bank/testing";
import type { RuntimeOptions } from "../src/index.ts";
import { accountKey, Bank, idsIn, partitions } from "./bank.fixture.ts";

const [ada = "", bob = ""] = idsIn(0, 2);
const next = { machines: [nextRelease] };
const today = { machines: [account] };

/** A process of the new release among others, and the behaviours that may be active there. */
class Upgrade {
  readonly bank: Bank;
  allowed = new Map<string, number>();

  constructor(limits: ConstructorParameters<typeof Bank>[0] = {}) {
    this.bank = new Bank(limits);
  }

  async start(machines: Partial<RuntimeOptions> = next): Promise<void> {
    await this.bank.start({}, { ...machines, behavioursAllowed: () => this.allowed });
  }

  async restart(machines: Partial<RuntimeOptions> = next): Promise<void> {
    this.bank.crash();
    await this.start(machines);
  }

  async raise(): Promise<void> {
    this.allowed = new Map([["account", 2]]);
    this.bank.runtime.raise();
    await this.bank.time.advanceAsync(1);
  }
}

async function versionsOf(bank: Bank, id: string): Promise<readonly string[]> {
  const records = await bank.time.settle(bank.runtime.history(accountKey(id), 0, 20));
  return records.map(({ record }) => Record.decode(record)).map(({ type, version }) => `${type} ${version}`);
}

/**
 * Returns the places of matching records in the journal of a partition: the batch, the record in it, and the behaviour
 * of the batch.
 */
async function placesOf(bank: Bank, is: (type: string, version: number) => boolean, partition = 0) {
  const scanner = new RecordScanner();
  const places: { readonly batch: number; readonly index: number; readonly behaviour: number }[] = [];
  const log = bank.journal.partition("bank", partition);
  for await (const slice of log.read(log.first))
    for (const { records, number, behaviour } of slice) {
      scanner.open(records);
      while (scanner.next())
        if (is(scanner.type, scanner.version))
          places.push({ batch: number, index: scanner.index, behaviour });
    }
  return places;
}

const isRaised = (type: string): boolean => type === "runtime.behaviour_raised";
const isNew = (type: string, version: number): boolean => type === "money_deposited" && version === 2;

describe("a newer behaviour", () => {
  it("is not in force while an older release may own the partition, and that release can read every record", async () => {
    const upgrade = new Upgrade();
    const { bank } = upgrade;
    await upgrade.start();
    await bank.open(ada, 10);
    await bank.execute(ada, deposit, { amountCents: 5 });
    await bank.time.advanceAsync(25_000);
    assert.equal(bank.isLoaded(ada), false, "it is kept as a snapshot");
    await upgrade.restart(today);
    await bank.execute(ada, deposit, { amountCents: 1 });
    assert.equal(await bank.balanceOf(ada), 16);
    assert.deepEqual(bank.runtime.quarantined(), []);
  });

  it("comes into force during work, by a record before all events that depend on it", async () => {
    const upgrade = new Upgrade();
    const { bank } = upgrade;
    await upgrade.start();
    await bank.open(ada, 10);
    await bank.execute(ada, deposit, { amountCents: 5 });
    await upgrade.raise();
    await bank.execute(ada, deposit, { amountCents: 5 });
    assert.deepEqual(await versionsOf(bank, ada), [
      "account_opened 2",
      "money_deposited 1",
      "money_deposited 2",
    ]);
    const [[raised, ...others], [written]] = [await placesOf(bank, isRaised), await placesOf(bank, isNew)];
    assert.ok(raised !== undefined && written !== undefined && others.length === 0);
    assert.ok(
      raised.batch < written.batch || (raised.batch === written.batch && raised.index < written.index),
    );
    assert.deepEqual([raised.behaviour, written.behaviour], [2, 2]);
    for (let partition = 1; partition < partitions; partition++)
      assert.equal((await placesOf(bank, isRaised, partition)).length, 1, "every partition has it");
  });

  it("is recorded before these events also in the same turn", async () => {
    const upgrade = new Upgrade();
    const { bank } = upgrade;
    await upgrade.start();
    await bank.open(ada, 10);
    upgrade.allowed = new Map([["account", 2]]);
    const depositing = bank.submit(ada, deposit, { amountCents: 5 });
    bank.runtime.raise();
    await bank.time.settle(depositing);
    const [[raised], [written]] = [await placesOf(bank, isRaised), await placesOf(bank, isNew)];
    assert.ok(raised !== undefined && written !== undefined);
    assert.deepEqual([written.batch, written.index > raised.index], [raised.batch, true]);
  });

  it("stays in force after crashes, from the journal and from the archive, and is recorded once", async () => {
    for (const limits of [{}, { tailBytesMax: 1, idleMs: 1 }]) {
      const upgrade = new Upgrade(limits);
      const { bank } = upgrade;
      await upgrade.start();
      await bank.open(ada, 10);
      await upgrade.raise();
      await bank.time.advanceAsync(60_000);
      // A process that returns may not know yet what is allowed.
      upgrade.allowed = new Map();
      await upgrade.restart();
      await bank.execute(ada, deposit, { amountCents: 5 });
      assert.equal((await versionsOf(bank, ada)).at(-1), "money_deposited 2");
      assert.equal((await placesOf(bank, isNew)).at(-1)?.behaviour, 2);
      assert.ok((await placesOf(bank, isRaised)).length <= 1);
    }
  });

  it("is in force from the first turn if no other process can own a partition", async () => {
    const bank = new Bank();
    await bank.start({}, next);
    await bank.open(ada, 10);
    await bank.execute(ada, deposit, { amountCents: 5 });
    assert.equal((await versionsOf(bank, ada)).at(-1), "money_deposited 2");
  });

  it("is not raised beyond the version of this release", async () => {
    const upgrade = new Upgrade();
    const { bank } = upgrade;
    upgrade.allowed = new Map([
      ["account", 7],
      ["vault", 3],
    ]);
    await upgrade.start();
    await bank.open(ada, 10);
    assert.deepEqual([...(bank.runtime.inspect(0)?.behaviours.levels ?? [])], [["account", 2]]);
  });
});

describe("an older release that meets a newer behaviour in force", () => {
  async function withNewerBehaviour(limits: ConstructorParameters<typeof Bank>[0], elapsedMs: number) {
    const upgrade = new Upgrade(limits);
    const { bank } = upgrade;
    await upgrade.start();
    await bank.open(ada, 10);
    await bank.open(bob, 20);
    await upgrade.raise();
    await bank.execute(ada, deposit, { amountCents: 5 });
    await bank.time.advanceAsync(elapsedMs);
    bank.crash();
    bank.create({}, today);
    const owning = bank.runtime.start().catch(() => undefined);
    await bank.time.advanceAsync(1_000);
    return { upgrade, bank, owning };
  }

  it("refuses the partition, names the release to run, and quarantines nothing", async () => {
    for (const [limits, elapsedMs] of [
      [{}, 0],
      [{ tailBytesMax: 1, idleMs: 1 }, 60_000],
    ] as const) {
      const { bank } = await withNewerBehaviour(limits, elapsedMs);
      const order = {
        key: accountKey(ada),
        command: open,
        body: { owner: "", product: "", balanceCents: 0 },
      };
      const cause = { actor: undefined, traceparent: "", decision: "", reason: "" };
      await assert.rejects(bank.time.settle(bank.runtime.execute({ ...order, cause })), (error: Error) => {
        assert.match(
          error.message,
          /Partition 0 of bank was written by a newer release \(account 2\), and this release knows account 1\./,
        );
        return true;
      });
      assert.deepEqual(bank.runtime.quarantined(), []);
      assert.equal(bank.runtime.partitionStatuses()[0]?.state, "failed");
    }
  });

  it("leaves it was for the release that wrote it", async () => {
    const { upgrade, bank } = await withNewerBehaviour({}, 0);
    await bank.time.advanceAsync(30_000);
    await upgrade.restart();
    assert.deepEqual([await bank.balanceOf(ada), await bank.balanceOf(bob)], [15, 20]);
    assert.deepEqual(bank.runtime.quarantined(), []);
  });

  it("releases the partition at once on request", async () => {
    const { bank, owning } = await withNewerBehaviour({}, 0);
    await bank.time.settle(bank.runtime.disown(0));
    assert.equal(
      bank.runtime.partitionStatuses().some(({ partition }) => partition === 0),
      false,
    );
    await bank.time.settle(bank.runtime.stop());
    await owning;
  });
});
