/** Every bound is reported clearly, and a refused command changes nothing. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { TuttiError } from "@tutti/kernel";
import {
  account,
  completeStatement,
  deposit,
  freeze,
  open,
  placeHold,
  requestStatement,
  transfer,
} from "@tutti/machine-bank";
import { accountKey, Bank, codeOf, idsIn } from "./bank.fixture.ts";

const [ada = "", bob = ""] = idsIn(0, 2);
const [remote = ""] = idsIn(1, 1);

describe("an instance with the maximum number of events", () => {
  async function fullBank(): Promise<Bank> {
    const bank = new Bank({ eventsMax: 3 });
    await bank.start();
    await bank.open(ada, 1_000);
    await bank.execute(ada, placeHold, { amountCents: 100, periodMs: 60_000 });
    await bank.execute(ada, deposit, { amountCents: 1 });
    return bank;
  }

  it("continues when its kind continues for ever", async () => {
    const bank = new Bank({ eventsMax: 3 }, { machines: [{ ...account, isEndless: true }] });
    await bank.start();
    await bank.open(ada, 1_000);
    for (let n = 0; n < 5; n++) await bank.execute(ada, deposit, { amountCents: 1 });
    assert.equal(await bank.balanceOf(ada), 1_005);
  });

  it("accepts no commands, and reports the maximum", async () => {
    const bank = await fullBank();
    await assert.rejects(bank.execute(ada, deposit, { amountCents: 1 }), (error) => {
      assert.ok(error instanceof TuttiError);
      assert.equal(error.code, "runtime.too_many_events");
      assert.equal(error.status, "RESOURCE_EXHAUSTED");
      assert.match(error.message, /has the maximum of 3 events/);
      return true;
    });
    assert.equal(await bank.balanceOf(ada), 901);
  });

  it("accepts messages and timers, which cannot be repeated", async () => {
    const bank = await fullBank();
    await bank.open(remote, 50);
    await bank.execute(remote, transfer, { to: ada, amountCents: 50 });
    await bank.time.advanceAsync(70_000);
    assert.equal(await bank.balanceOf(ada), 1_051);
  });

  it("is there after a restart as before", async () => {
    const bank = await fullBank();
    bank.crash();
    await bank.start();
    assert.equal(await bank.codeOf(bank.submit(ada, deposit, { amountCents: 1 })), "runtime.too_many_events");
    assert.equal(await bank.balanceOf(ada), 901);
  });
});

describe("a command that decides more than a batch may have", () => {
  const reason = "x".repeat(100_000);

  async function smallBank(): Promise<Bank> {
    const bank = new Bank({ batchBytesSoft: 8_192 });
    await bank.start({ batchBytesMax: 65_536, waitingBytesMax: 262_144 });
    await bank.open(ada, 1_000);
    return bank;
  }

  it("is refused, and affects neither its instance nor other commands of the turn", async () => {
    const bank = await smallBank();
    await bank.open(bob, 0);
    const submitted = [
      bank.submit(bob, deposit, { amountCents: 1 }),
      bank.submit(ada, freeze, { reason }),
      bank.submit(ada, deposit, { amountCents: 1 }),
      bank.submit(bob, deposit, { amountCents: 1 }),
    ].map(codeOf);
    const codes = await bank.time.settle(Promise.all(submitted));
    assert.deepEqual(codes, ["done", "runtime.batch_too_large", "done", "done"]);
    assert.deepEqual(bank.runtime.quarantined(), []);
    assert.equal(await bank.balanceOf(bob), 2);
  });

  it("as the first command of an instance is refused too, and the id stays free", async () => {
    const bank = await smallBank();
    const body = { owner: reason, product: "", balanceCents: 0 };
    assert.equal(await bank.codeOf(bank.submit(bob, open, body)), "runtime.batch_too_large");
    assert.equal(await bank.codeOf(bank.submit(bob, open, { ...body, owner: "bob" })), "done");
  });

  it("does not arise from many large commands at once, which go into several batches", async () => {
    const bank = await smallBank();
    const ids = idsIn(0, 40);
    for (const id of ids.slice(1)) await bank.open(id, 0);
    const before = bank.head(0);
    const frozen = ids.map((id) => bank.submit(id, freeze, { reason: "x".repeat(4_000) }));
    await bank.time.settle(Promise.all(frozen));
    assert.ok(bank.head(0) - before >= 13);
  });

  it("is also refused when it is its reply that is remembered", async () => {
    const bank = await smallBank();
    assert.equal(await bank.codeOf(bank.submit(ada, freeze, { reason }, "k")), "runtime.batch_too_large");
    assert.equal(await bank.codeOf(bank.submit(ada, freeze, { reason: "short" }, "k")), "done");
  });
});

describe("a state that is larger than it may be", () => {
  it("blocks commands once its size is known, reports it, and still accepts results, which may shrink it", async () => {
    const bank = new Bank({ stateBytesMax: 200, idleMs: 1_000 });
    await bank.start();
    await bank.open(ada, 1_000);
    await bank.execute(ada, requestStatement, {});
    await bank.execute(ada, freeze, { reason: "x".repeat(300) });
    await bank.time.advanceAsync(15_000);
    for (const isAfterRestart of [false, true]) {
      if (isAfterRestart) {
        bank.crash();
        await bank.start();
      }
      await assert.rejects(bank.execute(ada, deposit, { amountCents: 1 }), (error) => {
        assert.ok(error instanceof TuttiError);
        assert.equal(error.code, "runtime.state_too_large");
        assert.match(error.message, /more than the maximum of 200\./);
        return true;
      });
    }
    const token = bank.dispatched[0]?.token;
    assert.ok(token);
    assert.equal(await bank.settle(token, completeStatement, { pages: 1 }), "done");
  });
});

describe("an archive that writes more slowly than the journal grows", () => {
  async function slowBank(): Promise<{ bank: Bank; open: () => void }> {
    const bank = new Bank({ tailBytesMax: 200, behindBytesMax: 2_000 });
    await bank.start();
    await bank.open(ada, 1_000);
    await bank.execute(ada, requestStatement, {});
    const written = Promise.withResolvers<void>();
    bank.archivePass = (operation) => (operation === "commit" ? written.promise : Promise.resolve());
    return { bank, open: written.resolve };
  }

  /** Returns how many deposits the partition accepted before it refused one. */
  async function fill(bank: Bank): Promise<number> {
    for (let accepted = 0; accepted < 1_000; accepted++) {
      const code = await codeOf(bank.time.settle(bank.submit(ada, deposit, { amountCents: 1 })));
      if (code === "runtime.archive_behind") return accepted;
      assert.equal(code, "done");
    }
    assert.fail("nothing was refused");
  }

  it("blocks commands, accepts results, and accepts commands again when it has caught up", async () => {
    const { bank, open } = await slowBank();
    const accepted = await fill(bank);
    await assert.rejects(bank.execute(ada, deposit, { amountCents: 1 }), {
      status: "RESOURCE_EXHAUSTED",
      retryAfterMs: 500,
    });
    const token = bank.dispatched[0]?.token;
    assert.ok(token);
    assert.equal(await bank.settle(token, completeStatement, { pages: 1 }), "done");
    await bank.open(remote, 0);
    open();
    await bank.time.advanceAsync(2_000);
    await bank.execute(ada, deposit, { amountCents: 1 });
    assert.equal(await bank.balanceOf(ada), 1_001 + accepted);
  });
});

