/** Draws a plan from a seed: the system, the mixture of faults, and the load. */
import type { Chance } from "@tutti/kernel";
import { seededChance } from "@tutti/kernel/testing";
import { breakCommand } from "../bank/breakable.ts";
import type { Fields } from "../bank/plain-account.ts";
import { type NetworkFaults, reliableNetwork } from "../network/network.ts";
import { reliableArchive } from "../storage/faulty-archive.ts";
import type { BankOperation, Disturbance, Plan, PlanLimits, Variant } from "./plan.ts";

/** Draws random values for a plan. */
class Draw {
  readonly #chance: Chance;

  constructor(chance: Chance) {
    this.#chance = chance;
  }

  happens(share: number): boolean {
    return this.#chance.random() < share;
  }

  /** Returns a whole number from `from` to `to`, both included. */
  integer(from: number, to: number): number {
    return from + Math.floor(this.#chance.random() * (to - from + 1));
  }

  share(): number {
    return this.#chance.random();
  }

  pick<T>(...of: readonly [T, ...T[]]): T {
    return of[this.integer(0, of.length - 1)] ?? of[0];
  }

  /** Returns mostly small numbers, and few large ones. */
  skewed(from: number, to: number): number {
    return from + Math.floor(this.#chance.random() ** 3 * (to - from + 1));
  }
}

export function drawPlan(seed: number): Plan {
  const draw = new Draw(seededChance(seed));
  const variant: Variant = draw.happens(0.5) ? "embedded" : "cluster";
  const isFaultFree = draw.happens(0.1);
  const processes = variant === "embedded" ? 1 : draw.integer(2, 3);
  const partitions = draw.integer(1, 4);
  const durationMs = draw.pick(500, 3_000, 3_000, 10_000, 30_000);
  const operations = drawOperations(draw, durationMs);
  const shape = { variant, processes, partitions, durationMs };
  return {
    seed,
    variant,
    processes,
    partitions,
    partitionOwners: variant === "cluster" && draw.happens(0.4),
    network: isFaultFree ? reliableNetwork : drawNetwork(draw),
    disk: isFaultFree || variant === "cluster" ? {} : drawDisk(draw),
    archive: isFaultFree || draw.happens(0.5) ? reliableArchive : drawArchive(draw),
    limits: drawLimits(draw),
    printFails: draw.pick(0, 0, 0.3, 0.8),
    operations,
    disturbances: isFaultFree ? [] : drawDisturbances(draw, shape),
  };
}

function drawNetwork(draw: Draw): NetworkFaults {
  if (draw.happens(0.3)) return { ...reliableNetwork, latencyMs: draw.pick(0.2, 1, 5, 20) };
  return {
    drops: draw.pick(0, 0, 0.02, 0.2),
    doubles: draw.pick(0, 0, 0.05, 0.3),
    slow: draw.pick(0, 0.02, 0.2),
    latencyMs: draw.pick(0.2, 1, 5, 20),
    slowMs: draw.pick(50, 500, 5_000),
  };
}

function drawDisk(draw: Draw): Plan["disk"] {
  if (draw.happens(0.5)) return {};
  return {
    syncFails: draw.pick(0, 0, 0.02, 0.1),
    writeFails: draw.pick(0, 0, 0.02),
    shortWrites: draw.pick(0, 0, 0.3),
  };
}

function drawArchive(draw: Draw): Plan["archive"] {
  return {
    fails: draw.pick(0, 0.02, 0.2),
    failsAfter: draw.pick(0, 0.02, 0.2),
    latencyMs: draw.pick(0.2, 2, 50, 500),
  };
}

function drawLimits(draw: Draw): PlanLimits {
  return {
    loadedMax: draw.pick(1, 2, 4, 1_000),
    idleMs: draw.pick(5, 100, 10_000),
    tailBytesMax: draw.pick(200, 2_000, 20_000, 1_000_000),
    indexEveryMs: draw.pick(60, 250, 1_000),
    turnCommandsMax: draw.pick(1, 3, 1_000),
    inboxMax: draw.pick(3, 20, 10_000),
    batchBytesSoft: draw.pick(300, 8 * 1024),
    smallEvents: draw.pick(1, 4, 64),
    appendsMax: draw.pick(1, 3, 64),
    segmentBytes: draw.pick(16 * 1024, 32 * 1024, 64 * 1024),
    keepMs: draw.pick(0, 2_000, 3_600_000),
    idKeptMs: draw.pick(500, 3_000, 3_600_000),
    purgeEveryMs: draw.pick(300, 1_000, 10_000),
  };
}

const commands = [
  ["deposit", 5],
  ["withdraw", 4],
  ["transfer", 8],
  ["place_hold", 4],
  ["capture_hold", 1],
  ["release_hold", 1],
  ["request_statement", 2],
  ["cancel_statement", 1],
  ["freeze", 1],
  ["unfreeze", 1],
  ["close", 1],
  ["open", 2],
  ["balance", 5],
] as const;
const weights = commands.reduce((sum, [, weight]) => sum + weight, 0);

function drawOperations(draw: Draw, durationMs: number): BankOperation[] {
  const accounts = Array.from({ length: draw.integer(1, 8) }, (_, index) => `account-${index}`);
  const count = draw.skewed(3, 90);
  const operations: Omit<BankOperation, "number">[] = accounts.map((account) => ({
    atMs: Math.floor(draw.share() * durationMs * 0.2),
    account,
    command: "open",
    body: { owner: "ada", product: "current", balanceCents: draw.pick(0, 100, 1_000) },
  }));
  const breaks = draw.pick(0, 0, 0, 0.03);
  // Bursts fill batches. In pauses instances are passivated.
  const isBursty = draw.happens(0.5);
  let atMs = 0;
  for (let index = 0; index < count; index++) {
    atMs = isBursty && draw.happens(0.8) ? atMs : Math.floor(draw.share() * durationMs);
    const account = accounts[draw.integer(0, accounts.length - 1)] ?? "account-0";
    const command = drawCommand(draw, breaks);
    operations.push({ atMs, account, command, body: drawBody(draw, command, accounts) });
  }
  return operations
    .sort((one, other) => one.atMs - other.atMs)
    .map((operation, number) => ({ number, ...operation }));
}

function drawCommand(draw: Draw, breaks: number): string {
  if (draw.happens(breaks)) return breakCommand;
  let at = draw.share() * weights;
  for (const [command, weight] of commands) {
    at -= weight;
    if (at < 0) return command;
  }
  return "balance";
}

function drawBody(draw: Draw, command: string, accounts: readonly string[]): Fields {
  const amountCents = draw.pick(1, 10, draw.integer(1, 300), draw.integer(1, 2_000));
  switch (command) {
    case "deposit":
    case "withdraw":
      return { amountCents };
    case "transfer":
      return {
        to: draw.happens(0.05) ? "nobody" : (accounts[draw.integer(0, accounts.length - 1)] ?? ""),
        amountCents,
      };
    case "place_hold":
      return { amountCents, periodMs: draw.pick(1, 50, 1_000, 5_000, draw.integer(1, 12_000)) };
    case "capture_hold":
    case "release_hold":
      return { hold: draw.integer(1, 8) };
    case "cancel_statement":
      return { statement: draw.integer(1, 8) };
    case "freeze":
      return { reason: "lost card" };
    case "open":
      return { owner: "ada", product: "savings", balanceCents: draw.pick(0, 100) };
    default:
      return {};
  }
}

interface Shape {
  readonly variant: Variant;
  readonly processes: number;
  readonly partitions: number;
  readonly durationMs: number;
}

function drawDisturbances(draw: Draw, shape: Shape): Disturbance[] {
  const count = draw.pick(0, 1, 2, 4, 8);
  const all = Array.from({ length: count }, () => drawDisturbance(draw, shape));
  return all.sort((one, other) => one.atMs - other.atMs);
}

function drawDisturbance(draw: Draw, { variant, processes, partitions, durationMs }: Shape): Disturbance {
  const atMs = Math.floor(draw.share() * durationMs * 1.2);
  const process = draw.integer(0, processes - 1);
  const after = draw.pick(0, draw.integer(0, 20), draw.integer(0, 200));
  const ofBoth = ["crash", "crash", "pause", "clock"] as const;
  const kind =
    variant === "embedded"
      ? draw.pick(...ofBoth, "power fails", "fill", "damage", "damage")
      : draw.pick(...ofBoth, "pause", "cut", "cut", "move", "move");
  switch (kind) {
    case "crash":
      return { kind, atMs, process, how: draw.pick("process", "power"), after };
    case "pause":
      return { kind, atMs, process, ms: draw.pick(50, 1_000, 5_000, 30_000), after };
    case "clock":
      return { kind, atMs, process, byMs: draw.pick(-3_600_000, -500, 500, 3_600_000) };
    case "power fails":
      return { kind, atMs, after: draw.integer(0, 8) };
    case "fill":
      return { kind, atMs, ms: draw.pick(200, 3_000) };
    case "damage": {
      const part = draw.share();
      const place = draw.share();
      return { kind, atMs, how: draw.pick("flip", "edit"), part, place, bit: draw.integer(0, 7) };
    }
    case "cut": {
      const one = `process-${process}`;
      const other = draw.pick(
        "journal",
        "coordinator",
        "client",
        `process-${draw.integer(0, processes - 1)}`,
      );
      return { kind, atMs, one, other, ms: draw.pick(200, 1_500, 6_000) };
    }
    case "move":
      return { kind, atMs, partition: draw.integer(0, partitions - 1), to: draw.integer(0, processes - 1) };
  }
}
