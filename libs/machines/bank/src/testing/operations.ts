/**
 * Commands to a bank, drawn by chance: few accounts and small amounts, so that they meet, and now and then what has to
 * be refused. The same operations come from a seed, for simulations, and from fast-check, for properties.
 */
import { assert, type Chance, type InstanceKey } from "@tutti/kernel";
import type { MachineCall } from "@tutti/kernel/testing";
import fc from "fast-check";
import { accountKind } from "../index.ts";

/** Where drawn numbers come from. */
interface Draw {
  /** Returns a whole number between two, both included. */
  whole(min: number, max: number): number;
}

export interface OperationOptions {
  readonly namespace?: string;
  /** Ids of the accounts. Three unless given. */
  readonly accounts?: readonly string[];
  /** The last number that an account gave to a hold, a transfer or a statement, where that is known. 5 unless given. */
  readonly lastNumber?: (id: string) => number;
}

export function accountKey(id: string, namespace = "default"): InstanceKey {
  return { namespace, kind: accountKind, id };
}

/** Operations of a seed: the same chance gives the same ones. */
export function drawOperation(chance: Pick<Chance, "random">, options: OperationOptions = {}): MachineCall {
  const draw = { whole: (min: number, max: number) => min + Math.floor(chance.random() * (max - min + 1)) };
  return operation(draw, options);
}

/** Operations for properties. A failing sequence gets shorter. */
export function operations(options: OperationOptions = {}): fc.Arbitrary<MachineCall> {
  return fc
    .gen()
    .map((value) => operation({ whole: (min, max) => value(fc.integer, { min, max }) }, options));
}

interface Scene {
  readonly draw: Draw;
  readonly accounts: readonly string[];
  /** Of the account that the command goes to. */
  readonly lastNumber: number;
}

/** How often each command comes, and with what. */
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
    body: ({ draw, accounts }) => ({ to: one(draw, accounts), amountCents: amount(draw) }),
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
  const id = one(draw, accounts);
  let at = draw.whole(0, weights - 1);
  const drawn = table.find(({ weight }) => {
    at -= weight;
    return at < 0;
  });
  assert(drawn !== undefined, "the weights of all operations cover what is drawn");
  const body = drawn.body({ draw, accounts, lastNumber: lastNumber(id) });
  return { key: accountKey(id, namespace), command: drawn.command, body };
}

/** One of the last numbers that were given, which is likely to be under way. */
function recent({ draw, lastNumber }: Scene): number {
  return draw.whole(Math.max(1, lastNumber - 4), Math.max(1, lastNumber));
}

function one(draw: Draw, list: readonly string[]): string {
  return list[draw.whole(0, list.length - 1)] ?? "";
}

/** Mostly one of a few, so that accounts become empty now and then. One in twenty is no amount at all, or too much. */
function amount(draw: Draw): number {
  if (draw.whole(1, 20) > 1) return draw.whole(1, 4) * 50;
  return [0, -1, 0.5, 1e15][draw.whole(0, 3)] ?? 0;
}

function owner(draw: Draw): string {
  return draw.whole(1, 20) > 1 ? one(draw, ["Anna", "Ben"]) : "";
}

function product(draw: Draw): string {
  return one(draw, ["", "current", "savings"]);
}

/** What a printer answers: two times in five it prints. */
export function printed(_effect: unknown, random: number): Omit<MachineCall, "key"> {
  if (random < 0.4) return { command: "complete_statement", body: { pages: 1 + Math.floor(random * 10) } };
  return { command: "fail_statement", body: { problem: "out of paper" } };
}
