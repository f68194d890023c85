/** Real processes of two releases on a real NATS server: an upgrade one after the other, and one that comes too late. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { sleep, systemTimers } from "@tutti/kernel";
import { natsServerProgram } from "@tutti/nats/testing";
import { partitions } from "./bank.fixture.ts";
import { BankCluster, type BankProcess, type Client, Depositors, until } from "./cluster.fixture.ts";

const { skip } = await natsServerProgram();
const accounts = Array.from({ length: 16 }, (_, index) => `account-${index}`);
const numbers = Array.from({ length: partitions }, (_, partition) => partition);
const raiseAfterMs = 1_500;

describe("a rolling upgrade of real processes under load", {
  skip,
  concurrency: false,
}, () => {
  let cluster: BankCluster;
  let client: Client;
  const acknowledged = new Map<string, number>();

  const inForce = (): number => client.partitionOwner.behavioursAllowed("bank").get("account") ?? 1;
  const owners = (): ReadonlySet<string> =>
    new Set(numbers.map((partition) => client.partitionOwner.ownerOf("bank", partition)?.address ?? ""));
  const isShared = (count: number): boolean => owners().size === count && !owners().has("");

  before(async () => {
    cluster = await BankCluster.open({ flags: [`--ownership.behaviour.raiseAfterMs=${raiseAfterMs}`] });
    await cluster.join();
    await cluster.join();
    client = await cluster.client();
    await until(() => isShared(2), 20_000);
    await Promise.all(accounts.map((account) => client.open(account, `open-${account}`)));
  });
  after(() => cluster?.[Symbol.asyncDispose]());

  async function underLoad(name: string, happening: () => Promise<void>): Promise<void> {
    await using depositors = new Depositors([client], accounts, 8, name);
    await happening();
    await until(() => depositors.calls.length > 20, 20_000);
    await depositors.stop();
    for (const [account, count] of depositors.acknowledged)
      acknowledged.set(account, (acknowledged.get(account) ?? 0) + count);
    assert.deepEqual(depositors.failures, []);
  }

  /** Checks that each acknowledged deposit has taken effect once. */
  async function checkBalances(name: string): Promise<void> {
    for (const account of accounts)
      assert.equal(await client.balance(account, `${name}-${account}`), acknowledged.get(account) ?? 0);
  }

  async function depositsOf(): Promise<readonly number[]> {
    const events = (await Promise.all(accounts.map((account) => client.events(account)))).flat();
    return events.filter(({ type }) => type === "money_deposited").map(({ version }) => version);
  }

  it("writes events that both releases can read while both run", async () => {
    await underLoad("half", async () => {
      await cluster.leave(cluster.processes[0] as BankProcess);
      await cluster.join("next");
      await until(() => isShared(2), 20_000);
      await sleep(systemTimers, 2 * raiseAfterMs);
    });
    assert.equal(inForce(), 1);
    assert.deepEqual([...new Set(await depositsOf())], [1]);
    await checkBalances("half");
  });

  it("activates the new behaviour when the last process is replaced, without a failed or duplicate deposit", async () => {
    await underLoad("whole", async () => {
      await cluster.leave(cluster.processes[0] as BankProcess);
      await cluster.join("next");
      await until(() => inForce() === 2 && isShared(2), 20_000);
    });
    await underLoad("behind", () => sleep(systemTimers, 200));
    await checkBalances("whole");
    for (const account of accounts) {
      const versions = (await client.events(account))
        .filter(({ type }) => type === "money_deposited")
        .map(({ version }) => version);
      assert.deepEqual(versions, [...versions].sort(), "once it is in force it stays so");
    }
    assert.deepEqual([...new Set(await depositsOf())].sort(), [1, 2]);
  });

  it("assigns nothing to a later process of the older release, without errors for callers", async () => {
    const before = owners();
    await underLoad("late", async () => {
      const late = await cluster.join();
      await sleep(systemTimers, 2_000);
      assert.equal(owners().has(late.address), false);
      await cluster.leave(late);
    });
    assert.deepEqual(owners(), before);
    await checkBalances("late");
  });
});
