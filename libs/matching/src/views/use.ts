import type { GetPoolUseReply, PoolGroup, PoolResource, PoolShare } from "@tutti/contracts/swarm/v1";
import type { LabelSelector } from "@tutti/contracts/types/v1";
import type { AgentIndex } from "../agents/agent-index.ts";
import { labelsMatch, selectorKey } from "../demand/labels.ts";
import type { Demand } from "../demand/matches.ts";
import type { PoolAllotments } from "../limits/allotments.ts";
import { slots } from "../limits/amount.ts";
import { partyOf, partyWeightOf } from "../queue/share.ts";
import { isWaiting } from "../task/queueing.ts";
import type { Task } from "../task/task.ts";
import type { Tasks } from "../task/tasks.ts";

const sharesMax = 10_000;
const groupsMax = 32;

type Use = Pick<PoolGroup, "resources" | "shares">;

/** The parts that the use of a pool reads. */
export interface UseParts {
  readonly tasks: Tasks;
  readonly agents: AgentIndex;
  readonly allotments: PoolAllotments;
}

/**
 * Returns used and wanted amounts, by resource and share, of all agents and of those with certain labels.
 * Reads all tasks: for user requests.
 */
export function useView(parts: UseParts, selector: LabelSelector | undefined): GetPoolUseReply {
  const groups = selectorsIn(parts, selector).map((agents) => ({ agents, ...useOf(parts, agents) }));
  return { ...useOf(parts, undefined), groups };
}

/** The selectors of the request, of reservations, and of tasks. */
function selectorsIn(parts: UseParts, requestSelector: LabelSelector | undefined): LabelSelector[] {
  const selectors = new Map<string, LabelSelector>();
  const add = (selector: LabelSelector | undefined): void => {
    const key = selectorKey(selector);
    if (selector !== undefined && key !== "" && selectors.size < groupsMax) selectors.set(key, selector);
  };
  add(requestSelector);
  parts.allotments.areas?.agents.forEach(add);
  const demands = new Set<Demand>();
  for (const task of parts.tasks.values())
    if (task.agent !== undefined || isWaiting(task)) demands.add(task.demand);
  for (const { requirements } of demands) add(requirements.require);
  return [...selectors.values()];
}

function useOf(parts: UseParts, agents: LabelSelector | undefined): Use {
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
  for (const agent of parts.agents.values()) {
    if (!agent.isAble || !labelsMatch(agent.offering.labels, agents)) continue;
    resourceOf(slots).capacity += agent.slots;
    for (const name of Object.keys(agent.offering.resources))
      resourceOf(name).capacity += agent.totalOf(name);
  }
  const shares = new Map<string, PoolShare>();
  const counts = counting(agents);
  for (const task of parts.tasks.values()) {
    const isAtWork = task.agent !== undefined;
    if ((!isAtWork && !isWaiting(task)) || !counts(task)) continue;
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

/** Returns a predicate: whether a task runs at such agents, or could. */
function counting(agents: LabelSelector | undefined): (task: Task) => boolean {
  if (agents === undefined) return () => true;
  const key = selectorKey(agents);
  const reaching = new Map<Demand, boolean>();
  return ({ agent, demand }) => {
    if (agent !== undefined) return labelsMatch(agent.offering.labels, agents);
    let isReached = reaching.get(demand);
    if (isReached === undefined) {
      const isRequired = selectorKey(demand.requirements.require) === key;
      isReached = isRequired || demand.matches.some(({ cohort }) => hasMatch(cohort.agents, agents));
      reaching.set(demand, isReached);
    }
    return isReached;
  };
}

function hasMatch(
  all: Iterable<{ readonly offering: { labels: Record<string, string> } }>,
  agents: LabelSelector,
): boolean {
  for (const { offering } of all) if (labelsMatch(offering.labels, agents)) return true;
  return false;
}
