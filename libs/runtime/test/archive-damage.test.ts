import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { archiveErrors, MemoryStore } from "@tutti/journal";
import { deposit } from "@tutti/machine-bank";
import { Bank, idsIn } from "./bank.fixture.ts";

const [ada = ""] = idsIn(0, 1);
const [ben = ""] = idsIn(1, 1);
const damaged = () =>
  archiveErrors.damaged({
    place: { file: "stream TUTTI_ARCHIVE_bank_0", row: 7 },
    found: "the end of the stream at 3",
  });

/** Returns a bank whose archive finds damage at each of the next `times` attempts to archive. */
async function bankWithDamage(times: number): Promise<Bank> {
  const bank = new Bank();
  await bank.start();
  await bank.open(ada, 100);
  await bank.open(ben, 100);
  await bank.time.advanceAsync(60_000);
  let remaining = times;
  bank.archivePass = async (operation) => {
    if (operation === "commit" && remaining-- > 0) throw damaged();
  };
  return bank;
}

const stateOf = ({ runtime }: Bank, partition: number) =>
  runtime.partitionStatuses().find((status) => status.partition === partition)?.state;

describe("a partition with a damaged archive", () => {
  it("is reloaded, and continues if the reload repairs the damage", async () => {
    const bank = await bankWithDamage(1);
    await bank.execute(ada, deposit, { amountCents: 5 });
    await bank.time.advanceAsync(60_000);
    const warnings = bank.logger
      .messages()
      .filter((text) => text.startsWith("stored data of a partition is damaged"));
    assert.equal(warnings.length, 1);
    assert.equal(stateOf(bank, 0), "running");
    assert.equal(await bank.balanceOf(ada), 105);
  });

  it("fails if the damage persists, and reports its place, while other partitions continue", async () => {
    const bank = await bankWithDamage(Number.POSITIVE_INFINITY);
    await bank.execute(ada, deposit, { amountCents: 5 });
    let refused = "";
    for (let checks = 0; checks < 2_000 && refused === ""; checks++) {
      await bank.time.advanceAsync(10);
      if (stateOf(bank, 0) !== "failed") continue;
      await bank.queryBalance(ada).catch((error: Error) => {
        refused = error.message;
      });
    }
    assert.match(
      refused,
      /The archive is damaged at stream TUTTI_ARCHIVE_bank_0, row 7: the end of the stream at 3\. See the log/,
    );
    assert.equal(stateOf(bank, 1), "running");
    assert.equal(await bank.balanceOf(ben), 100);
  });
});

describe("a partition whose journal ends before its archive does", () => {
  it("is not started, for something is missing between them", async () => {
    const bank = await bankWithDamage(0);
    bank.crash();
    // The journal is replaced by an empty one.
    Object.assign(bank, { store: new MemoryStore() });
    bank.create();
    bank.runtime.own(0, 1).catch(() => undefined);
    await bank.time.advanceAsync(30);
    assert.equal(stateOf(bank, 0), "failed");
    assert.deepEqual(bank.runtime.failedPartitions(), [0]);
    await assert.rejects(
      bank.queryBalance(ada),
      /The archive and the journal of .* do not join: an archive up to batch \d+ and a journal up to batch 1\./,
    );
    // Retries must not extend the journal until it seems to join the archive.
    await bank.time.advanceAsync(600_000);
    assert.notEqual(stateOf(bank, 0), "running");
    assert.equal(bank.journal.partition("bank", 0).last.number, 1);
    await bank.time.settle(bank.runtime.stop());
  });

  it("is not started by any later owner, however many seals replace the lost batches", async () => {
    const bank = await bankWithDamage(0);
    const { number, epoch } = bank.journal.partition("bank", 0).last;
    bank.crash();
    Object.assign(bank, { store: new MemoryStore() });
    for (let owner = 1; owner <= number + 3; owner++) {
      bank.create();
      bank.runtime.own(0, epoch + owner).catch(() => undefined);
      await bank.time.advanceAsync(30);
      assert.equal(stateOf(bank, 0), "failed");
      assert.equal(bank.journal.partition("bank", 0).last.number, owner);
      if (owner <= number + 2) bank.crash();
    }
    await assert.rejects(
      bank.queryBalance(ada),
      /do not join: an archive up to batch \d+ and a journal whose batch \d+ an owner after it wrote\. Restore/,
    );
    await bank.time.settle(bank.runtime.stop());
  });
});

describe("a partition whose archive belongs to another user", () => {
  it("is failed and names the file, until the process may read it", async () => {
    const bank = await bankWithDamage(0);
    bank.crash();
    bank.create();
    const denied = Object.assign(new Error("EACCES: permission denied, open 'archive.db'"), {
      code: "EACCES",
    });
    bank.archivePass = () => Promise.reject(denied);
    bank.runtime.own(0, 1).catch(() => undefined);
    await bank.time.advanceAsync(30);
    assert.equal(stateOf(bank, 0), "failed");
    await assert.rejects(bank.queryBalance(ada), /access: EACCES: permission denied, open 'archive\.db'\./);
    bank.archivePass = undefined;
    await bank.time.advanceAsync(60_000);
    assert.equal(stateOf(bank, 0), "running");
    await bank.time.settle(bank.runtime.stop());
  });
});
