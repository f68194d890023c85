/**
 * After any events of a bank, in any order: the state in memory is the fold of its history, the outstanding work
 * follows from the state, and a crash does not change them.
 */
import assert from "node:assert/strict";
import { Record, RepairAction, Repaired } from "@tutti/contracts/runtime/v1";
import type { MemoryArchiveFault } from "@tutti/journal";
import type { MachineCall } from "@tutti/kernel/testing";
import { account } from "@tutti/machine-bank";
import { isConserved, moneyOf, operations, printed } from "@tutti/machine-bank/testing";
import fc from "fast-check";
import type { EffectToken } from "../src/index.ts";
import { ownPrefix } from "../src/records/own-events.ts";
import { attemptOf } from "../src/tokens/attempts.ts";
import { accountKey, Bank, tester } from "./bank.fixture.ts";
import { Poison, poisonedAccount } from "./poison.fixture.ts";

const ids = ["anna", "ben", "cleo"];
const retry = RepairAction.REPAIR_ACTION_RETRY;
const skip = RepairAction.REPAIR_ACTION_SKIP;
const reset = RepairAction.REPAIR_ACTION_RESET;

type Step =
  | { readonly kind: "command"; readonly call: MachineCall }
  | { readonly kind: "print"; readonly random: number }
  | { readonly kind: "wait"; readonly ms: number }
  | { readonly kind: "crash" }
  | { readonly kind: "archive"; readonly fault: MemoryArchiveFault; readonly count: number }
  | { readonly kind: "poison"; readonly phase: "decides" | "folds"; readonly call: MachineCall }
  | { readonly kind: "repair"; readonly action: RepairAction; readonly event: number }
  | { readonly kind: "fault"; readonly fault: "unknown-lost" | "unknown-landed" | "full" };

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { weight: 20, arbitrary: operations().map((call): Step => ({ kind: "command", call })) },
    {
      weight: 4,
      arbitrary: fc
        .double({ min: 0, max: 0.99, noNaN: true })
        .map((random): Step => ({ kind: "print", random })),
    },
    {
      weight: 3,
      arbitrary: fc.constantFrom(0, 1, 300, 2_000, 12_000, 70_000).map((ms): Step => ({ kind: "wait", ms })),
    },
    { weight: 2, arbitrary: fc.constant<Step>({ kind: "crash" }) },
    {
      weight: 1,
      arbitrary: fc
        .tuple(fc.constantFrom("lost" as const, "unanswered" as const), fc.integer({ min: 1, max: 5 }))
        .map(([fault, count]): Step => ({ kind: "archive", fault, count })),
    },
    {
      weight: 4,
      arbitrary: fc
        .tuple(fc.constantFrom("decides" as const, "folds" as const), operations())
        .map(([phase, call]): Step => ({ kind: "poison", phase, call })),
    },
    {
      weight: 4,
      arbitrary: fc
        .tuple(fc.constantFrom(retry, skip, reset, reset), fc.nat())
        .map(([action, event]): Step => ({ kind: "repair", action, event })),
    },
    {
      weight: 1,
      arbitrary: fc
        .constantFrom("unknown-lost" as const, "unknown-landed" as const, "full" as const)
        .map((fault): Step => ({ kind: "fault", fault })),
    },
  ),
  { minLength: 5, maxLength: 40 },
);

/** Checks `numRuns` stories of a seed. */
export function checkStories(numRuns: number, seed: number): Promise<void> {
  const tails = fc.constantFrom(200, 2_000, 8 * 1024 * 1024);
  const keepMs = fc.constantFrom(0, 3_600_000);
  const story = fc.asyncProperty(steps, tails, keepMs, async (planned, tailBytesMax, retentionMs) => {
    const scene = new Scene(tailBytesMax, retentionMs);
    const { bank } = scene;
    await bank.start();
    // One account is left to the story.
    for (const id of ids.slice(1)) await bank.open(id, 500);
    for (const step of planned) {
      await scene.apply(step);
      await checkAll(bank);
    }
    await scene.crash();
    await checkAll(bank);
    for (const id of ids) await scene.repair(id, skip, 0);
    await bank.time.advanceAsync(10_000);
    await checkAll(bank);
    // A reset creates money: transfers sent since then stay sent. Accounts that are not kept cannot be counted.
    if (!scene.wasReset && retentionMs > 0) checkMoney(await statesOf(bank));
  });
  return fc.assert(story, { numRuns, seed });
}

class Scene {
  readonly poison = new Poison();
  readonly bank: Bank;
  wasReset = false;

  constructor(tailBytesMax: number, keepMs: number) {
    this.bank = new Bank(
      { tailBytesMax, smallEvents: 4 },
      { machines: [poisonedAccount(this.poison)], retentionOf: () => ({ keepMs, idKeptMs: 0 }) },
    );
  }

  async apply(step: Step): Promise<void> {
    const { bank, poison } = this;
    if (step.kind === "wait") await bank.time.advanceAsync(step.ms);
    else if (step.kind === "fault") bank.commits.fail(step.fault);
    else if (step.kind === "crash") await this.crash();
    else if (step.kind === "archive") this.#failArchive(step.fault, step.count);
    else if (step.kind === "repair") await this.#repairFirst(step.action, step.event);
    else if (step.kind === "print") {
      const { token } = bank.dispatched.at(-1) ?? {};
      const { command, body } = printed(undefined, step.random);
      if (token !== undefined) await bank.settle(token, commandOf(command), body);
    } else if (step.kind === "poison") {
      const { call, phase } = step;
      if (phase === "decides") poison.decides.add(call.command);
      else for (const { type } of account.events) poison.folds.add(type);
      await this.#command(call);
      poison.cure();
    } else await this.#command(step.call);
  }

