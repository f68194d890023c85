import type { GetPoolUseReply, PoolResource, PoolShare } from "@tutti/contracts/swarm/v1";
import type { PoolCore } from "../books.ts";
import { slots } from "../limits/amount.ts";
import { partyOf, partyWeightOf } from "../queue/share.ts";
import { isWaiting } from "../task/offering.ts";

const sharesMax = 10_000;

/** What is used and wanted, by resource and by whoever takes turns. Looks at all tasks: for people. */
export function useView(core: PoolCore): GetPoolUseReply {
  const resources = new Map<string, PoolResource>();
  const resourceOf = (name: string): PoolResource => {
    let resource = resources.get(name);
    if (resource === undefined) {
      resource = { name, capacity: 0, used: 0, wanted: 0 };
      resources.set(name, resource);
    }
    return resource;
  };
  resourceOf(slots);
  for (const agent of core.roster.agents.values()) {
    if (!agent.isAble) continue;
    resourceOf(slots).capacity += agent.slots;
    for (const name of Object.keys(agent.offering.resources))
      resourceOf(name).capacity += agent.totalOf(name);
  }
  const shares = new Map<string, PoolShare>();
  for (const task of core.tasks.values()) {
    const isAtWork = task.agent !== undefined;
    if (!isAtWork && !isWaiting(task)) continue;
    const party = partyOf(task);
    let share = shares.get(party);
    if (share === undefined) {
      if (shares.size >= sharesMax) continue;
      const key = task.extras?.share?.key ?? "";
      share = { namespace: task.profile.namespace, key, weight: 1, used: {}, wanted: {} };
      shares.set(party, share);
    }
    share.weight = partyWeightOf(task);
    for (const [name, amount] of [[slots, 1] as const, ...task.demand.fit.resources]) {
      const sums = isAtWork ? share.used : share.wanted;
      sums[name] = (sums[name] ?? 0) + amount;
      resourceOf(name)[isAtWork ? "used" : "wanted"] += amount;
    }
  }
  const [first, ...others] = resources.values();
  others.sort((one, other) => (one.name < other.name ? -1 : 1));
  return {
    resources: first === undefined ? [] : [first, ...others],
    shares: [...shares].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, share]) => share),
  };
}
