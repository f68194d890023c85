/** A partition and its callers when the journal rejects a batch, has no room, or belongs to another process. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { TuttiError } from "@tutti/kernel";
import { deposit, open, placeHold, withdraw } from "@tutti/machine-bank";
import { accountKey, Bank, codeOf, idsIn, tester } from "./bank.fixture.ts";

const [ada = "", bob = ""] = idsIn(0, 2);

async function bankWithAda(limits = {}): Promise<Bank> {
  const bank = new Bank(limits);
  await bank.start();
  await bank.open(ada, 1_000);
  return bank;
}

describe("an append whose outcome is unknown", () => {
  for (const fault of ["unknown-lost", "unknown-landed"] as const) {
    it(`is reported to its callers, and their retry takes effect once (${fault})`, async () => {
      const bank = await bankWithAda();
      bank.commits.fail(fault);
      const before = bank.head(0);
      assert.equal(
        await bank.codeOf(bank.submit(ada, deposit, { amountCents: 5 }, "k")),
        "runtime.outcome_unknown",
      );
      const repeated = await bank.execute(ada, deposit, { amountCents: 5 }, "k");
      assert.equal(repeated.balanceCents, 1_005);
      assert.equal(await bank.balanceOf(ada), 1_005);
      // A seal lies between the unknown batch and the later ones.
      assert.ok(bank.head(0) >= before + 2);
    });

    it(`is also reported to readers and refused callers (${fault})`, async () => {
      const bank = await bankWithAda();
      bank.commits.hold();
      bank.commits.fail(fault);
      const submitted = [
        bank.submit(ada, deposit, { amountCents: 5 }),
        bank.submit(ada, withdraw, { amountCents: 99_999 }),
        bank.queryBalance(ada),
        bank.queryBalance(bob),
      ].map(codeOf);
      await bank.time.flush();
      bank.commits.open();
      assert.deepEqual(
        await bank.time.settle(Promise.all(submitted)),
        Array(4).fill("runtime.outcome_unknown"),
      );
    });

    it(`leaves undecided commands in the inbox until after the reload (${fault})`, async () => {
      const bank = await bankWithAda();
      bank.commits.hold();
      bank.commits.fail(fault);
      const first = codeOf(bank.submit(ada, deposit, { amountCents: 5 }));
      await bank.time.flush();
      bank.commits.releaseWaiting();
      const later = bank.submit(ada, deposit, { amountCents: 7 });
      bank.commits.open();
      const landed = fault === "unknown-landed" ? 5 : 0;
      assert.equal((await bank.time.settle(later)).balanceCents, 1_007 + landed);
      assert.equal(await bank.time.settle(first), "runtime.outcome_unknown");
    });
  }

  it("fails all that were on their way behind it", async () => {
    const bank = await bankWithAda();
    bank.commits.hold();
    bank.commits.fail("unknown-lost");
    const submitted: Promise<string>[] = [];
    for (let number = 0; number < 5; number++) {
      submitted.push(codeOf(bank.submit(ada, deposit, { amountCents: 1 })));
      await bank.time.flush();
    }
    bank.commits.open();
    assert.deepEqual(
      await bank.time.settle(Promise.all(submitted)),
      Array(5).fill("runtime.outcome_unknown"),
    );
    assert.equal(await bank.balanceOf(ada), 1_000);
  });

  it("is an error that advises a retry with the same key", async () => {
    const bank = await bankWithAda();
    bank.commits.fail("unknown-lost");
    await assert.rejects(bank.time.settle(bank.submit(ada, deposit, { amountCents: 5 })), (error) => {
      assert.ok(error instanceof TuttiError);
      assert.equal(error.status, "UNAVAILABLE");
      assert.equal(error.retry, "same-key");
      return true;
    });
  });

  it("again and again ends with every repeated deposit counted once", async () => {
    const bank = await bankWithAda();
    for (let number = 0; number < 20; number++) {
      bank.commits.fail(number % 2 === 0 ? "unknown-landed" : "unknown-lost");
      let code = "";
      for (let tries = 0; code !== "done" && tries < 10; tries++) {
        code = await bank.codeOf(bank.submit(ada, deposit, { amountCents: 1 }, `k${number}`));
      }
      assert.equal(code, "done");
    }
    assert.equal(await bank.balanceOf(ada), 1_020);
  });

  it("while sealing is repeated until the seal is accepted", async () => {
    const bank = await bankWithAda();
    bank.commits.fail("unknown-lost", "unknown-landed", "unknown-lost");
    assert.equal(await bank.codeOf(bank.submit(ada, deposit, { amountCents: 5 })), "runtime.outcome_unknown");
    assert.equal((await bank.execute(ada, deposit, { amountCents: 5 })).balanceCents, 1_005);
  });

  it("does not repeat an expired timer, and does not lose a pending one", async () => {
    for (const fault of ["unknown-lost", "unknown-landed"] as const) {
      const bank = await bankWithAda();
      await bank.execute(ada, placeHold, { amountCents: 300, periodMs: 10_000 });
      bank.commits.fail(fault);
      await bank.time.advanceAsync(30_000);
      assert.equal(await bank.balanceOf(ada), 1_000);
      const records = await bank.time.settle(bank.runtime.history(accountKey(ada), 0, 10));
      assert.equal(records.length, 3);
    }
  });
});

describe("a disk that is full", () => {
  it("refuses unwritten commands, and the partition continues when there is space", async () => {
    const bank = await bankWithAda();
    bank.commits.fail("full", "full", "full");
    assert.equal(await bank.codeOf(bank.submit(ada, deposit, { amountCents: 5 })), "journal.full");
    let code = "";
    for (let tries = 0; code !== "done" && tries < 10; tries++) {
      // Callers that query or wait meanwhile get the advice to free some space, and their commands are not executed
      // later.
      code = await bank.codeOf(bank.submit(ada, deposit, { amountCents: 7 }));
      assert.ok(code === "done" || code === "journal.full", code);
      await bank.time.advanceAsync(1_000);
    }
    assert.equal(code, "done");
    assert.equal(await bank.balanceOf(ada), 1_007);
  });
});

describe("a journal that is full", () => {
  it("refuses commands at once, answers reads, and the partition continues without being loaded again", async () => {
    const bank = await bankWithAda();
    const head = bank.head(0);
    bank.commits.hold();
    const decided = bank.submit(ada, deposit, { amountCents: 5 });
    await bank.time.flush();
    // Waits for the turn in which the journal has no room any more.
    const waiting = bank.submit(ada, deposit, { amountCents: 100 });
    bank.journal.fill();
    assert.equal(await bank.codeOf(bank.submit(ada, deposit, { amountCents: 200 })), "journal.full");
    assert.equal(await bank.codeOf(waiting), "journal.full");
    bank.commits.open();
    assert.equal(await bank.codeOf(decided), "done");
    assert.equal(await bank.balanceOf(ada), 1_005);
    const records = await bank.time.settle(bank.runtime.history(accountKey(ada), 0, 10));
    assert.equal(records.length, 2);
    bank.journal.freeRoom();
    assert.equal(await bank.codeOf(bank.submit(ada, deposit, { amountCents: 7 })), "done");
    assert.equal(await bank.balanceOf(ada), 1_012);
    // No seal lies between.
    assert.equal(bank.head(0), head + 2);
  });

  it("delays timers, and runs due timers when there is space", async () => {
    const bank = await bankWithAda();
    await bank.execute(ada, placeHold, { amountCents: 400, periodMs: 5_000 });
    bank.journal.fill();
    const head = bank.head(0);
    await bank.time.advanceAsync(60_000);
    assert.equal(bank.head(0), head);
    bank.journal.freeRoom();
    await bank.time.flush();
    assert.equal(bank.head(0), head + 1);
  });
});

describe("a partition that was released while the journal was full", () => {
  it("restarts, and executes the commands that arrive meanwhile", async () => {
    const bank = await bankWithAda();
    bank.commits.hold();
    bank.commits.fail("full");
    const first = bank.submit(ada, deposit, { amountCents: 5 });
    await bank.time.flush();
    bank.commits.releaseWaiting();
    assert.equal(await codeOf(first), "journal.full");
    await bank.time.settle(bank.runtime.disown(0));
    const owned = bank.runtime.own(0, 5);
    const second = bank.submit(ada, deposit, { amountCents: 7 });
    await bank.time.flush();
    bank.commits.open();
    await bank.time.settle(owned);
    assert.equal(await bank.codeOf(second), "done");
    assert.equal(await bank.balanceOf(ada), 1_007);
  });
});

describe("back-pressure", () => {
  it("refuses commands beyond the inbox limit at once, with a retry delay", async () => {
    const bank = await bankWithAda({ inboxMax: 10 });
    const submitted = Array.from({ length: 15 }, () => bank.submit(ada, deposit, { amountCents: 1 }));
    const outcomes = await bank.time.settle(Promise.allSettled(submitted));
    const refused = outcomes.flatMap((outcome) => (outcome.status === "rejected" ? [outcome.reason] : []));
    assert.equal(refused.length, 5);
    for (const error of refused) {
      assert.equal(error.code, "runtime.inbox_full");
      assert.equal(error.status, "RESOURCE_EXHAUSTED");
      assert.ok(error.retryAfterMs > 0);
    }
    assert.equal(await bank.balanceOf(ada), 1_010);
  });

  it("decides nothing while the journal has no space, and everything when it has", async () => {
    const bank = new Bank();
    await bank.start({ batchBytesMax: 1024 * 1024, waitingBytesMax: 1024 * 1024 });
    await bank.open(ada, 1_000);
    bank.commits.hold();
    const first = bank.submit(ada, deposit, { amountCents: 1 });
    await bank.time.flush();
    const later = Array.from({ length: 5 }, () => bank.submit(ada, deposit, { amountCents: 1 }));
    await bank.time.flush();
    assert.equal(bank.runtime.partitionStatuses()[0]?.inbox, 5);
    bank.commits.open();
    await bank.time.settle(Promise.all([first, ...later]));
    assert.equal(await bank.balanceOf(ada), 1_006);
  });

  it("does not spin while the journal has no room and a timer is due", async () => {
    const bank = new Bank();
    await bank.start({ batchBytesMax: 1024 * 1024, waitingBytesMax: 1024 * 1024 });
    await bank.open(ada, 1_000);
    await bank.execute(ada, placeHold, { amountCents: 300, periodMs: 1_000 });
    bank.commits.hold();
    const first = bank.submit(ada, deposit, { amountCents: 1 });
    await bank.time.flush();
    let callbacks = 0;
    const { after } = bank.time;
    bank.time.after = (delayMs, callback) => {
      callbacks++;
      return callbacks > 1_000 ? { cancel() {} } : after.call(bank.time, delayMs, callback);
    };
    await bank.time.advanceAsync(5_000);
    assert.ok(callbacks < 200, `${callbacks} callbacks in five seconds`);
    bank.commits.open();
    await bank.time.settle(first);
    await bank.time.advanceAsync(1);
    assert.equal(await bank.balanceOf(ada), 1_001);
  });
});

describe("an owner whose partition another process has sealed", () => {
  /** Two processes on one journal. The second one takes partition 0. */
  async function twoOwners() {
    const bank = await bankWithAda();
    const old = bank.runtime;
    const { journal } = bank;
    bank.create({}, { journals: { journal, renew: async () => journal } });
    const next = bank.runtime;
    await bank.time.settle(next.own(0, journal.partition("bank", 0).last.epoch + 1));
    bank.runtime = old;
    return { bank, old, next };
  }

  it("writes nothing, informs its callers, and reports the loss", async () => {
    const { bank, old, next } = await twoOwners();
    const before = bank.head(0);
    const first = codeOf(bank.submit(ada, deposit, { amountCents: 5 }));
    assert.equal(await bank.time.settle(first), "runtime.not_taken");
    assert.equal(bank.head(0), before);
    assert.deepEqual(bank.lost, [0]);
    assert.equal(await bank.codeOf(bank.submit(ada, deposit, { amountCents: 5 })), "mesh.not_owner");
    assert.equal(await bank.codeOf(bank.queryBalance(ada)), "mesh.not_owner");
    assert.equal(old.partitionStatuses().length, 3);
    bank.runtime = next;
    assert.equal(await bank.balanceOf(ada), 1_000);
  });

  it("does not answer reads from memory", async () => {
    const { bank } = await twoOwners();
    bank.validUntilMs = 0;
    assert.notEqual(await bank.codeOf(bank.queryBalance(ada)), "done");
    assert.deepEqual(bank.lost, [0]);
  });

  it("returns no history from memory", async () => {
    const { bank } = await twoOwners();
    bank.validUntilMs = 0;
    assert.notEqual(await bank.codeOf(bank.runtime.history(accountKey(ada), 0, 10)), "done");
    assert.notEqual(await bank.codeOf(bank.runtime.stateAt(accountKey(ada), 0)), "done");
  });

  it("does not answer for any instance that it is missing", async () => {
    const { bank } = await twoOwners();
    bank.validUntilMs = 0;
    assert.notEqual(
      await bank.codeOf(bank.runtime.history(accountKey(bob), 0, 10)),
      "runtime.unknown_instance",
    );
  });

  it("keeps its other partitions", async () => {
    const { bank } = await twoOwners();
    await bank.codeOf(bank.submit(ada, deposit, { amountCents: 5 }));
    const [other = ""] = idsIn(1, 1);
    await bank.open(other, 5);
    assert.equal(await bank.balanceOf(other), 5);
  });
});

