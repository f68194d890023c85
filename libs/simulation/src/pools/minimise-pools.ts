/** Makes a failing plan of pools smaller: leaves out faults, agents and tasks, as long as the same check still fails. */
import { faultNames, type PoolsPlan } from "./pools-plan.ts";

export function minimisePools(plan: PoolsPlan, fails: (plan: PoolsPlan) => boolean): PoolsPlan {
  let smallest = plan;
  for (let hasChanged = true; hasChanged; ) {
    hasChanged = false;
    for (const candidate of smaller(smallest)) {
      if (!fails(candidate)) continue;
      smallest = candidate;
      hasChanged = true;
      break;
    }
  }
  return smallest;
}

/** Yields smaller plans, the largest steps first. */
function* smaller(plan: PoolsPlan): Generator<PoolsPlan> {
  const { faults, agents, tasks, busyMs } = plan;
  for (const name of faultNames) if (faults[name] > 0) yield { ...plan, faults: { ...faults, [name]: 0 } };
  if (plan.doubles) yield { ...plan, doubles: false };
  if (plan.givesWay) yield { ...plan, givesWay: false };
  if ((plan.busyShare ?? 0) > 0) yield { ...plan, busyShare: 0 };
  if (plan.senders > 1) yield { ...plan, senders: plan.senders - 1 };
  if (plan.hosts > 1) yield { ...plan, hosts: plan.hosts - 1 };
  for (const share of [2, 4, 16]) {
    if (tasks >= share) yield { ...plan, tasks: tasks - Math.floor(tasks / share) };
    if (busyMs >= 1_000) yield { ...plan, busyMs: busyMs - Math.floor(busyMs / share) };
  }
  if (agents.length > 1) for (const at of agents.keys()) yield { ...plan, agents: agents.toSpliced(at, 1) };
  for (const [at, agent] of agents.entries())
    if (agent.slots > 1) yield { ...plan, agents: agents.with(at, { ...agent, slots: agent.slots - 1 }) };
}
