/**
 * Follows the bank event by event as events become durable, and compares it with the plain one.
 *
 * 1. Each operation takes effect once, as in the plain bank, in the order of the journal.
 * 2. Money is neither made nor lost: the sum in accounts, reservations and messages is the sum paid in less
 *    the sum paid out.
 * 3. The money of a message arrives once. A timer fires once, and not early.
 * 4. An answer is that of the plain bank after the same events, and a later question sees no less than an
 *    earlier one.
 */
import { isDeepStrictEqual } from "node:util";
import type { Refusal } from "@tutti/kernel";
import type { Chronicle, Follower, KnownEvent } from "../checks/chronicle.ts";
import type { Counted, CountedAnswer } from "../counted/counted.ts";
import { countsOf } from "../counted/counting.ts";
import type { BankOperation } from "../plan/plan.ts";
import type { World } from "../world/world.ts";
import { accountKey } from "./accounts.ts";
import { expect, type Fields, happen, type PlainAccount, plainAccount } from "./plain-account.ts";

/** The facts about an operation. */
export interface OperationRecord {
  readonly operation: BankOperation;
  /** Number of sent copies. */
  copies: number;
  /** Known events of its account when it was first sent. */
  eventsBefore: number;
  effect: Effect | undefined;
  /** Its effects on earlier accounts with the id: once they are removed, its key is forgotten. */
  readonly effectsBefore: Effect[];
  answered: boolean;
}

interface Effect {
  readonly incarnation: number;
  readonly events: number;
  readonly reply: Fields;
}

interface MessageMoney {
  readonly to: string;
  readonly amount: number;
  state: "sent" | "credited";
}

const messageEvents = new Set(["transfer_credited", "transfer_completed", "transfer_declined"]);
const ownEvents = new Set([
  "hold_expired",
  "statement_completed",
  "statement_failed",
  "statement_retried",
  "statement_abandoned",
]);

export class BankCheck implements Follower {
  readonly accounts = new Map<string, PlainAccount>();
  readonly records: readonly OperationRecord[];
  readonly #world: World;
  readonly #chronicle: Chronicle;
  readonly #messages = new Map<string, MessageMoney>();
  /** Known events of each account at clients. */
  readonly #knownEvents = new Map<string, number>();
  /** Paid in less paid out, for accounts whose ids were used again. */
  #paidBefore = 0;

  constructor(world: World, chronicle: Chronicle, operations: readonly BankOperation[]) {
    this.#world = world;
    this.#chronicle = chronicle;
    this.records = operations.map((operation) => ({
      operation,
      copies: 0,
      eventsBefore: 0,
      effect: undefined,
      effectsBefore: [],
      answered: false,
    }));
  }

  event(event: KnownEvent): void {
    const { type, key, timeMs } = event;
    const body = event.body as Fields;
    const account = type === "account_opened" ? this.#opened(key.id) : this.#account(key.id);
    if (messageEvents.has(type)) this.#message(account, type, body);
    else if (ownEvents.has(type)) this.#timer(account, type, body, timeMs);
    else this.#effect(account, event, body);
    const wrong = happen(account, type, body);
    if (wrong !== undefined) this.#fail("once", account, `${type}: ${wrong}`);
    this.#checkMoney(type);
  }

  partitionEvent(): void {}

  /** Records that a client sends an operation. */
  sent(number: number): void {
    const record = this.#record(number);
    if (record.copies === 0) record.eventsBefore = this.#knownEvents.get(record.operation.account) ?? 0;
    record.copies++;
  }