describe("a read", () => {
  it("writes nothing while this process is surely the owner", async () => {
    const bank = await bankWithAda();
    const before = bank.head(0);
    await bank.balanceOf(ada);
    assert.equal(bank.head(0), before);
  });

  it("is answered behind a barrier in the journal when the lease may be over", async () => {
    const bank = await bankWithAda();
    bank.validUntilMs = 0;
    const before = bank.head(0);
    bank.commits.hold();
    const read = bank.queryBalance(ada);
    let isAnswered = false;
    void read.then(() => {
      isAnswered = true;
    });
    await bank.time.advanceAsync(1_000);
    assert.equal(isAnswered, false);
    bank.commits.open();
    assert.equal((await bank.time.settle(read)).balanceCents, 1_000);
    assert.equal(bank.head(0), before + 1);
  });

  it("does not rest on a batch that was sent before it, when the lease may be over", async () => {
    const bank = await bankWithAda();
    bank.commits.hold();
    const deposited = bank.execute(ada, deposit, { amountCents: 5 });
    await bank.time.flush();
    // The process stalled: the batch was durable long ago, and its confirmation arrives only now.
    bank.validUntilMs = 0;
    const before = bank.head(0);
    const read = bank.queryBalance(ada);
    await bank.time.flush();
    bank.commits.open();
    await bank.time.settle(deposited);
    assert.equal((await bank.time.settle(read)).balanceCents, 1_005);
    assert.equal(bank.head(0), before + 2);
  });

  it("that met a barrier is there after a restart as before", async () => {
    const bank = await bankWithAda();
    bank.validUntilMs = 0;
    await bank.balanceOf(ada);
    await bank.execute(ada, deposit, { amountCents: 5 });
    await bank.balanceOf(ada);
    bank.crash();
    await bank.start();
    assert.equal(await bank.balanceOf(ada), 1_005);
  });
});