describe("a process with little memory left", () => {
  const many = idsIn(0, 12);
  const last = idsIn(0, 13).at(-1) ?? "";
  const refusal = { code: "runtime.memory_short", status: "RESOURCE_EXHAUSTED", retryAfterMs: 500 };

  async function crowdedBank(
    isEndless = false,
  ): Promise<{ bank: Bank; use: (heap: number, process?: number) => void }> {
    let used = { heap: 0, process: 0 };
    const machines = [{ ...account, isEndless }];
    const bank = new Bank({ loadedSoft: 10, idleMs: 3_600_000 }, { machines, memoryUse: () => used });
    await bank.start();
    for (const id of many) await bank.open(id, 1_000);
    await bank.open(remote, 0);
    return {
      bank,
      use: (heap, process = 0) => {
        used = { heap, process };
      },
    };
  }

  it("creates no instance in a partition with many until they have left memory", async () => {
    const { bank, use } = await crowdedBank();
    await bank.execute(ada, requestStatement, {});
    use(0.75);
    await assert.rejects(bank.open(last, 1_000), refusal);
    await bank.execute(ada, deposit, { amountCents: 1 });
    await bank.execute(remote, deposit, { amountCents: 1 });
    const token = bank.dispatched[0]?.token;
    assert.ok(token);
    assert.equal(await bank.settle(token, completeStatement, { pages: 1 }), "done");
    await bank.time.advanceAsync(2_000);
    assert.equal(bank.runtime.partitionStatuses()[0]?.loaded, 0);
    await bank.open(last, 1_000);
    assert.equal(await bank.balanceOf(ada), 1_001);
  });

  it("loads no stored instance either when the rest is needed for those in memory", async () => {
    const { bank, use } = await crowdedBank();
    use(0.75);
    await bank.time.advanceAsync(2_000);
    use(0);
    for (const id of many.slice(1)) await bank.execute(id, deposit, { amountCents: 1 });
    use(0.9);
    await assert.rejects(bank.execute(ada, deposit, { amountCents: 1 }), refusal);
    // A late result of an attempt that is not awaited.
    const late = { partition: 0, incarnation: 1_000_000, number: 1, attempt: 1 };
    assert.equal(await bank.settle(late, completeStatement, { pages: 1 }, accountKey(ada)), "ignored");
    use(0.75);
    await bank.execute(ada, deposit, { amountCents: 1 });
    assert.equal(bank.runtime.partitionStatuses()[0]?.loaded, 12);
  });

  it("creates none in any partition while large values fill the process", async () => {
    const { bank, use } = await crowdedBank();
    const [, second = ""] = idsIn(1, 2);
    use(0.1, 0.6);
    await assert.rejects(bank.open(second, 1_000), refusal);
    await bank.execute(remote, deposit, { amountCents: 1 });
    use(0.1, 0.4);
    await bank.open(second, 1_000);
  });

  it("accepts commands to kinds that continue for ever", async () => {
    const { bank, use } = await crowdedBank(true);
    use(0.95);
    await bank.open(last, 1_000);
    assert.equal(await bank.balanceOf(last), 1_000);
  });
});

describe("bounds that contradict each other", () => {
  for (const [name, limits] of Object.entries({
    "a batch that is closed before anything is in it": { batchBytesSoft: 0 },
    "an inbox that holds nothing": { inboxMax: 0 },
    "a turn that takes nothing": { turnCommandsMax: 0 },
  })) {
    it(`are refused when the runtime is created: ${name}`, () => {
      assert.throws(() => new Bank(limits).create());
    });
  }

  it("are refused at the start: a batch limit beyond the maximum of the journal", async () => {
    const bank = new Bank({ batchBytesSoft: 8 * 1024 * 1024 });
    bank.create();
    await assert.rejects(bank.runtime.start(), /well below what the journal takes/);
  });
});

describe("a kind that is not hosted", () => {
  it("is refused with the kinds that are", async () => {
    const bank = new Bank();
    await bank.start();
    const key = { namespace: "default", kind: "song", id: "1" };
    const cause = { actor: undefined, traceparent: "", decision: "", reason: "" };
    const order = bank.runtime.execute({ key, command: deposit, body: { amountCents: 1 }, cause });
    await assert.rejects(bank.time.settle(order), /Service bank has no kind song\. It has account\./);
  });
});
