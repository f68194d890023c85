/**
 * The bank in a cluster whose processes come, go, die and freeze while tellers move money between all accounts: on one
 * NATS server that syncs always, and on three. Limits are so small that machines leave memory, archives are written,
 * and journals are cut all the time. So an owner starts with the stored data of the one before.
 */
import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { sleep, stableHash, systemTimers } from "@tutti/kernel";
import { natsServerProgram } from "@tutti/nats/testing";
import { partitions } from "./bank.fixture.ts";
import { BankCluster, type BankProcess, type Client, until } from "./cluster.fixture.ts";
import { Tellers } from "./tellers.fixture.ts";

const { skip } = await natsServerProgram();
const capitalCents = 10_000;
const accounts = Array.from({ length: 48 }, (_, index) => `account-${index}`);
const numbers = Array.from({ length: partitions }, (_, partition) => partition);
const partitionOf = (account: string) => stableHash("default", "account", account) % partitions;

const flags = [
  ...["--durable.limits.tailBytesMax=32768", "--durable.limits.indexEveryMs=50"],
  ...["--durable.limits.idleMs=200", "--durable.limits.loadedMax=4"],
];

class Story {
  readonly cluster: BankCluster;
  readonly #context: TestContext;
  readonly #client: Client;

  constructor(cluster: BankCluster, client: Client, context: TestContext) {
    this.cluster = cluster;
    this.#client = client;
    this.#context = context;
  }

  log(text: string): void {
    this.#context.diagnostic(text);
  }

  has({ address }: BankProcess): readonly number[] {
    const { partitionOwner } = this.#client;
    return numbers.filter((partition) => partitionOwner.ownerOf("bank", partition)?.address === address);
  }

  get isComplete(): boolean {
    return numbers.every((partition) => this.#client.partitionOwner.ownerOf("bank", partition) !== undefined);
  }

  first(): BankProcess {
    return this.cluster.processes[0] ?? assert.fail("it runs");
  }

  async join(): Promise<void> {
    const joined = await this.cluster.join();
    const durationMs = await until(() => this.has(joined).length >= 2, 20_000);
    this.log(`a process that joined has its share ${Math.round(durationMs)} ms after it was ready`);
  }

  async leave(): Promise<void> {
    const sinceMs = performance.now();
    await this.cluster.leave(this.first());
    this.log(`a process with its share left within ${Math.round(performance.now() - sinceMs)} ms`);
    await until(() => this.isComplete, 5_000);
  }

  async kill(tellers: Tellers): Promise<void> {
    const killed = this.first();
    const lost = this.has(killed);
    const killedMs = performance.now();
    await this.cluster.kill(killed);
    const served = (partition: number): number | undefined =>
      tellers.calls.find(({ from, endMs }) => partitionOf(from) === partition && endMs > killedMs + 50)
        ?.endMs;
    await until(() => lost.every((partition) => served(partition) !== undefined), 20_000);
    const recoveryMs = lost.map((partition) => Math.round((served(partition) ?? 0) - killedMs));
    this.log(`${lost.length} partitions of a killed process served again after ${recoveryMs.join(", ")} ms`);
  }

  async freeze(forMs: number): Promise<void> {
    const frozen = this.first();
    frozen.child.kill("SIGSTOP");
    const durationMs = await until(() => this.isComplete && this.has(frozen).length === 0, 10_000);
    this.log(`a frozen process had lost everything after ${Math.round(durationMs)} ms`);
    await sleep(systemTimers, forMs);
    frozen.child.kill("SIGCONT");
    await until(() => this.isComplete && this.has(frozen).length > 0, 20_000);
  }

  /** Loses a server with all its data, even the leader. */
  async loseServer(): Promise<void> {
    const [server] = this.cluster.servers;
    await server?.down("kill");
    await sleep(systemTimers, 8_000);
    await server?.up();
    await sleep(systemTimers, 2_000);
  }
}

/** Checks that every account has the exact expected amount. Messages under way arrive first. */
async function checkMoney(client: Client, tellers: Tellers): Promise<void> {
  const wrong = async (): Promise<string[]> => {
    const balances = await Promise.all(accounts.map((each) => client.balance(each, `check-${each}`)));
    return accounts.flatMap((account, index) => {
      const expected = capitalCents + (tellers.moved.get(account) ?? 0);
      return balances[index] === expected ? [] : [`${account}: ${balances[index]} for ${expected}`];
    });
  };
  let found = await wrong();
  for (let attempts = 0; found.length > 0 && attempts < 100; attempts++) {
    await sleep(systemTimers, 100);
    found = await wrong();
  }
  assert.deepEqual(found, []);
}

/** Checks that histories are complete, regardless of which process packed them. */
async function checkHistories(client: Client): Promise<number> {
  let events = 0;
  for (const account of accounts) {
    const numbers = await client.history(account);
    assert.deepEqual(
      numbers,
      Array.from({ length: numbers.length }, (_, index) => index + 1),
      account,
    );
    events += numbers.length;
  }
  return events;
}

/** Returns the number of partitions whose journal was cut, because their archives cover it. */
async function cutJournals({ connection }: BankCluster): Promise<number> {
  const manager = await connection.manager("test");
  const infos = await Promise.all(
    numbers.map((partition) => manager.streams.info(`TUTTI_JOURNAL_bank_${partition}`)),
  );
  return infos.filter(({ state }) => state.first_seq > 1).length;
}

describe("money in a cluster of real processes", { skip, concurrency: false }, () => {
  for (const servers of [1, 3] as const) {
    const setup = servers === 1 ? "a NATS server that syncs always" : "three NATS servers";
    it(`is conserved on ${setup}, under joins, leaves and crashes`, { timeout: 300_000 }, async (context) => {
      await using cluster = await BankCluster.open({ servers, flags });
      await cluster.join();
      await cluster.join();
      const client = await cluster.client();
      // Learns of changes half a second late, so it calls the former owner.
      const late = await cluster.client({ lateMs: 500 });
      await until(() => client.partitionOwner.ownerOf("bank", 0) !== undefined, 10_000);
      await Promise.all(accounts.map((account) => client.open(account, `open-${account}`, capitalCents)));
      const story = new Story(cluster, client, context);
      const tellers = new Tellers({ clients: [client, late], accounts, chains: 12, name: "move" });
      await sleep(systemTimers, 1_000);
      await story.join();
      await story.leave();
      await story.join();
      await story.kill(tellers);
      await story.join();
      await story.freeze(4_000);
      if (servers === 3) await story.loseServer();
      await story.kill(tellers);
      await story.join();
      await tellers.stop();

      await checkMoney(client, tellers);
      const sentOn = await cluster.sentOn();
      for (const [call, count] of sentOn) assert.equal(count, 1, `${call} was sent on ${count} times`);
      const slowest = Math.round(Math.max(...tellers.calls.map(({ durationMs }) => durationMs)));
      story.log(`${tellers.calls.length} transfers, ${sentOn.size} extra hops, one per call and move`);
      story.log(`slowest ${slowest} ms; repeated: ${JSON.stringify([...tellers.repeated])}`);
      story.log(`${await checkHistories(client)} events, ${await cutJournals(cluster)} journals cut`);

      // No process is left, and the next one has everything.
      while (cluster.processes.length > 0) await cluster.leave(story.first());
      await cluster.join();
      await checkMoney(client, tellers);
      await checkHistories(client);
    });
  }
});