describe("the state for the decision of another instance", () => {
  const cents = (bank: Bank) =>
    (bank.runtime.peek(accountKey(ada)) as { balanceCents: number } | undefined)?.balanceCents;

  it("is that in memory, and only while all of it is durable", async () => {
    const bank = await bankWithAda();
    assert.equal(cents(bank), 1_000);
    assert.equal(bank.runtime.peek(accountKey(bob)), undefined);
    bank.commits.hold();
    const deposited = bank.execute(ada, deposit, { amountCents: 5 });
    await bank.time.flush();
    assert.equal(cents(bank), undefined);
    bank.commits.open();
    await bank.time.settle(deposited);
    assert.equal(cents(bank), 1_005);
  });

  it("is unknown when the lease may be over, and after the partition was released", async () => {
    const bank = await bankWithAda();
    bank.validUntilMs = 0;
    assert.equal(cents(bank), undefined);
    bank.validUntilMs = Number.POSITIVE_INFINITY;
    assert.equal(cents(bank), 1_000);
    await bank.time.settle(bank.runtime.disown(0));
    assert.equal(cents(bank), undefined);
  });
});

describe("a released partition", () => {
  it("finishes work that is under way and sends all others to the next owner", async () => {
    const bank = await bankWithAda();
    bank.commits.hold();
    const pending = bank.submit(ada, deposit, { amountCents: 5 });
    await bank.time.flush();
    const disowning = bank.runtime.disown(0);
    const later = codeOf(bank.submit(ada, deposit, { amountCents: 7 }));
    bank.commits.open();
    assert.equal((await bank.time.settle(pending)).balanceCents, 1_005);
    assert.equal(await bank.time.settle(later), "runtime.leaving");
    await bank.time.settle(disowning);
    assert.equal(await bank.codeOf(bank.queryBalance(ada)), "mesh.not_owner");
  });

  it("can be owned again, with all its data", async () => {
    const bank = await bankWithAda();
    await bank.time.settle(bank.runtime.disown(0));
    await bank.time.settle(bank.runtime.own(0, 9));
    assert.equal(await bank.balanceOf(ada), 1_000);
    assert.ok((bank.runtime.partitionStatuses()[0]?.epoch ?? 0) >= 9);
  });

  it("that is taken again before the release is complete is owned in the end", async () => {
    const bank = await bankWithAda();
    bank.commits.hold();
    const pending = codeOf(bank.submit(ada, deposit, { amountCents: 5 }));
    await bank.time.flush();
    const disowning = bank.runtime.disown(0);
    const owning = codeOf(bank.runtime.own(0, 9));
    bank.commits.open();
    await bank.time.settle(Promise.all([disowning, owning, pending]));
    await bank.time.advanceAsync(10_000);
    assert.equal(bank.runtime.partitionStatuses().length, 4);
    assert.ok((await bank.balanceOf(ada)) >= 1_000);
  });

  it("notifies callers that wait for a lookup", async () => {
    const bank = await bankWithAda();
    await bank.time.advanceAsync(60_000);
    assert.equal(bank.isLoaded(ada), false);
    const barrier = Promise.withResolvers<void>();
    bank.archivePass = async (operation) => {
      if (operation === "load") await barrier.promise;
    };
    const submitted = [
      bank.submit(ada, deposit, { amountCents: 5 }),
      bank.queryBalance(ada),
      bank.runtime.receive(0, { service: "x", partition: 0, envelopes: [envelopeTo(ada)] }),
    ].map(codeOf);
    await bank.time.flush();
    await bank.time.settle(bank.runtime.disown(0));
    barrier.resolve();
    const codes = await bank.time.settle(Promise.all(submitted));
    assert.deepEqual(codes, Array(3).fill("mesh.not_owner"));
  });
});

