/**
 * Checks that agents can do the tasks of a session: a capability without a worker is rejected, with the task.
 */
import { type Agent, ListAgentsRequest } from "@tutti/contracts/swarm/v1";
import type { TaskSpec } from "@tutti/contracts/types/v1";
import { isTuttiError, sleep } from "@tutti/kernel";
import type { CallOptions } from "@tutti/mesh";
import { sessionServiceErrors } from "../../sessions/errors.ts";
import type { SessionDependencies } from "./dependencies.ts";

type OfferingDependencies = Pick<
  SessionDependencies,
  "registry" | "agents" | "recentOfferings" | "foundation"
>;

/** The caller of the check. */
export interface Caller {
  readonly namespace: string;
  readonly options: Pick<CallOptions, "context">;
}

/** Maximum of agents whose resources are read. */
const agentsMax = 1_000;

export async function checkTasks(
  dependencies: OfferingDependencies,
  tasks: readonly TaskSpec[],
  pool: string,
  caller: Caller,
): Promise<void> {
  const kinds = new Map<string, TaskSpec[]>();
  for (const task of tasks) {
    if (task.work?.$case !== "capability") continue;
    if (task.resources["slots"] !== undefined) throw sessionServiceErrors.slotsAsked({ task: task.id });
    const key = JSON.stringify([task.work.value, task.versionRange, task.placement?.pool || pool]);
    kinds.set(key, [...(kinds.get(key) ?? []), task]);
  }
  await Promise.all([...kinds].map(([key, those]) => checkKind(dependencies, key, those, caller)));
}

async function checkKind(
  dependencies: OfferingDependencies,
  key: string,
  tasks: readonly TaskSpec[],
  caller: Caller,
): Promise<void> {
  const [capability, versionRange, pool] = JSON.parse(key) as [string, string, string];
  const required = resourcesOf(tasks);
  const size = required.size === 0 ? 1 : agentsMax;
  await settled(dependencies, { capability, versionRange, pool }, size, caller, (found) => {
    const [task] = tasks;
    if (found.length === 0 && task !== undefined)
      return sessionServiceErrors.capabilityUnknown({
        task: task.id,
        capability,
        range: versionRange,
        pool: pool === "default" ? "" : pool,
      });
    for (const [resource, { amount, by }] of required) {
      const most = Math.max(0, ...found.map((agent) => amountOf(agent, resource)));
      if (most < amount)
        return sessionServiceErrors.resourcesImpossible({ task: by, resource, wanted: amount, most });
    }
    return undefined;
  });
}

interface OfferingQuery {
  readonly capability: string;
  readonly versionRange: string;
  readonly pool: string;
}

interface Found {
  readonly agents: readonly Agent[];
  /** True if others may be on their way. */
  readonly gathering: boolean;
}

/** Interval of checks while agents may be on their way. */
const gatheringPollMs = 250;

/**
 * Refuses capabilities without a worker. While agents are on their way to new owners of their pools, it waits
 * for missing capabilities.
 */
async function settled(
  dependencies: OfferingDependencies,
  query: OfferingQuery,
  size: number,
  caller: Caller,
  refusal: (found: readonly Agent[]) => Error | undefined,
): Promise<void> {
  const { signal } = caller.options.context ?? {};
  for (;;) {
    const found = await offerings(dependencies, query, size, caller);
    const refused = found && refusal(found.agents);
    if (refused === undefined) return;
    if (!found?.gathering) throw refused;
    await sleep(dependencies.foundation.timers, gatheringPollMs, signal);
  }
}

/** Agents that offer a capability. Undefined if unknown, or if an agent offered or announced it, and tasks wait. */
async function offerings(
  { registry, agents, recentOfferings }: OfferingDependencies,
  query: OfferingQuery,
  size: number,
  { namespace, options }: Caller,
): Promise<Found | undefined> {
  const request = ListAgentsRequest.fromPartial({ namespace, filter: { ...query }, page: { size } });
  const found = await ifAnswered(() => agents.listAgents(request, options));
  if (found === undefined) return;
  const offering = JSON.stringify([namespace, query]);
  if (found.agents.length > 0) {
    recentOfferings.record(offering);
    return found;
  }
  if (recentOfferings.isRecent(offering)) return;
  const { capability: name, versionRange } = query;
  const known = await registry.findCapabilities(
    { namespace, name, versionRange, labels: undefined },
    options,
  );
  // Its pools have just answered for themselves: entries of the swarm in the registry may be outdated.
  const others = known.versions
    .flatMap(({ providers }) => providers)
    .filter(({ service }) => service !== "swarm");
  return others.length > 0 ? undefined : found;
}

/** Rejects a goal at once if no agent can break it down. */
export async function checkPlanner(
  dependencies: OfferingDependencies,
  planner: string,
  pool: string,
  caller: Caller,
): Promise<void> {
  await settled(dependencies, { capability: planner, versionRange: "", pool }, 1, caller, ({ length }) =>
    length === 0 ? sessionServiceErrors.plannerUnknown({ planner }) : undefined,
  );
}

/** Rejects a session at once if no agent could ever start its tasks. */
export async function checkOrchestrator(
  dependencies: OfferingDependencies,
  orchestrator: string,
  pool: string,
  caller: Caller,
): Promise<void> {
  await settled(
    dependencies,
    { capability: orchestrator, versionRange: "", pool },
    1,
    caller,
    ({ length }) => (length === 0 ? sessionServiceErrors.orchestratorUnknown({ orchestrator }) : undefined),
  );
}

function amountOf({ offering }: Agent, resource: string): number {
  return offering?.resources[resource] ?? 0;
}

/** Returns the largest amount of each resource, and the task that wants it. */
function resourcesOf(tasks: readonly TaskSpec[]) {
  const required = new Map<string, { readonly amount: number; readonly by: string }>();
  for (const { id, resources } of tasks)
    for (const [name, amount] of Object.entries(resources))
      if (amount > (required.get(name)?.amount ?? 0)) required.set(name, { amount, by: id });
  return required;
}

async function ifAnswered<Reply>(request: () => Promise<Reply>): Promise<Reply | undefined> {
  try {
    return await request();
  } catch (error) {
    if (isTuttiError(error) && error.status === "UNAVAILABLE") return undefined;
    throw error;
  }
}
