/** Machines whose records name content: it is available before they are folded, loaded or queried. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { blobErrors } from "@tutti/journal";
import { deposit, requestStatement } from "@tutti/machine-bank";
import { accountKey, Bank, idsIn } from "./bank.fixture.ts";
import { Poison, poisonedAccount } from "./poison.fixture.ts";

const [ada = "", bob = ""] = idsIn(0, 2);
const rules = new Uint8Array(32).fill(7);

/** Content that accounts need. A process starts without it. */
class Rules {
  isLoaded = true;
  isLost = false;
  fetched = 0;

  readonly prepare = (namespace: string, sha256: Uint8Array): Promise<void> | undefined => {
    assert.deepEqual([namespace, sha256], ["default", rules]);
    return this.isLoaded ? undefined : this.#fetch();
  };

  check(): void {
    if (!this.isLoaded) throw new RangeError("the rules are not at hand");
  }

  async #fetch(): Promise<void> {
    await Promise.resolve();
    this.fetched++;
    if (this.isLost) throw blobErrors.missing({ name: "the rules" });
    this.isLoaded = true;
  }
}

function governed(content: Rules) {
  // Deciders emit these very events.
  const machine = poisonedAccount(new Poison());
  for (const event of machine.events)
    if (event.type === "account_opened") {
      const { evolve } = event;
      Object.assign(event, {
        needs: () => [rules],
        evolve(...args: Parameters<typeof evolve>) {
          content.check();
          evolve.apply(event, args);
        },
      });
    }
  return {
    ...machine,
    prepare: content.prepare,
    snapshots: {
      ...machine.snapshots,
      needs: () => [rules],
      decode(bytes: Uint8Array, version: number) {
        content.check();
        return machine.snapshots.decode(bytes, version);
      },
    },
  };
}

async function opened(): Promise<{ readonly bank: Bank; readonly content: Rules }> {
  const content = new Rules();
  const bank = new Bank({}, { machines: [governed(content)] });
  await bank.start();
  await bank.open(ada, 100);
  await bank.execute(ada, deposit, { amountCents: 5 });
  return { bank, content };
}

describe("content that machines need", () => {
  it("is fetched before a new owner folds the journal", async () => {
    const { bank, content } = await opened();
    bank.crash();
    content.isLoaded = false;
    await bank.start();
    assert.equal(await bank.balanceOf(ada), 105);
    assert.ok(content.fetched > 0);
  });

  it("is fetched before a passivated instance is loaded", async () => {
    const { bank, content } = await opened();
    await bank.time.advanceAsync(25_000);
    assert.equal(bank.isLoaded(ada), false);
    content.isLoaded = false;
    assert.equal(await bank.balanceOf(ada), 105);
  });

  it("is fetched before outstanding effects are restored, and before an earlier state is shown", async () => {
    const { bank, content } = await opened();
    await bank.execute(ada, requestStatement, {});
    await bank.time.advanceAsync(60_000);
    bank.crash();
    content.isLoaded = false;
    const before = bank.dispatched.length;
    await bank.start();
    await bank.time.advanceAsync(1_000);
    assert.ok(bank.dispatched.length > before);
    content.isLoaded = false;
    const { event } = await bank.time.settle(bank.runtime.stateAt(accountKey(ada), 1));
    assert.equal(event, 1);
  });

  it("that is lost quarantines the instances that need it, and the process continues", async () => {
    const { bank, content } = await opened();
    await bank.time.advanceAsync(60_000);
    bank.crash();
    content.isLoaded = false;
    content.isLost = true;
    await bank.start();
    assert.equal(await bank.codeOf(bank.queryBalance(ada)), "runtime.quarantined");
    content.isLost = false;
    content.isLoaded = true;
    await bank.open(bob, 1);
    assert.equal(await bank.balanceOf(bob), 1);
  });
});