describe("an archive that fails for a moment", () => {
  it("leaves no caller without an answer", async () => {
    const bank = await bankWithAda();
    await bank.time.advanceAsync(60_000);
    assert.equal(bank.isLoaded(ada), false);
    let failures = 3;
    bank.archiveFault = (operation) => (operation === "load" && failures-- > 0 ? "lost" : undefined);
    const submitted = [
      bank.submit(ada, deposit, { amountCents: 5 }),
      bank.queryBalance(ada),
      bank.runtime.receive(0, { service: "x", partition: 0, envelopes: [envelopeTo(ada)] }),
    ].map(codeOf);
    for (const code of await bank.time.settle(Promise.all(submitted))) {
      assert.ok(["done", "runtime.outcome_unknown", "archive.failed"].includes(code), code);
    }
    assert.ok((await bank.balanceOf(ada)) >= 1_000);
  });

  for (const which of [1, 2, 3]) {
    it(`loses nothing of a failed commit (commit ${which})`, async () => {
      const bank = new Bank({ tailBytesMax: 1, idleMs: 1e9 });
      await bank.start();
      await bank.open(ada, 1_000);
      let commits = 0;
      bank.archiveFault = (operation) => (operation === "commit" && ++commits === which ? "lost" : undefined);
      await bank.time.advanceAsync(3_000);
      await bank.open(bob, 1);
      await bank.time.advanceAsync(3_000);
      assert.ok(bank.journal.partition("bank", 0).first > 2);
      bank.crash();
      await bank.start();
      assert.equal(await bank.balanceOf(ada), 1_000);
      assert.equal(await bank.balanceOf(bob), 1);
    });
  }

  it("retries until everything is archived", async () => {
    const bank = await bankWithAda();
    let failures = 20;
    bank.archiveFault = (operation) =>
      operation === "commit" && failures > 0 ? (failures-- % 2 === 0 ? "lost" : "unanswered") : undefined;
    await bank.execute(ada, deposit, { amountCents: 5 });
    await bank.time.advanceAsync(600_000);
    assert.equal(failures, 0);
    assert.equal(bank.isLoaded(ada), false);
    assert.equal(await bank.balanceOf(ada), 1_005);
    bank.crash();
    await bank.start();
    assert.equal(await bank.balanceOf(ada), 1_005);
  });
});

describe("a start with a chosen id", () => {
  it("that is retried after an unknown outcome is refused as existing, or starts", async () => {
    const bank = new Bank();
    await bank.start();
    for (const [fault, expected] of [
      ["unknown-landed", "bank.account_exists"],
      ["unknown-lost", "done"],
    ] as const) {
      const id = idsIn(2, 9).at(fault.length - 7) ?? "";
      bank.commits.fail(fault);
      const body = { owner: "x", product: "", balanceCents: 0 };
      assert.equal(await bank.codeOf(bank.submit(id, open, body)), "runtime.outcome_unknown");
      assert.equal(await bank.codeOf(bank.submit(id, open, body)), expected);
    }
  });
});

function envelopeTo(id: string) {
  return {
    namespace: "default",
    sender: "account/x",
    receiver: `account/${id}`,
    number: 1,
    type: "nothing_of_the_kind",
    payload: new Uint8Array(0),
    cause: tester,
  };
}
