/**
 * Random commands to a bank: few accounts and small amounts, so that they interact, and sometimes commands that must
 * be refused. The same operations come from a seed, for simulations, and from fast-check, for properties.
 */
import { assert, type Chance, type InstanceKey } from "@tutti/kernel";
import type { MachineCall } from "@tutti/kernel/testing";
import fc from "fast-check";
import { accountKind } from "../index.ts";

/** Source of random numbers. */
interface Draw {
  /** Returns a whole number between two bounds, both included. */
  whole(min: number, max: number): number;
}

export interface OperationOptions {
  readonly namespace?: string;
  /** Ids of the accounts. Default: three. */
  readonly accounts?: readonly string[];
  /** Last number of a hold, a transfer or a statement of an account, if known. Default: 5. */
  readonly lastNumber?: (id: string) => number;
}

export function accountKey(id: string, namespace = "default"): InstanceKey {
  return { namespace, kind: accountKind, id };
}

/** Returns an operation from a seed: the same seed gives the same operations. */
export function drawOperation(chance: Pick<Chance, "random">, options: OperationOptions = {}): MachineCall {
  const draw = { whole: (min: number, max: number) => min + Math.floor(chance.random() * (max - min + 1)) };
  return operation(draw, options);
}

/** Operations for properties. A failing sequence is reduced. */
export function operations(options: OperationOptions = {}): fc.Arbitrary<MachineCall> {
  return fc
    .gen()
    .map((value) => operation({ whole: (min, max) => value(fc.integer, { min, max }) }, options));
}

interface Scene {
  readonly draw: Draw;
  readonly accounts: readonly string[];
  /** Last number of the receiving account. */
  readonly lastNumber: number;
}

/** Weight of each command, and its body. */
const table: readonly {
  readonly weight: number;
  readonly command: string;
  body(scene: Scene): object;
}[] = [
  {
    weight: 12,
    command: "open",
    body: ({ draw }) => ({ owner: owner(draw), product: product(draw), balanceCents: draw.whole(0, 4) * 50 }),
  },
  { weight: 12, command: "deposit", body: ({ draw }) => ({ amountCents: amount(draw) }) },
  { weight: 8, command: "withdraw", body: ({ draw }) => ({ amountCents: amount(draw) }) },
  {
    weight: 20,
    command: "transfer",
    body: ({ draw, accounts }) => ({ to: pick(draw, accounts), amountCents: amount(draw) }),
  },
  {
    weight: 12,
    command: "place_hold",
    body: ({ draw }) => ({ amountCents: amount(draw), periodMs: draw.whole(1, 60_000) }),
  },
  { weight: 8, command: "capture_hold", body: (scene) => ({ hold: recent(scene) }) },
  { weight: 6, command: "release_hold", body: (scene) => ({ hold: recent(scene) }) },
  { weight: 8, command: "request_statement", body: () => ({}) },
  { weight: 6, command: "cancel_statement", body: (scene) => ({ statement: recent(scene) }) },
  { weight: 2, command: "freeze", body: () => ({ reason: "a question of the tax office" }) },
  { weight: 4, command: "unfreeze", body: () => ({}) },
  { weight: 4, command: "close", body: () => ({}) },
];

const weights = table.reduce((sum, { weight }) => sum + weight, 0);

function operation(draw: Draw, options: OperationOptions): MachineCall {
  const { namespace, accounts = ["anna", "ben", "cleo"], lastNumber = () => 5 } = options;
  const id = pick(draw, accounts);
  let at = draw.whole(0, weights - 1);
  const chosen = table.find(({ weight }) => {
    at -= weight;
    return at < 0;
  });
  assert(chosen !== undefined, "the weights of all operations cover what is drawn");
  const body = chosen.body({ draw, accounts, lastNumber: lastNumber(id) });
  return { key: accountKey(id, namespace), command: chosen.command, body };
}

/** Returns one of the last numbers, which is likely to be open. */
function recent({ draw, lastNumber }: Scene): number {
  return draw.whole(Math.max(1, lastNumber - 4), Math.max(1, lastNumber));
}

function pick(draw: Draw, list: readonly string[]): string {
  return list[draw.whole(0, list.length - 1)] ?? "";
}

/**
 * Returns mostly one of a few amounts, so that accounts become empty sometimes. One in twenty is invalid, or too
 * large.
 */
function amount(draw: Draw): number {
  if (draw.whole(1, 20) > 1) return draw.whole(1, 4) * 50;
  return [0, -1, 0.5, 1e15][draw.whole(0, 3)] ?? 0;
}

function owner(draw: Draw): string {
  return draw.whole(1, 20) > 1 ? pick(draw, ["Anna", "Ben"]) : "";
}

function product(draw: Draw): string {
  return pick(draw, ["", "current", "savings"]);
}

/** Returns the result of a printer: two of five attempts succeed. */
export function printed(_effect: unknown, random: number): Omit<MachineCall, "key"> {
  if (random < 0.4) return { command: "complete_statement", body: { pages: 1 + Math.floor(random * 10) } };
  return { command: "fail_statement", body: { problem: "out of paper" } };
}
