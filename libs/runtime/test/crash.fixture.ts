/**
 * Kills a bank under load at random moments, also while it takes snapshots, packs history and cuts its journal. Its
 * client records acknowledgements, and repeats other orders under the same key. In the end the client compares every
 * account with its orders and with the account's whole history. After each kill the journal and the archive are
 * checked, and that they join.
 */
import assert from "node:assert/strict";
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { verifyArchive, verifySegments } from "@tutti/journal";
import { seededChance } from "@tutti/kernel/testing";

export const crashPartitions = 4;
const accounts = 24;
const openingCents = 1_000_000;
/** Maximum number of orders without an answer. */
const inFlightMax = 64;
/** Maximum time between the first order and the kill. The bank cuts its journal several times in that. */
const livesMs = 400;
const program = fileURLToPath(new URL("programs/bank-process.ts", import.meta.url));

export interface BankOrder {
  readonly number: number;
  /** An audit returns the balance that the account's history gives. */
  readonly what: "open" | "deposit" | "transfer" | "balance" | "audit";
  readonly account: string;
  readonly to: string;
  readonly amountCents: number;
  readonly idempotencyKey: string;
}

export interface BankAnswer {
  readonly number: number;
  readonly balanceCents?: number;
  /** Code of the error, if it was refused. */
  readonly code?: string;
}

export interface CrashReport {
  readonly kills: number;
  readonly acknowledged: number;
  /** Orders that were repeated because their outcome was unknown. */
  readonly repeated: number;
  /** Batches that were cut from the journal, because snapshots and history contain them. */
  readonly cut: number;
  /** Kills that left a group half written. */
  readonly torn: number;
}

/** Kills the bank `kills` times and compares in the end. */
export async function killBanks(kills: number, seed: number): Promise<CrashReport> {
  const directory = await mkdtemp(join(tmpdir(), "tutti-crash-"));
  const client = new BankClient(seed);
  let torn = 0;
  try {
    for (let kill = 0; kill < kills; kill++) {
      await client.round(directory, true);
      if (verify(directory).isTorn) torn++;
    }
    await client.round(directory, false);
    client.compare();
    const { cut } = verify(directory);
    const { acknowledged, repeated } = client;
    await rm(directory, { recursive: true, force: true });
    return { kills, acknowledged, repeated, cut, torn };
  } catch (error) {
    throw new Error(`the remaining files are in ${directory}`, { cause: error });
  }
}

/**
 * Checks the files of a dead process: every byte is as it was written, and the archive starts no later than the
 * journal.
 */
function verify(directory: string): { readonly isTorn: boolean; readonly cut: number } {
  const journal = verifySegments(join(directory, "journal"));
  // Killed before it created a journal.
  if (journal.kind === "none") return { isTorn: false, cut: 0 };
  assert.equal(journal.kind, "sound", journal.text);
  const archive = verifyArchive(join(directory, "archive"));
  assert.notEqual(archive.kind, "damaged", archive.text);
  const archived = new Map(
    archive.partitions.map((archivedPartition) => [archivedPartition.partition, archivedPartition]),
  );
  let cut = 0;
  for (const { partition, first, last } of journal.partitions) {
    const { coveredTo = 0, packedTo = 0 } = archived.get(partition) ?? {};
    const at = `partition ${partition}: journal ${first} to ${last}, covered ${coveredTo}, packed ${packedTo}`;
    assert.ok(first <= Math.min(coveredTo, packedTo) + 1, `nothing is missing in between; ${at}`);
    assert.ok(coveredTo <= last, `nothing is kept that is not durable; ${at}`);
    cut += first - 1;
  }
  return { isTorn: journal.text.includes("not whole"), cut };
}

const isTransient = new Set(["runtime.outcome_unknown", "runtime.inbox_full", "runtime.leaving"]);

/** Draws orders, keeps some under way, and knows the expected balance of every account when all are done. */
class BankClient {
  readonly #chance: ReturnType<typeof seededChance>;
  /** Sent and not answered yet, over all kills. */
  readonly #open = new Map<number, BankOrder>();
  readonly #expectedCents = new Map<string, number>();
  readonly #foundCents = new Map<string, number>();
  readonly #auditedCents = new Map<string, number>();
  #numbers = 0;
  acknowledged = 0;
  repeated = 0;

  constructor(seed: number) {
    this.#chance = seededChance(seed);
    for (let index = 0; index < accounts; index++) {
      const account = `account-${index}`;
      this.#expectedCents.set(account, openingCents);
      this.#add({ what: "open", account, amountCents: openingCents });
    }
  }

