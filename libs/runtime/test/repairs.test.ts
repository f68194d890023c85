/** Quarantined instances are repaired: once, by one process, even if other work continues. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { WorkStatus } from "@tutti/contracts/types/v1";
import { deposit, transfer } from "@tutti/machine-bank";
import { runtimeLimits } from "../src/index.ts";
import { accountKey, codeOf, tester } from "./bank.fixture.ts";
import {
  ada,
  bob,
  cyd,
  lives,
  poisonedBank,
  remote,
  repair,
  reset,
  retry,
  skip,
} from "./poisoned-bank.fixture.ts";

describe("a repair", () => {
  it("of a machine that is not quarantined is refused", async () => {
    const { bank } = await poisonedBank();
    assert.equal(await bank.codeOf(repair(bank, ada, skip)), "runtime.not_quarantined");
  });

  it("of an unknown machine is refused", async () => {
    const { bank } = await poisonedBank();
    assert.equal(await bank.codeOf(repair(bank, cyd, skip)), "runtime.unknown_instance");
  });

  it("to an event that does not count is refused", async () => {
    const { bank, poison } = await poisonedBank();
    poison.decides.add("deposit");
    await bank.codeOf(bank.submit(ada, deposit, { amountCents: 1 }));
    for (const event of [0, -1, 1.5, 2, 99]) {
      assert.equal(await bank.codeOf(repair(bank, ada, reset, event)), "runtime.no_such_event");
    }
  });

  it("done by two at once is done once", async () => {
    const { bank, poison } = await poisonedBank();
    poison.decides.add("deposit");
    await bank.codeOf(bank.submit(ada, deposit, { amountCents: 1 }));
    poison.cure();
    const both = [1, 2].map(() =>
      codeOf(bank.runtime.repair({ key: accountKey(ada), action: retry, event: 0, cause: tester })),
    );
    assert.deepEqual(await bank.time.settle(Promise.all(both)), ["done", "runtime.not_quarantined"]);
    assert.equal(await bank.balanceOf(ada), 1_001);
  });

  for (const [when, then] of Object.entries(lives)) {
    it(`under a key is answered like the first time when it is repeated ${when}`, async () => {
      const { bank, poison } = await poisonedBank();
      poison.decides.add(`deposit ${ada}`);
      await bank.codeOf(bank.submit(ada, deposit, { amountCents: 1 }));
      const keyed = (reason = "cured") =>
        bank.time.settle(
          bank.runtime.repair({
            ...{ key: accountKey(ada), action: retry, event: 0 },
            ...{ cause: { ...tester, reason }, idempotencyKey: "k1" },
          }),
        );
      assert.equal(await bank.codeOf(keyed()), "runtime.still_fails");
      poison.cure();
      const first = await keyed();
      assert.deepEqual(first, { status: WorkStatus.WORK_STATUS_RUNNING, event: 5 });
      await then(bank);
      assert.deepEqual(await keyed(), first);
      assert.equal(await bank.codeOf(keyed("for another reason")), "runtime.key_reused");
      assert.equal(await bank.balanceOf(ada), 1_001);
      await bank.time.advanceAsync(runtimeLimits.keysKeptMs);
      assert.equal(await bank.codeOf(keyed()), "runtime.not_quarantined");
    });
  }

  it("that two callers send under one key happens once, and both get the same answer", async () => {
    const { bank, poison } = await poisonedBank();
    poison.decides.add("deposit");
    await bank.codeOf(bank.submit(ada, deposit, { amountCents: 1 }));
    poison.cure();
    const request = { key: accountKey(ada), action: retry, event: 0, cause: tester, idempotencyKey: "k1" };
    const both = [1, 2].map(() => bank.runtime.repair(request));
    const [one, other] = await bank.time.settle(Promise.all(both));
    assert.deepEqual(one, other);
    assert.equal(await bank.balanceOf(ada), 1_001);
  });

  it("that waits while the partition is loaded again is answered", async () => {
    const { bank, poison } = await poisonedBank();
    poison.decides.add("deposit");
    await bank.codeOf(bank.submit(ada, deposit, { amountCents: 1 }));
    poison.cure();
    bank.commits.hold();
    bank.commits.fail("unknown-lost");
    const lost = codeOf(bank.submit(bob, deposit, { amountCents: 1 }));
    await bank.time.flush();
    const repaired = codeOf(
      bank.runtime.repair({ key: accountKey(ada), action: retry, event: 0, cause: tester }),
    );
    bank.commits.open();
    assert.equal(await bank.time.settle(lost), "runtime.outcome_unknown");
    const code = await bank.time.settle(repaired);
    if (code !== "done") await repair(bank, ada, retry).catch(() => undefined);
    assert.equal(await bank.balanceOf(ada), 1_001);
  });

  it("under traffic of messages to the instance works at the first try", async () => {
    const { bank, poison } = await poisonedBank();
    poison.decides.add(`deposit ${ada}`);
    await bank.codeOf(bank.submit(ada, deposit, { amountCents: 1 }));
    poison.cure();
    bank.commits.hold();
    const sent = [1, 2, 3].map((amountCents) => bank.submit(remote, transfer, { to: ada, amountCents }));
    await bank.time.flush();
    bank.commits.releaseWaiting();
    await bank.time.flush();
    const repaired = bank.runtime.repair({ key: accountKey(ada), action: skip, event: 0, cause: tester });
    await bank.time.flush();
    bank.commits.open();
    await bank.time.settle(Promise.all([repaired, ...sent]));
    await bank.time.advanceAsync(5_000);
    assert.equal(await bank.balanceOf(ada), 1_006);
  });

  it("to a state that its code cannot use is refused, and changes nothing", async () => {
    for (const kind of ["recovers", "describes"] as const) {
      const { bank, poison } = await poisonedBank();
      poison.decides.add("deposit");
      await bank.codeOf(bank.submit(ada, deposit, { amountCents: 1 }));
      poison.cure();
      poison[kind].add(`${kind.slice(0, -1)} ${ada}`);
      const before = bank.head(0);
      assert.equal(await bank.codeOf(repair(bank, ada, skip)), "runtime.still_fails");
      assert.equal(bank.head(0), before);
      poison.cure();
      await repair(bank, ada, skip);
      assert.equal(await bank.balanceOf(ada), 1_000);
    }
  });

  it("that the archive fails is refused as that, and can be tried again", async () => {
    const { bank, poison } = await poisonedBank();
    poison.decides.add("deposit");
    await bank.codeOf(bank.submit(ada, deposit, { amountCents: 1 }));
    poison.cure();
    let failures = 1;
    bank.archiveFault = (operation) => (operation === "load" && failures-- > 0 ? "lost" : undefined);
    assert.equal(await bank.codeOf(repair(bank, ada, skip)), "archive.failed");
    await repair(bank, ada, skip);
    assert.equal(await bank.balanceOf(ada), 1_000);
  });

  it("records its actor", async () => {
    const { bank, poison } = await poisonedBank();
    poison.decides.add("deposit");
    await bank.codeOf(bank.submit(ada, deposit, { amountCents: 1 }));
    await repair(bank, ada, skip);
    const records = await bank.time.settle(bank.runtime.history(accountKey(ada), 0, 10));
    assert.equal(records.length, 3);
  });
});
