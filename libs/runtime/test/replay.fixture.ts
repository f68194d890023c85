/**
 * Whatever happens to a bank, in whatever order: the state in memory is what its history folds to, what is outstanding is
 * what the state says, and after a crash it is all the same.
 */
import assert from "node:assert/strict";
import { Record } from "@tutti/contracts/runtime/v1";
import type { MachineCall } from "@tutti/kernel/testing";
import { account } from "@tutti/machine-bank";
import { isConserved, moneyOf, operations, printed } from "@tutti/machine-bank/testing";
import fc from "fast-check";
import { ownPrefix } from "../src/records/own-events.ts";
import { accountKey, Bank, tester } from "./bank.fixture.ts";

const ids = ["anna", "ben", "cleo"];

type Step =
  | { readonly what: "command"; readonly call: MachineCall }
  | { readonly what: "print"; readonly luck: number }
  | { readonly what: "wait"; readonly ms: number }
  | { readonly what: "crash" }
  | { readonly what: "fault"; readonly fault: "unknown-lost" | "unknown-landed" | "full" };

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { weight: 20, arbitrary: operations().map((call): Step => ({ what: "command", call })) },
    {
      weight: 4,
      arbitrary: fc.double({ min: 0, max: 0.99, noNaN: true }).map((luck): Step => ({ what: "print", luck })),
    },
    {
      weight: 3,
      arbitrary: fc.constantFrom(0, 1, 300, 2_000, 12_000, 70_000).map((ms): Step => ({ what: "wait", ms })),
    },
    { weight: 2, arbitrary: fc.constant<Step>({ what: "crash" }) },
    {
      weight: 1,
      arbitrary: fc
        .constantFrom("unknown-lost" as const, "unknown-landed" as const, "full" as const)
        .map((fault): Step => ({ what: "fault", fault })),
    },
  ),
  { minLength: 5, maxLength: 40 },
);

/** Checks so many stories of a seed. */
export function checkStories(numRuns: number, seed: number): Promise<void> {
  const story = fc.asyncProperty(
    steps,
    fc.constantFrom(200, 2_000, 8 * 1024 * 1024),
    async (told, tailBytesMax) => {
      const bank = new Bank({ tailBytesMax, smallEvents: 4 });
      await bank.start();
      for (const step of told) {
        await take(bank, step);
        await checkAll(bank);
      }
      bank.crash();
      await bank.start();
      await checkAll(bank);
      await bank.time.advanceAsync(5_000);
      checkMoney(await statesOf(bank));
    },
  );
  return fc.assert(story, { numRuns, seed });
}

async function take(bank: Bank, step: Step): Promise<void> {
  if (step.what === "wait") await bank.time.advanceAsync(step.ms);
  else if (step.what === "fault") bank.commits.fail(step.fault);
  else if (step.what === "crash") {
    bank.crash();
    await bank.start();
  } else if (step.what === "print") {
    const { token } = bank.dispatched.at(-1) ?? {};
    const { command, body } = printed(undefined, step.luck);
    if (token !== undefined) await bank.settle(token, commandOf(command), body);
  } else {
    const { key, command, body } = step.call;
    const order = { key, command: commandOf(command), body, cause: tester };
    await bank.codeOf(bank.runtime.execute(order));
  }
}

function commandOf(type: string) {
  const command = account.commands.find((one) => one.type === type);
  assert.ok(command);
  return command;
}

type Account = ReturnType<typeof account.create>;

/** Folds the whole history of an account, from nothing. */
async function folded(bank: Bank, id: string): Promise<Account | undefined> {
  const key = accountKey(id);
  // What is under way is durable first, and a partition that is loaded again is there.
  for (let tries = 0; tries < 20; tries++) {
    try {
      const records = await bank.time.settle(bank.runtime.history(key, 0, 10_000));
      const state = account.create(key);
      records.forEach(({ record, event: number }, index) => {
        const { type, version, payload, event } = Record.decode(record);
        assert.equal(event, index + 1);
        assert.equal(number, event);
        if (type.startsWith(ownPrefix)) return;
        const found = account.events.find((one) => one.type === type && one.version === version);
        assert.ok(found);
        found.evolve(state, found.codec.decode(payload), heedless);
      });
      return state;
    } catch (error) {
      const { code } = error as { code?: string };
      if (code === "runtime.unknown_instance") return;
      if (code === undefined || !/leaving|failed|outcome_unknown/.test(code)) throw error;
      await bank.time.advanceAsync(1_000);
    }
  }
  throw new Error("the partition does not come back");
}

const heedless = { effect() {}, settled() {}, timer() {}, cleared() {} };

async function statesOf(bank: Bank): Promise<Account[]> {
  const states: Account[] = [];
  for (const id of ids) {
    const state = await folded(bank, id);
    if (state !== undefined) states.push(state);
  }
  return states;
}

async function checkAll(bank: Bank): Promise<void> {
  for (const id of ids) {
    const state = await folded(bank, id);
    if (state === undefined) continue;
    const key = accountKey(id);
    const partition = bank.runtime.partitionOf(key);
    const instance = bank.runtime.inspect(partition)?.instances.get(`default/account/${id}`);
    assert.ok(instance, "a history was read of it, so it is in memory");
    assert.deepEqual(account.project(instance.state as Account), account.project(state));
    const { projection } = await bank.time.settle(bank.runtime.stateAt(key, 0));
    assert.deepEqual(projection, account.project(state));
    checkOutstanding(instance, state);
  }
}

/** What the runtime awaits is what the state says. */
function checkOutstanding(
  instance: {
    readonly effects: Map<number, { token: { attempt: number } }>;
    readonly timers: Map<number, { dueMs: number }> | undefined;
  },
  state: Account,
): void {
  const effects = new Map<number, number>();
  const timers = new Map<number, number>();
  account.recover(state, {
    effect: (number, attempt) => effects.set(number, attempt),
    timer: (number, dueMs) => timers.set(number, dueMs),
    settled() {},
    cleared() {},
  });
  assert.deepEqual(
    new Map([...instance.effects].map(([number, { token }]) => [number, token.attempt])),
    effects,
  );
  assert.deepEqual(
    new Map([...(instance.timers ?? [])].map(([number, { dueMs }]) => [number, dueMs])),
    timers,
  );
}

function checkMoney(states: readonly Account[]): void {
  assert.ok(isConserved(moneyOf(states, [])));
}
