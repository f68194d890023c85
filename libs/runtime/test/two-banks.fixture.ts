/**
 * Two processes that share the partitions of one bank, with messages between them that are lost, doubled, late and out
 * of order.
 */
import assert from "node:assert/strict";
import type { EnvelopeBatch, Place } from "@tutti/kernel";
import { seededChance, VirtualTime } from "@tutti/kernel/testing";
import { type account, open, transfer } from "@tutti/machine-bank";
import { isConserved, moneyOf } from "@tutti/machine-bank/testing";
import type { RuntimeLimits } from "../src/index.ts";
import { accountKey, Bank, partitionOf, partitions, unconfirmedMessages } from "./bank.fixture.ts";

export interface Mail {
  /** Shares of the deliveries that are lost on their way, or whose answer is. */
  readonly lost: number;
  readonly doubled: number;
  readonly delayMaxMs: number;
}

export const fairMail: Mail = { lost: 0, doubled: 0, delayMaxMs: 0 };
export const noMail: Mail = { lost: 1, doubled: 0, delayMaxMs: 0 };
export const foulMail: Mail = { lost: 0.3, doubled: 0.3, delayMaxMs: 400 };

export class TwoBanks {
  readonly time = new VirtualTime();
  readonly banks: readonly [Bank, Bank];
  /** Batches as they arrived, for a test that checks them. */
  readonly delivered: { readonly to: Place; readonly batch: EnvelopeBatch }[] = [];
  mail: Mail = fairMail;
  readonly #chance: ReturnType<typeof seededChance>;
  readonly #isUp = [true, true];

  constructor(seed: number, limits: Partial<RuntimeLimits> = {}) {
    this.#chance = seededChance(seed);
    const bank = (): Bank =>
      new Bank(limits, { delivery: { deliver: (to, batch) => this.#deliver(to, batch) } }, this.time);
    this.banks = [bank(), bank()];
  }

  /** Even partitions belong to the first, odd ones to the second. */
  async start(which: 0 | 1): Promise<void> {
    const bank = this.banks[which];
    bank.create();
    const owned = [0, 1, 2, 3].filter((partition) => partition % 2 === which);
    const owning = Promise.all(owned.map((partition) => bank.runtime.own(partition, 1)));
    await this.#settle(owning);
    this.#isUp[which] = true;
  }

  crash(which: 0 | 1): void {
    this.#isUp[which] = false;
    this.banks[which].crash();
  }

  async open(id: string): Promise<void> {
    await this.#settle(this.ownerOf(id).submit(id, open, { owner: id, product: "", balanceCents: 1_000 }));
  }

  ownerOf(id: string): Bank {
    return this.banks[partitionOf(id) % 2 === 0 ? 0 : 1];
  }

  /** Returns all existing ones of the given accounts, as the machine projects them. */
  async projections(ids: readonly string[]): Promise<Record<string, unknown>[]> {
    const all = ids.map((id) => this.#settle(this.ownerOf(id).runtime.stateAt(accountKey(id), 0)));
    return (await Promise.all(all)).map(({ projection }) => projection as Record<string, unknown>);
  }

  /** Returns the money of all accounts and of all messages that were not accepted. */
  money() {
    const states = this.banks.flatMap(({ runtime }) =>
      [0, 1, 2, 3].flatMap((partition) => [...(runtime.inspect(partition)?.instances.values() ?? [])]),
    );
    const letters = this.banks.flatMap(({ runtime }) =>
      [0, 1, 2, 3].flatMap((partition) =>
        [...(runtime.inspect(partition)?.outbox.channels ?? [])].flatMap((channel) =>
          channel.messages.filter(({ number }) => number > this.#lastAccepted(channel.partition, partition)),
        ),
      ),
    );
    return moneyOf(
      states.map(({ state }) => state as ReturnType<typeof account.create>),
      letters,
    );
  }

  #lastAccepted(receiver: number, sender: number): number {
    return (
      this.banks[receiver % 2 === 0 ? 0 : 1].runtime
        .inspect(receiver)
        ?.outbox.lastAcceptedFrom("bank", sender) ?? 0
    );
  }

  async #deliver(to: Place, batch: EnvelopeBatch): Promise<number> {
    const { lost, doubled, delayMaxMs } = this.mail;
    if (this.#chance.random() < lost) throw new Error("lost on its way");
    if (this.#chance.random() < doubled) void this.#arrive(to, batch, delayMaxMs * 3).catch(() => undefined);
    const upTo = await this.#arrive(to, batch, delayMaxMs);
    if (this.#chance.random() < lost) throw new Error("the answer was lost");
    return upTo;
  }

  async #arrive(to: Place, batch: EnvelopeBatch, delayMaxMs: number): Promise<number> {
    const delayMs = Math.floor(this.#chance.random() * delayMaxMs);
    if (delayMs > 0) await new Promise<void>((resolve) => void this.time.after(delayMs, resolve));
    const partition = Number(to.split("/").at(-1));
    const which = partition % 2;
    if (this.#isUp[which] !== true || partition >= partitions) throw new Error("nobody is there");
    this.delivered.push({ to, batch });
    return (this.banks[which] as Bank).runtime.receive(partition, batch);
  }

  async #settle<T>(promise: Promise<T>): Promise<T> {
    let isSettled = false;
    const mark = (): void => {
      isSettled = true;
    };
    promise.then(mark, mark);
    await this.time.flush();
    for (let moments = 0; !isSettled && moments < 2_000; moments++) {
      await this.time.advanceAsync(Math.max(0, (this.time.nextDueMs ?? 0) - this.time.monotonic()));
    }
    if (!isSettled) throw new Error("nothing was answered");
    return promise;
  }
}

/** Trades between two processes over the worst network. In the end all the money is there, and nothing is under way. */
export async function tradeByFoulMail(ids: readonly string[], seed: number): Promise<void> {
  const two = new TwoBanks(seed);
  const chance = seededChance(seed + 1_000);
  await two.start(0);
  await two.start(1);
  for (const id of ids) await two.open(id);
  two.mail = foulMail;
  for (let step = 0; step < 40; step++) {
    const from = ids[Math.floor(chance.random() * ids.length)] ?? "";
    const to = ids[Math.floor(chance.random() * ids.length)] ?? "";
    const bank = two.ownerOf(from);
    void bank.submit(from, transfer, { to, amountCents: 1 + Math.floor(chance.random() * 9) });
    const random = chance.random();
    if (random < 0.1) bank.commits.fail(chance.random() < 0.5 ? "unknown-landed" : "unknown-lost");
    await two.time.advanceAsync(Math.floor(chance.random() * 200));
    if (random > 0.9) {
      const which = random > 0.95 ? 1 : 0;
      two.crash(which);
      await two.time.advanceAsync(Math.floor(chance.random() * 1_000));
      await two.start(which);
    }
  }
  two.mail = fairMail;
  await two.time.advanceAsync(20_000);
  const accounts = await two.projections(ids);
  assert.equal(
    accounts.reduce((sum, { balanceCents }) => sum + Number(balanceCents), 0),
    1_000 * ids.length,
  );
  for (const { transfers } of accounts) assert.deepEqual(transfers, []);
  assert.ok(isConserved(two.money()));
  for (const { runtime } of two.banks)
    for (const partition of [0, 1, 2, 3]) assert.equal(unconfirmedMessages(runtime, partition).length, 0);
}
