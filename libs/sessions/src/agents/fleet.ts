/** Agents for the tasks of sessions, read from pools at a limited rate. */
import { AgentState, Hold } from "@tutti/contracts/agent/v1";
import { type Agent, type agentService, ListAgentsRequest } from "@tutti/contracts/swarm/v1";
import type { TaskSpec } from "@tutti/contracts/types/v1";
import { amountOf, type Clock, type ReadOnly, selectorText } from "@tutti/kernel";
import { isOffered } from "@tutti/machine-work";
import type { Client } from "@tutti/mesh";
import type { PresentAgent } from "@tutti/planner";

export interface FleetParts {
  readonly agents: Pick<Client<typeof agentService>, "listAgents">;
  readonly clock: Pick<Clock, "monotonic" | "now">;
}

/** Maximum age of the known agents. */
const freshMs = 200;
const page = 1_000;
const agentsMax = 10_000;
const namespacesMax = 100;

/** Agents, and the time of the request. */
export interface FleetAnswer {
  readonly agents: readonly Agent[];
  readonly requestedMs: number;
}

interface Known {
  readonly requestedMs: number;
  readonly answer: Promise<FleetAnswer>;
}

export class Fleet {
  readonly #parts: FleetParts;
  readonly #known = new Map<string, Known>();

  constructor(parts: FleetParts) {
    this.#parts = parts;
  }

  /** Returns the agents of a namespace that accept work. */
  async agentsOf(namespace: string): Promise<readonly Agent[]> {
    return (await this.answerOf(namespace)).agents;
  }

  async answerOf(namespace: string): Promise<FleetAnswer> {
    const nowMs = this.#parts.clock.monotonic();
    const known = this.#known.get(namespace);
    if (known !== undefined && nowMs - known.requestedMs < freshMs) return known.answer;
    const requestedMs = this.#parts.clock.now();
    const answer = this.#request(namespace).then((agents) => ({ agents, requestedMs }));
    this.#known.delete(namespace);
    this.#known.set(namespace, { requestedMs: nowMs, answer });
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= namespacesMax) break;
      this.#known.delete(oldest);
    }
    // A failed request is repeated.
    answer.catch(() => this.#known.delete(namespace));
    return answer;
  }

  async #request(namespace: string): Promise<readonly Agent[]> {
    const all: Agent[] = [];
    for (let token = ""; all.length < agentsMax; ) {
      const request = ListAgentsRequest.fromPartial({
        namespace,
        filter: { states: [AgentState.AGENT_STATE_READY, AgentState.AGENT_STATE_BUSY] },
        page: { size: page, token },
      });
      const reply = await this.#parts.agents.listAgents(request, {});
      all.push(...reply.agents.filter(({ hold }) => hold <= Hold.HOLD_NONE));
      token = reply.page?.nextToken ?? "";
      if (token === "") break;
    }
    return all;
  }
}

/** Returns the demand of a task: the same agents can execute tasks with the same demand. */
export function demandOf(
  { work, versionRange, placement, resources }: ReadOnly<TaskSpec>,
  pool: string,
): string {
  if (work?.$case !== "capability") return anybody;
  return JSON.stringify([
    ...[work.value, versionRange, placement?.pool || pool || "default"],
    ...[placement?.require ?? null, Object.entries(resources).sort()],
  ]);
}

/** Returns the demand of a task as text. */
export function demandText(
  { work, versionRange, placement, resources }: ReadOnly<TaskSpec>,
  pool: string,
): string {
  if (work?.$case !== "capability") return "its child";
  const poolName = placement?.pool || pool;
  const labels = selectorText(placement?.require ?? {});
  const amounts = Object.entries(resources).map(([name, amount]) => amountOf(amount, name));
  return [
    versionRange === "" ? work.value : `${work.value} in ${versionRange}`,
    poolName === "" || poolName === "default" ? "" : ` of the pool ${poolName}`,
    labels === "" ? "" : ` with ${labels}`,
    ...amounts.map((amount) => ` with ${amount}`),
  ].join("");
}

/** Demand of tasks without an agent: children. */
export const anybody = "";

/** Returns the agents as plans use them, for tasks of these demands. */
export function presentIn(
  agents: readonly Agent[],
  tasks: readonly ReadOnly<TaskSpec>[],
  pool: string,
): readonly PresentAgent[] {
  const demands = new Map(tasks.map((task) => [demandOf(task, pool), task]));
  return agents.map((agent) => {
    const demandsMet = [...demands].flatMap(([demand, task]) =>
      canExecute(agent, task, pool) ? [demand] : [],
    );
    const slots = Math.max(1, agent.offering?.slots ?? 1);
    return { id: agent.agentId, slots, satisfiedDemands: new Set([anybody, ...demandsMet]) };
  });
}

/** Free slots for certain tasks. */
export interface Room {
  /** Number of slots that could take one of the tasks. */
  readonly slots: number;
  accepts(task: ReadOnly<TaskSpec>): boolean;
}

export function roomFor(agents: readonly Agent[], tasks: readonly ReadOnly<TaskSpec>[], pool: string): Room {
  const free = agents.filter(({ freeSlots }) => freeSlots > 0);
  const demands = new Set(tasks.map((task) => demandOf(task, pool)));
  const satisfied = new Set<string>();
  let slots = 0;
  for (const [at, { satisfiedDemands }] of presentIn(free, tasks, pool).entries()) {
    const own = [...satisfiedDemands].filter((demand) => demands.has(demand));
    if (own.length > 0) slots += free[at]?.freeSlots ?? 0;
    for (const demand of own) satisfied.add(demand);
  }
  return { slots, accepts: (task) => satisfied.has(demandOf(task, pool)) };
}

function canExecute({ offering, pool: ownPool }: Agent, task: ReadOnly<TaskSpec>, pool: string): boolean {
  const { work, versionRange, placement, resources } = task;
  if (work?.$case !== "capability" || offering === undefined) return false;
  const profile = {
    pool: placement?.pool || pool,
    capability: work.value,
    versionRange,
    placement,
    policy: { resources },
  } as unknown as Parameters<typeof isOffered>[0];
  const capabilities = offering.capabilities.map(({ name, version }) => ({ name, version }));
  const { labels, resources: offered } = offering;
  return isOffered(profile, { pool: ownPool, offering: { capabilities, labels, resources: offered } });
}
