/** Real processes, a real NATS server: owners of partitions while processes come, go, die, freeze and get busy. */
import assert from "node:assert/strict";
import { after, before, describe, it, type TestContext } from "node:test";
import { sleep, stableHash, systemTimers } from "@tutti/kernel";
import { Mesh } from "@tutti/mesh";
import { note } from "@tutti/mesh/testing";
import { natsServerProgram } from "@tutti/nats/testing";
import { bankContract, partitions } from "./bank.fixture.ts";
import { BankCluster, type BankProcess, type Client, Depositors, until } from "./cluster.fixture.ts";

const { skip } = await natsServerProgram();
const accounts = Array.from({ length: 64 }, (_, index) => `account-${index}`);
const numbers = Array.from({ length: partitions }, (_, partition) => partition);
const partitionOf = (account: string) => stableHash("default", "account", account) % partitions;

/** Returns partitions by the address of their owner, as a client knows them. */
function owned({ partitionOwner }: Client): ReadonlyMap<string, readonly number[]> {
  const byAddress = new Map<string, number[]>();
  for (const partition of numbers) {
    const address = partitionOwner.ownerOf("bank", partition)?.address ?? "";
    byAddress.set(address, [...(byAddress.get(address) ?? []), partition]);
  }
  return byAddress;
}

const has = (client: Client, { address }: BankProcess): readonly number[] => owned(client).get(address) ?? [];
const isComplete = (client: Client): boolean => !owned(client).has("");

function log(context: TestContext, text: string): void {
  context.diagnostic(text);
}