  async crash(): Promise<void> {
    this.bank.archiveFault = undefined;
    this.bank.crash();
    await this.bank.start();
  }

  async #repairFirst(action: RepairAction, event: number): Promise<void> {
    const [instance] = this.bank.runtime.quarantined();
    if (instance !== undefined) await this.repair(instance.key.id, action, 1 + (event % instance.folded));
  }

  async repair(id: string, action: RepairAction, event: number): Promise<void> {
    const { runtime } = this.bank;
    const repaired = runtime.repair({ key: accountKey(id), action, event, cause: tester });
    const code = await this.bank.codeOf(repaired);
    if (action === reset && code === "done") this.wasReset = true;
  }

  async #command({ key, command, body }: MachineCall): Promise<void> {
    await this.bank.codeOf(this.bank.submit(key.id, commandOf(command), body));
  }

  #failArchive(fault: MemoryArchiveFault, count: number): void {
    let remaining = count;
    this.bank.archiveFault = (operation) =>
      ["commit", "pack", "settle", "load"].includes(operation) && remaining-- > 0 ? fault : undefined;
  }
}

function commandOf(type: string) {
  const command = account.commands.find((candidate) => candidate.type === type);
  assert.ok(command);
  return command;
}

type Account = ReturnType<typeof account.create>;

interface Folded {
  readonly state: Account;
  readonly records: readonly Record[];
}

/** Folds the whole history of an account, from nothing. */
async function folded(bank: Bank, id: string): Promise<Folded | undefined> {
  for (let tries = 0; tries < 20; tries++) {
    try {
      const found = await bank.time.settle(bank.runtime.history(accountKey(id), 0, 10_000));
      const records = found.map(({ record }) => Record.decode(record));
      for (const [index, { event }] of records.entries()) assert.equal(event, index + 1);
      return { records, state: foldAll(id, records) };
    } catch (error) {
      const { code } = error as { code?: string };
      if (code === "runtime.unknown_instance") return;
      // It is loaded again, or the archive failed for a moment, or there was no room.
      if (code === undefined || !/leaving|failed|outcome_unknown|full/.test(code)) throw error;
      await bank.time.advanceAsync(1_000);
    }
  }
  throw new Error("the partition does not come back");
}

function foldAll(id: string, records: readonly Record[]): Account {
  let state = account.create(accountKey(id));
  for (const [index, { type, version, payload }] of records.entries()) {
    if (type === "runtime.repaired") {
      const { action, event } = Repaired.decode(payload);
      if (action !== retry) state = foldAll(id, records.slice(0, event));
      assert.ok(event <= index);
    }
    if (type.startsWith(ownPrefix)) continue;
    const found = account.events.find(
      (candidate) => candidate.type === type && candidate.version === version,
    );
    assert.ok(found);
    found.evolve(state, found.codec.decode(payload), noOutstanding);
  }
  return state;
}

const noOutstanding = { effect() {}, settled() {}, timer() {}, cleared() {} };

async function statesOf(bank: Bank): Promise<Account[]> {
  const found = [];
  for (const id of ids) found.push(await folded(bank, id));
  return found.flatMap((instance) => instance?.state ?? []);
}

async function checkAll(bank: Bank): Promise<void> {
  for (const id of ids) {
    const found = await folded(bank, id);
    if (found === undefined) continue;
    const { state, records } = found;
    const key = accountKey(id);
    const partition = bank.runtime.partitionOf(key);
    const instance = bank.runtime.inspect(partition)?.instances.get(`default/account/${id}`);
    // If the archive fails, it may leave memory at once.
    if (instance === undefined) continue;
    if (instance.quarantine !== undefined) {
      assert.deepEqual(instance.effects.size + (instance.timers?.size ?? 0), 0);
      const { folded: upTo, isRebuilt } = instance.quarantine;
      if (isRebuilt)
        assert.deepEqual(projected(instance.state), projected(foldAll(id, records.slice(0, upTo))));
      continue;
    }
    assert.deepEqual(projected(instance.state), projected(state));
    checkOutstanding(instance, state);
    const at = await bank.time.settle(bank.runtime.stateAt(key, 0)).catch(() => undefined);
    if (at !== undefined) assert.deepEqual(at.projection, projected(state));
  }
}

function projected(state: unknown): unknown {
  return account.project(state as Account);
}

/** The runtime awaits exactly the effects that the state contains. */
function checkOutstanding(
  instance: {
    readonly effects: Iterable<{ readonly token: EffectToken }>;
    readonly timers: Map<number, { rank: number }> | undefined;
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
    new Map([...instance.effects].map(({ token }) => [token.number, attemptOf(token)])),
    effects,
  );
  assert.deepEqual(new Map([...(instance.timers ?? [])].map(([number, { rank }]) => [number, rank])), timers);
}

function checkMoney(states: readonly Account[]): void {
  assert.ok(isConserved(moneyOf(states, [])));
}
