/** The plan of one run of pools, drawn from its seed alone. */

import { seededChance } from "@tutti/kernel/testing";
import { type StrategyName, strategyNames } from "@tutti/matching";

export interface PoolsPlan {
  readonly seed: number;
  readonly strategy: StrategyName;
  readonly agents: readonly { readonly slots: number; readonly does: readonly string[] }[];
  readonly hosts: number;
  readonly senders: number;
  readonly tasks: number;
  /** Duration of the period with new tasks and faults. */
  readonly busyMs: number;
  readonly workMs: number;
  readonly doubles: boolean;
  readonly givesWay: boolean;
  /** Share of assigned tasks that an agent refuses at once as busy. Absent for none. */
  readonly busyShare?: number;
  /** Rate of each fault per minute. All are 0 if shares are checked. */
  readonly faults: Readonly<Record<FaultName, number>>;
  /** True if all tasks are offered at once and are alike: then shares can be compared. */
  readonly isQuiet: boolean;
}

export const faultNames = [
  "agentDies",
  "agentHangs",
  "linkCut",
  "hostDies",
  "ownerDies",
  "ownerMoves",
  "senderDies",
] as const;
export type FaultName = (typeof faultNames)[number];

const capabilities = ["a", "b", "c"] as const;

export function drawPoolsPlan(seed: number): PoolsPlan {
  const { random } = seededChance(seed);
  const upTo = (count: number) => Math.floor(random() * count);
  const isQuiet = upTo(5) === 0;
  const strategy = strategyNames[upTo(strategyNames.length)] ?? "least_loaded";
  const agents = Array.from({ length: 2 + upTo(9) }, (_, index) => ({
    slots: 1 + upTo(4),
    // Some agent can do every task.
    does: isQuiet
      ? ["a"]
      : capabilities.filter((_name, at) => at === index % capabilities.length || upTo(2) === 0),
  }));
  const rate = () => (isQuiet || upTo(3) === 0 ? 0 : random() * 4);
  const faults = Object.fromEntries(faultNames.map((name) => [name, rate()])) as Record<FaultName, number>;
  const plan = {
    seed,
    strategy,
    agents,
    faults,
    isQuiet,
    hosts: 1 + upTo(3),
    senders: isQuiet ? 2 : 1 + upTo(3),
    tasks: 50 + upTo(250),
    busyMs: 20_000 + upTo(120_000),
    workMs: 20 + upTo(4_000),
    doubles: !isQuiet && upTo(2) === 0,
    givesWay: !isQuiet && upTo(3) === 0,
  };
  // Drawn last, so that it does not change other values of a plan.
  return { ...plan, busyShare: isQuiet || upTo(2) === 0 ? 0 : random() * 0.6 };
}
