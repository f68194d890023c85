/** The load of a worker, from its own metrics. */
import type { Agent } from "@tutti/rest/types";
import { agentHolds, agentStates, type Badge, badgeOf } from "../../score/states.ts";
import { usageText } from "../missions/mission.ts";

export interface Load {
  readonly slots: number;
  readonly usedSlots: number;
  /** Shares, 0 to 1. Undefined if the worker reports none. */
  readonly cpu: number | undefined;
  readonly memory: number | undefined;
  readonly memoryBytes: number | undefined;
}

export function loadOf({ offering, freeSlots = 0, figures }: Agent): Load {
  const slots = offering?.slots ?? 0;
  const memoryBytes = figures?.memoryBytes;
  const limit = figures?.memoryLimitBytes ?? 0;
  return {
    slots,
    usedSlots: Math.max(0, slots - freeSlots),
    cpu: figures === undefined ? undefined : (figures.cpu ?? 0),
    memory: memoryBytes === undefined || limit === 0 ? undefined : memoryBytes / limit,
    memoryBytes,
  };
}

/** Returns what its attempts cost: `1,200 tokens, money 0.4`. Empty if they cost nothing. */
export function costOf({ done }: Agent): string {
  const { tokens = 0, money = 0 } = done?.used ?? {};
  return usageText({ tokens, money });
}

/** The state of an agent. A pause comes first: a person has set it, or has to end it. */
export function agentBadge({ state, hold }: Agent): Badge {
  const holdBadge = hold === undefined ? undefined : agentHolds[hold];
  return state === "gone" ? badgeOf(agentStates, state) : (holdBadge ?? badgeOf(agentStates, state));
}

const order = ["quarantined", "suspect", "busy", "ready", "draining", "starting", "asleep", "gone"];

/** Agents with problems first, then running ones. The order is stable for equal states. */
export function inOrder(agents: readonly Agent[]): readonly Agent[] {
  const rank = ({ state, hold }: Agent) => order.indexOf(hold === "quarantined" ? hold : (state ?? ""));
  return [...agents].sort(
    (one, other) =>
      rank(one) - rank(other) ||
      (one.pool ?? "").localeCompare(other.pool ?? "") ||
      (one.agentId ?? "").localeCompare(other.agentId ?? ""),
  );
}

export interface Totals {
  readonly workers: number;
  readonly slots: number;
  readonly usedSlots: number;
}

export function totalsOf(agents: readonly Agent[]): Totals {
  const present = agents.filter(({ state }) => state !== "gone");
  const loads = present.map(loadOf);
  return {
    workers: present.length,
    slots: loads.reduce((sum, { slots }) => sum + slots, 0),
    usedSlots: loads.reduce((sum, { usedSlots }) => sum + usedSlots, 0),
  };
}