describe("a cluster of real processes", { skip, concurrency: false }, () => {
  let cluster: BankCluster;
  let client: Client;
  /** Learns of changes half a second late, so it calls the former owner. */
  let late: Client;
  const acknowledged = new Map<string, number>();
  const calls = new Set<string>();
  const process = (index: number): BankProcess => cluster.processes[index] ?? assert.fail("it runs");

  before(async () => {
    cluster = await BankCluster.open();
    await cluster.join();
    await cluster.join();
    await cluster.join();
    client = await cluster.client();
    late = await cluster.client({ lateMs: 500 });
    await until(
      () => [...owned(client).values()].every(({ length }) => length <= 3) && isComplete(client),
      20_000,
    );
    await Promise.all(accounts.map((account) => client.open(account, `open-${account}`)));
  });
  after(() => cluster?.[Symbol.asyncDispose]());

  /** Makes deposits during an event, and remembers all acknowledged ones. */
  async function underLoad(name: string, happening: () => Promise<void>): Promise<Depositors> {
    await using depositors = new Depositors([client, late], accounts, 16, name);
    await sleep(systemTimers, 500);
    await happening();
    await depositors.stop();
    for (const [account, count] of depositors.acknowledged) {
      acknowledged.set(account, (acknowledged.get(account) ?? 0) + count);
    }
    assert.deepEqual(depositors.failures, []);
    assert.ok(depositors.calls.length > 20, `${depositors.calls.length} calls`);
    return depositors;
  }

  async function checkBalances(): Promise<void> {
    for (const account of accounts) {
      const balance = await client.balance(account, `check-${account}-${calls.size}`);
      assert.equal(balance, acknowledged.get(account) ?? 0, account);
    }
    calls.add(`check-${calls.size}`);
  }

  /** Returns the number of extra hops of the calls of one name. Fails if it was more than one. */
  async function extraHops(name: string, { calls }: Depositors): Promise<string> {
    const counts = [...(await cluster.sentOn())].filter(([call]) => call.startsWith(`${name}-`));
    for (const [call, count] of counts) assert.equal(count, 1, `${call} was sent on ${count} times`);
    return `${calls.length} calls, ${counts.length} of them with one extra hop, none with more`;
  }

  it("gives a joining process its share while calls continue", async (context) => {
    const depositors = await underLoad("join", async () => {
      const joined = await cluster.join();
      await until(() => has(client, joined).length >= 2, 10_000);
      await sleep(systemTimers, 1_500);
    });
    log(context, await extraHops("join", depositors));
    log(
      context,
      `slowest call ${Math.round(Math.max(...depositors.calls.map(({ durationMs }) => durationMs)))} ms`,
    );
    await checkBalances();
  });

  it("takes over from a leaving process with only a pause for callers", async (context) => {
    const depositors = await underLoad("leave", async () => {
      await cluster.leave(process(0));
      await until(() => isComplete(client), 5_000);
      await sleep(systemTimers, 1_500);
    });
    log(context, await extraHops("leave", depositors));
    log(
      context,
      `slowest call ${Math.round(Math.max(...depositors.calls.map(({ durationMs }) => durationMs)))} ms`,
    );
    await checkBalances();
  });

  it("serves every partition of a process again that was killed", async (context) => {
    const killed = process(0);
    const lost = has(client, killed);
    let killedMs = 0;
    const depositors = await underLoad("kill", async () => {
      killedMs = performance.now();
      await cluster.kill(killed);
      await until(() => isComplete(client) && has(client, killed).length === 0, 10_000);
      await sleep(systemTimers, 2_500);
    });
    const recoveryMs = lost.map((partition) => {
      const done = depositors.calls.filter(
        ({ account, endMs }) => partitionOf(account) === partition && endMs > killedMs + 50,
      );
      return Math.min(...done.map(({ endMs }) => endMs)) - killedMs;
    });
    log(
      context,
      `${lost.length} partitions without an owner for ${recoveryMs.map(Math.round).join(", ")} ms`,
    );
    assert.ok(recoveryMs.every(Number.isFinite), "each of them is served again");
    log(context, await extraHops("kill", depositors));
    await checkBalances();
  });

  it("delivers envelopes between partitions while the partitions move between processes", async (context) => {
    const total = async (): Promise<number> => {
      const balances = accounts.map((account) => client.balance(account, `total-${account}`));
      return (await Promise.all(balances)).reduce((sum, balance) => sum + balance, 0);
    };
    const rich = accounts[0] ?? "";
    await client.deposit(rich, "capital", 100_000);
    for (const account of accounts.slice(1))
      await client.transfer(rich, account, `capital-${account}`, 1_000);
    // Money under way between two accounts is in neither.
    const settled = async (expected: number): Promise<void> => {
      for (let attempts = 0; attempts < 100 && (await total()) !== expected; attempts++)
        await sleep(systemTimers, 100);
      assert.equal(await total(), expected);
    };
    const everything = [...acknowledged.values()].reduce((sum, cents) => sum + cents, 0) + 100_000;
    await settled(everything);
    let moving = true;
    let transfers = 0;
    const chains = Array.from({ length: 8 }, async (_, chain) => {
      for (let turn = 0; moving; turn++) {
        const from = accounts[(chain * 8 + turn) % accounts.length] ?? "";
        const to = accounts[(chain * 8 + turn * 7 + 1) % accounts.length] ?? "";
        if (from === to || (await client.balance(from, `look-${chain}-${turn}`)) === 0) continue;
        await client.transfer(from, to, `transfer-${chain}-${turn}`, 1);
        transfers++;
      }
    });
    await cluster.join();
    await sleep(systemTimers, 1_500);
    await cluster.leave(process(0));
    await sleep(systemTimers, 1_500);
    await cluster.join();
    await cluster.kill(process(0));
    await sleep(systemTimers, 3_000);
    moving = false;
    await Promise.all(chains);
    log(context, `${transfers} transfers`);
    await settled(everything);
    // Later tests check each account by its deposits again.
    for (const account of accounts)
      acknowledged.set(account, await client.balance(account, `settled-${account}`));
  });

  it("survives an outage of the NATS servers without failed or lost deposits", async (context) => {
    await until(() => cluster.processes.every((each) => has(client, each).length >= 2), 20_000);
    let moves = 0;
    const unlisten = client.partitionOwner.onOwner(() => {
      moves++;
    });
    const depositors = await underLoad("away", async () => {
      for (const server of cluster.servers) await server.down();
      await sleep(systemTimers, 5_000);
      for (const server of cluster.servers) await server.up();
      await sleep(systemTimers, 4_000);
    });
    unlisten();
    log(
      context,
      `slowest call ${Math.round(Math.max(...depositors.calls.map(({ durationMs }) => durationMs)))} ms`,
    );
    log(context, `${moves} changes of the table`);
    await checkBalances();
  });

  it("returns no stale reply from a process that was frozen for 30 seconds", async (context) => {
    await cluster.join();
    await until(() => cluster.processes.every((each) => has(client, each).length >= 2), 20_000);
    const frozen = process(0);
    const [partition = 0] = has(client, frozen);
    const account = accounts.find((each) => partitionOf(each) === partition) ?? "";
    const before = await client.balance(account, "frozen-before");
    frozen.child.kill("SIGSTOP");
    const sinceMs = performance.now();
    await until(() => isComplete(client) && !has(client, frozen).includes(partition), 10_000);
    await client.deposit(account, "frozen-elsewhere", 100);
    acknowledged.set(account, (acknowledged.get(account) ?? 0) + 100);
    log(context, `another owner after ${Math.round(performance.now() - sinceMs)} ms`);
    // Directly to the frozen process, without a table. The calls wait in its socket until it continues.
    const straight = new Mesh({ settings: { transport: "grpc", peers: { bank: [frozen.address] } } });
    const any = straight.client({
      ...bankContract,
      methods: {
        balance: { ...bankContract.methods.balance, route: undefined },
        deposit: { ...bankContract.methods.deposit, route: undefined },
      },
    });
    const timeoutMs = 40_000;
    const reads = Array.from({ length: 20 }, (_, index) =>
      any.balance(note({ key: account, text: `frozen-read-${index}` }), { timeoutMs }),
    );
    const writes = Array.from({ length: 20 }, (_, index) =>
      any.deposit(note({ key: account, text: `frozen-write-${index}`, count: 1 }), { timeoutMs }),
    );
    const outcomes = Promise.allSettled([...reads, ...writes]);
    await sleep(systemTimers, 30_000 - (performance.now() - sinceMs));
    frozen.child.kill("SIGCONT");
    const settled = await outcomes;
    for (const [index, outcome] of settled.entries()) {
      // It may own the partition again when it answers: then it knows of the events meanwhile.
      if (outcome.status === "fulfilled")
        assert.ok(outcome.value.count >= before + 100, `answer ${index} is stale`);
    }
    const refused = settled.filter(({ status }) => status === "rejected").length;
    log(context, `of 40 calls to it, ${refused} were refused, and none was answered from its old memory`);
    await straight.stop();
    await until(() => isComplete(client), 10_000);
    // A call whose deadline passed may have been executed. Repeated under its key, each counts once.
    for (const index of writes.keys()) await client.deposit(account, `frozen-write-${index}`, 1);
    acknowledged.set(account, (acknowledged.get(account) ?? 0) + writes.length);
    await checkBalances();
  });
});

