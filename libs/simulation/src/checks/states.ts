/**
 * Every state as it lives in the runtime is what its events in the journal fold to, by the machine itself and by the plain
 * bank.
 */
import { isDeepStrictEqual } from "node:util";
import type { HistoryRecord } from "@tutti/journal";
import type { Outstanding } from "@tutti/kernel";
import { account as machine } from "@tutti/machine-bank";
import { accountKey } from "../bank/accounts.ts";
import type { BankCheck } from "../bank/bank-check.ts";
import type { PlainAccount } from "../bank/plain-account.ts";
import type { WitnessedAnswer } from "../witness/witnessed.ts";
import type { World } from "../world/world.ts";
import type { Chronicle } from "./chronicle.ts";

const heedless: Outstanding = { effect() {}, settled() {}, timer() {}, cleared() {} };

export async function checkStates(
  world: World,
  chronicle: Chronicle,
  bank: BankCheck,
  when: string,
  ask: (id: string) => Promise<WitnessedAnswer>,
): Promise<void> {
  await Promise.all(
    [...bank.accounts.values()].map(async (account) => {
      // Once it has ended it may be gone.
      if (account.standing === "closed" || account.standing === "absent") return;
      const key = accountKey(account.id);
      const before = chronicle.instance(key)?.events.length ?? 0;
      const live = await ask(account.id);
      const name = `${account.id}, ${when},`;
      chronicle.restsOn(() => name, key, live);
      if (live.events < before)
        world.fail("stale", `${name} is as of event ${live.events}, ${before} were durable`);
      const replayed = replay(chronicle, account.id, live.events);
      if (!isDeepStrictEqual(live.answer, replayed)) {
        world.fail(
          "replay",
          `${name} is ${JSON.stringify(live.answer)}, replayed ${JSON.stringify(replayed)}`,
        );
      }
      const plain = shown(bank.accountAfter(account.id, live));
      if (!agreesWith(plain, live.answer)) {
        world.fail(
          "model",
          `${name} is ${JSON.stringify(live.answer)}, in the plain bank ${JSON.stringify(plain)}`,
        );
      }
    }),
  );
}

/** What can be asked of an account's past. */
export interface PastOf {
  history(id: string, afterEvent: number, limit: number): Promise<readonly HistoryRecord[]>;
  stateAt(id: string, event: number): Promise<{ readonly projection: unknown }>;
}

/** Few, so that a history has several. */
const pageEvents = 7;

/** Every history is what the journal had, record by record, whether it still has it or not; and so is a state of the past. */
export async function checkHistories(
  world: World,
  chronicle: Chronicle,
  bank: BankCheck,
  past: PastOf,
): Promise<void> {
  await Promise.all(
    [...bank.accounts.values()].map(async ({ id, standing }) => {
      if (standing === "closed" || standing === "absent") return;
      const places = chronicle.instance(accountKey(id))?.places ?? [];
      const expected = places.map(({ batch, index }, at) => `${at + 1}: ${batch}/${index}`);
      const found: string[] = [];
      for (;;) {
        const page = await past.history(id, found.length, pageEvents);
        found.push(...page.map(({ event, place: { batch, index } }) => `${event}: ${batch}/${index}`));
        // A late repetition may add to it at any time.
        if (page.length < pageEvents || found.length >= expected.length) break;
      }
      const missing = expected.findIndex((text, at) => text !== found[at]);
      if (missing >= 0) {
        const there = found[missing] ?? "nothing";
        world.fail("history", `${id} has ${expected[missing]} in the journal, ${there} in its history`);
      }
      const middle = Math.ceil(expected.length / 2);
      const { projection } = await past.stateAt(id, middle);
      const replayed = replay(chronicle, id, places[middle - 1]?.events ?? 0);
      if (isDeepStrictEqual(projection, replayed)) return;
      world.fail(
        "replay",
        `${id} at event ${middle} is ${JSON.stringify(projection)}, replayed ${JSON.stringify(replayed)}`,
      );
    }),
  );
}

const eventsByName = new Map(machine.events.map((event) => [`${event.type}@${event.version}`, event]));

/** The state after so many of its events. */
function replay(chronicle: Chronicle, id: string, events: number): unknown {
  const key = accountKey(id);
  const state = machine.create(key);
  for (const { type, version, body } of chronicle.instance(key)?.events.slice(0, events) ?? []) {
    eventsByName.get(`${type}@${version}`)?.evolve(state, body, heedless);
  }
  return machine.project(state);
}

function shown({ standing, balance, paidIn, paidOut, holds, transfers, statements }: PlainAccount): object {
  return {
    standing,
    balanceCents: balance,
    paidInCents: paidIn,
    paidOutCents: paidOut,
    holds: [...holds].map(([number, { amount, dueMs }]) => ({ number, amountCents: amount, dueMs })),
    transfers: [...transfers].map(([number, { to, amount }]) => ({ number, to, amountCents: amount })),
    statements: [...statements].map(([number, { attempt, retryMs = null }]) => ({
      number,
      attempt,
      retryMs,
    })),
  };
}

function agreesWith(plain: object, found: unknown): boolean {
  const fields = new Map(Object.entries(found as object));
  return Object.entries(plain).every(([name, value]) => isDeepStrictEqual(fields.get(name), value));
}