  /** Checks the answer of a process. It has to be true, even if it is lost. */
  answeredBy(number: number, answer: unknown): void {
    const record = this.#record(number);
    const { operation } = record;
    const { events, digest, answer: reply } = answer as CountedAnswer;
    const name = (): string => `the answer to operation ${number} (${operation.command})`;
    this.#chronicle.restsOn(name, accountKey(operation.account), { events, digest });
    if (operation.command === "balance") this.#checkBalance(record, { events, digest }, reply as Fields);
    else if (record.effect === undefined) {
      this.#world.fail("acknowledged", `${name()} reports completion, but its events are not in the journal`);
    } else if (
      ![record.effect, ...record.effectsBefore].some((effect) => isAnswer(effect, events, reply as Fields))
    ) {
      this.#world.fail(
        "model",
        `${name()} is ${JSON.stringify(answer)}, the plain bank says ${JSON.stringify(record.effect)}`,
      );
    }
  }

  refusedBy(number: number, refusal: Refusal): void {
    const counted = countsOf(refusal);
    if (counted === undefined) return;
    const { operation } = this.#record(number);
    const name = (): string => `the refusal of operation ${number} (${operation.command})`;
    this.#chronicle.restsOn(name, accountKey(operation.account), counted);
    const account = this.accountAfter(operation.account, counted);
    const expected =
      operation.command === "balance"
        ? { kind: "refused" as const, code: missingCode(account) }
        : expect(account, operation.command, operation.body, 0);
    if (expected.kind === "refused" && expected.code === refusal.code) return;
    this.#world.fail(
      "model",
      `${name()} is ${refusal.code} after ${counted.events} events, the plain bank says ${JSON.stringify(expected)}`,
    );
  }

  /** Records that an answer has reached its client: later questions must not see less. */
  received(number: number, counted: Counted | undefined): void {
    const record = this.#record(number);
    record.answered = true;
    if (counted === undefined) return;
    const { account } = record.operation;
    // A closed account may be removed, and then looks as if it had never existed.
    const isRemoved = counted.events === 0 && this.#account(account).standing === "closed";
    if (record.effect === undefined && counted.events < record.eventsBefore && !isRemoved) {
      this.#world.fail(
        "stale",
        `operation ${number} (${record.operation.command}) was answered after ${counted.events} events of ${account}, ${record.eventsBefore} were known when it was asked`,
      );
    }
    this.#knownEvents.set(account, Math.max(this.#knownEvents.get(account) ?? 0, counted.events));
  }

  /** The reason why the bank is not at rest. Undefined if it is. */
  get restless(): string | undefined {
    for (const { operation, answered } of this.records) {
      if (!answered) return `operation ${operation.number} (${operation.command}) has no answer`;
    }
    for (const { id, holds, transfers, statements } of this.accounts.values()) {
      if (holds.size > 0) return `hold ${[...holds.keys()]} of ${id} continues`;
      if (transfers.size > 0) return `transfer ${[...transfers.keys()]} of ${id} is under way`;
      if (statements.size > 0) return `statement ${[...statements.keys()]} of ${id} is not printed`;
    }
    return undefined;
  }

  /** Returns the account after a number of its events. */
  accountAfter(id: string, counted: Counted): PlainAccount {
    const account = plainAccount(id);
    const known = this.#chronicle.instance(accountKey(id))?.with(counted)?.events ?? [];
    for (const { type, body } of known.slice(0, counted.events)) happen(account, type, body as Fields);
    return account;
  }

  #effect(account: PlainAccount, { type, operation, timeMs }: KnownEvent, body: Fields): void {
    const record = operation === undefined ? undefined : this.records[operation];
    if (record === undefined) {
      this.#fail("journal", account, `${type} was caused by no operation`);
      return;
    }
    const name = `operation ${operation} (${record.operation.command})`;
    if (record.operation.account !== account.id)
      this.#fail("journal", account, `${name} was for another account`);
    const known = this.#chronicle.instance(accountKey(account.id));
    const { incarnation = 0, events: { length: events } = [] } = known ?? {};
    if (record.effect?.incarnation === incarnation) {
      this.#fail("once", account, `${name} takes effect twice`);
      return;
    }
    if (record.effect !== undefined) record.effectsBefore.push(record.effect);
    const expected = expect(account, record.operation.command, record.operation.body, timeMs);
    if (expected.kind === "event" && expected.type === type && agrees(expected.fields, body)) {
      record.effect = { incarnation, events, reply: expected.reply };
    } else {
      this.#fail(
        "model",
        account,
        `${name} produced ${type} ${JSON.stringify(body)}, the plain bank says ${JSON.stringify(expected)}`,
      );
    }
  }

  #message(account: PlainAccount, type: string, body: Fields): void {
    const transfer = Number(body["transfer"]);
    const from = type === "transfer_credited" ? String(body["from"]) : account.id;
    const name = `transfer ${transfer} of ${from}`;
    const message = this.#messages.get(`${from}/${transfer}`) ?? this.#sentMessage(from, transfer);
    if (message === undefined) {
      this.#fail("once", account, `${type}: ${name} was never started, or had ended`);
      return;
    }
    if (type === "transfer_credited") {
      const isRight =
        message.to === account.id && message.amount === body["amountCents"] && message.state === "sent";
      if (!isRight) this.#fail("once", account, `${name} is credited, but it is ${JSON.stringify(message)}`);
      message.state = "credited";
      this.#messages.set(`${from}/${transfer}`, message);
      return;
    }
    const expected = type === "transfer_completed" ? "credited" : "sent";
    if (message.state !== expected) this.#fail("once", account, `${type}: ${name} is ${message.state}`);
    this.#messages.delete(`${from}/${transfer}`);
  }

  #sentMessage(from: string, transfer: number): MessageMoney | undefined {
    const started = this.accounts.get(from)?.transfers.get(transfer);
    return started === undefined ? undefined : { ...started, state: "sent" };
  }

  #timer(account: PlainAccount, type: string, body: Fields, timeMs: number): void {
    const dueMs =
      type === "hold_expired"
        ? account.holds.get(Number(body["hold"]))?.dueMs
        : type === "statement_retried"
          ? account.statements.get(Number(body["statement"]))?.retryMs
          : 0;
    if (dueMs === undefined) this.#fail("timers", account, `${type} without a timer that was set`);
    else if (timeMs < dueMs) this.#fail("timers", account, `${type} fired ${dueMs - timeMs} ms too early`);
  }

  #checkMoney(type: string): void {
    let there = 0;
    let paid = this.#paidBefore;
    for (const { balance, holds, transfers, paidIn, paidOut } of this.accounts.values()) {
      there += balance;
      paid += paidIn - paidOut;
      for (const { amount } of holds.values()) there += amount;
      for (const { amount } of transfers.values()) there += amount;
    }
    // The sender counts a transfer until its arrival is confirmed.
    for (const { amount, state } of this.#messages.values()) if (state === "credited") there -= amount;
    if (there !== paid)
      this.#world.fail("money", `after ${type} there are ${there} cents, ${paid} were paid in`);
  }

  #checkBalance({ operation }: OperationRecord, counted: Counted, reply: Fields): void {
    const { balance, holds, transfers } = this.accountAfter(operation.account, counted);
    const sum = (of: Iterable<{ amount: number }>): number =>
      [...of].reduce((all, { amount }) => all + amount, 0);
    const expected = {
      balanceCents: balance,
      heldCents: sum(holds.values()),
      underWayCents: sum(transfers.values()),
    };
    if (agrees(expected, reply)) return;
    this.#world.fail(
      "model",
      `operation ${operation.number} (balance) was answered ${JSON.stringify(reply)}, the plain bank says ${JSON.stringify(expected)}`,
    );
  }

  /** Returns the account for an opening. After a closed account was removed, it restarts. */
  #opened(id: string): PlainAccount {
    const before = this.#account(id);
    if (before.standing !== "closed" || this.#chronicle.instance(accountKey(id))?.events.length !== 1)
      return before;
    this.#paidBefore += before.paidIn - before.paidOut;
    this.accounts.delete(id);
    this.#knownEvents.delete(id);
    for (const record of this.records) if (record.operation.account === id) record.eventsBefore = 0;
    return this.#account(id);
  }

  #account(id: string): PlainAccount {
    let account = this.accounts.get(id);
    if (account === undefined) {
      account = plainAccount(id);
      this.accounts.set(id, account);
    }
    return account;
  }

  #record(number: number): OperationRecord {
    const record = this.records[number];
    if (record === undefined) throw new Error(`there is no operation ${number}`);
    return record;
  }

  #fail(check: string, { id }: PlainAccount, text: string): void {
    this.#world.fail(check, `${id}: ${text}`);
  }
}

function isAnswer(effect: Effect, events: number, reply: Fields): boolean {
  return effect.events === events && agrees(effect.reply, reply);
}

function agrees(expected: Fields, found: Fields): boolean {
  for (const [name, value] of Object.entries(expected)) {
    if (!isDeepStrictEqual(found[name], value)) return false;
  }
  return true;
}

function missingCode({ standing }: PlainAccount): string {
  return standing === "closed" ? "bank.account_closed" : "bank.account_missing";
}
