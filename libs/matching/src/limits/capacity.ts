import type { LabelSelector } from "@tutti/contracts/types/v1";
import { labelsMatch } from "@tutti/kernel";
import type { Agent } from "../agents/agent.ts";
import { slots } from "./amount.ts";

/** Sums a resource over the agents that may be given work, or over those of them with certain labels. */
export function capacityOf(agents: Iterable<Agent>, name: string, labels?: LabelSelector): number {
  let capacity = 0;
  for (const agent of agents)
    if (agent.isAble && labelsMatch(agent.offering.labels, labels))
      capacity += name === slots ? agent.slots : agent.totalOf(name);
  return capacity;
}