  /** Runs a life of the bank: until it is killed, or until all orders are done and all balances were requested. */
  async round(directory: string, isKilled: boolean): Promise<void> {
    const child = fork(program, [directory], {
      execArgv: [],
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    const ended = once(child, "exit");
    child.on("message", (answers: readonly BankAnswer[]) => this.#receive(child, answers, isKilled));
    await Promise.race([
      once(child, "message"),
      ended.then(() => assert.fail("the bank ended before it started")),
    ]);
    this.repeated += this.#open.size;
    this.#send(child, [...this.#open.values()]);
    if (isKilled) {
      this.#load(child);
      await wait(this.#chance.random() * livesMs);
      child.kill("SIGKILL");
      await ended;
      return;
    }
    await this.#settled(() => this.#open.size === 0);
    // Messages may still be on their way.
    for (let rounds = 0; rounds < 200 && !this.#isAsExpected(); rounds++) {
      for (const account of this.#expectedCents.keys()) this.#add({ what: "balance", account });
      this.#send(child, [...this.#open.values()]);
      await this.#settled(() => this.#open.size === 0);
    }
    for (const account of this.#expectedCents.keys()) this.#add({ what: "audit", account });
    this.#send(child, [...this.#open.values()]);
    await this.#settled(() => this.#open.size === 0);
    child.disconnect();
    await ended;
  }

  /** Checks that every account has the balance of its orders: nothing was lost, nothing took effect twice. */
  compare(): void {
    const expected = Object.fromEntries(this.#expectedCents);
    assert.deepEqual(Object.fromEntries(this.#foundCents), expected, "every account has what was ordered");
    assert.deepEqual(Object.fromEntries(this.#auditedCents), expected, "histories come to the same");
  }

  #isAsExpected(): boolean {
    return [...this.#expectedCents].every(([account, cents]) => this.#foundCents.get(account) === cents);
  }

  async #settled(isSettled: () => boolean): Promise<void> {
    while (!isSettled()) await wait(5);
  }

  #load(child: ChildProcess): void {
    const missing = Math.max(0, inFlightMax - this.#open.size);
    const orders = Array.from({ length: missing }, () => this.#nextOrder());
    this.#send(child, orders);
  }

  #nextOrder(): BankOrder {
    const account = this.#pick();
    const amountCents = 1 + Math.floor(this.#chance.random() * 100);
    this.#change(account, amountCents);
    if (this.#chance.random() < 0.5) return this.#add({ what: "deposit", account, amountCents });
    const to = this.#pick();
    if (to === account) return this.#add({ what: "deposit", account, amountCents });
    this.#change(account, -2 * amountCents);
    this.#change(to, amountCents);
    return this.#add({ what: "transfer", account, to, amountCents });
  }

  /** An account accepts a limited number of transfers at the same time. A transfer above the limit has no effect. */
  #refused({ what, account, to, amountCents }: BankOrder, code: string): void {
    assert.ok(what === "transfer" && code === "bank.too_many", `${what} was refused with ${code}`);
    this.#change(account, amountCents);
    this.#change(to, -amountCents);
  }

  #pick(): string {
    return `account-${Math.floor(this.#chance.random() * accounts)}`;
  }

  #change(account: string, cents: number): void {
    this.#expectedCents.set(account, (this.#expectedCents.get(account) ?? 0) + cents);
  }

  #add(order: Partial<BankOrder> & Pick<BankOrder, "what" | "account">): BankOrder {
    const number = this.#numbers++;
    const added = { to: "", amountCents: 0, ...order, number, idempotencyKey: `order-${number}` };
    this.#open.set(number, added);
    return added;
  }

  #send(child: ChildProcess, orders: readonly BankOrder[]): void {
    // A killed process receives nothing: its orders are repeated in the next life.
    if (orders.length > 0 && child.connected) child.send(orders, () => {});
  }

  #receive(child: ChildProcess, answers: readonly BankAnswer[], isKilled: boolean): void {
    let done = 0;
    for (const { number, balanceCents, code } of answers) {
      const order = this.#open.get(number);
      if (order === undefined) continue;
      if (code !== undefined && isTransient.has(code)) continue;
      // An account that was opened in an earlier life refuses to be opened again.
      const isDone = code === undefined || code === "bank.account_exists";
      if (!isDone) this.#refused(order, code);
      this.#open.delete(number);
      this.acknowledged++;
      done++;
      const found = order.what === "audit" ? this.#auditedCents : this.#foundCents;
      if (balanceCents !== undefined) found.set(order.account, balanceCents);
    }
    if (isKilled)
      this.#send(
        child,
        Array.from({ length: done }, () => this.#nextOrder()),
      );
  }
}
