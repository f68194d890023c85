import type { LabelSelector } from "@tutti/contracts/types/v1";
import { labelsMatch } from "@tutti/kernel";
import type { PoolCore } from "../books.ts";
import { slots } from "./amount.ts";

/** What there is of something at agents that may be given work, of all of them or of those with certain labels. */
export function capacityOf({ roster }: PoolCore, name: string, agents?: LabelSelector): number {
  let capacity = 0;
  for (const agent of roster.agents.values())
    if (agent.isAble && labelsMatch(agent.offering.labels, agents))
      capacity += name === slots ? agent.slots : agent.totalOf(name);
  return capacity;
}
