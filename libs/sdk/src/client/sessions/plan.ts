/** Agents that are not there, to see what a session would come to if they were. */
import { PlanAgent } from "@tutti/contracts/intelligence/v1";

export interface AgentToPlanOn {
  readonly id: string;
  /** Capabilities it offers. */
  readonly uses: readonly string[];
  /** How many tasks it does at once. 1 unless given. */
  readonly slots?: number;
  /** How many times as fast as others. 1 unless given. */
  readonly speed?: number;
  readonly resources?: Readonly<Record<string, number>>;
  readonly labels?: Readonly<Record<string, string>>;
  /** When it is free, from now. */
  readonly freeInMs?: number;
  /** What a millisecond of one slot costs. */
  readonly moneyPerMs?: number;
}

/** That of workers that say nothing of theirs. */
const usualVersion = "1.0.0";

export function planAgentOf({ id, uses, slots = 1, resources, labels, ...agent }: AgentToPlanOn): PlanAgent {
  return PlanAgent.fromPartial({
    ...agent,
    agentId: id,
    slots,
    capabilities: uses.map((name) => ({ name, version: usualVersion })),
    resources: { ...resources },
    labels: { ...labels },
  });
}