describe("a cluster with a hot set of partitions", { skip, concurrency: false }, () => {
  it("moves half of it to an idle process by load, and little more after that", async (context) => {
    // The threshold of a busy partition is scaled to test machines, whose disk may allow few calls.
    await using cluster = await BankCluster.open({
      sync: false,
      flags: [
        "--ownership.balance.gapMin=0.002",
        "--ownership.balance.benefitMin=0.0004",
        "--ownership.balance.idleMax=0.0002",
      ],
    });
    const busy = await cluster.join();
    const client = await cluster.client();
    await until(() => isComplete(client), 5_000);
    const idle = await cluster.join();
    await until(() => has(client, idle).length === 4, 20_000);
    const hot = accounts.filter((account) => has(client, busy).includes(partitionOf(account)));
    await Promise.all(hot.map((account) => client.open(account, `open-${account}`)));
    const hotPartitions = [...new Set(hot.map(partitionOf))];
    await using depositors = new Depositors([client], hot, 256, "hot");
    const isShared = () => hotPartitions.filter((each) => has(client, idle).includes(each)).length >= 2;
    const durationMs = await until(isShared, 60_000);
    let moves = 0;
    const unlisten = client.partitionOwner.onOwner(() => {
      moves++;
    });
    await sleep(systemTimers, 10_000);
    unlisten();
    await depositors.stop();
    assert.deepEqual(depositors.failures, []);
    log(context, `two of ${hotPartitions.length} hot partitions moved in ${Math.round(durationMs)} ms`);
    log(context, `${moves} changes of the table in the ten seconds after that`);
    // Each move is two changes: the receiver, and its ownership.
    assert.ok(moves <= 16, `${moves} changes of the table`);
  });
});
