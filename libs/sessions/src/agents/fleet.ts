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
const keptMax = 100;

/** Agents, and the time of the request. */
export interface FleetAnswer {
  readonly agents: readonly Agent[];
  readonly askMs: number;
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
    const askMs = this.#parts.clock.now();
    const answer = this.#ask(namespace).then((agents) => ({ agents, askMs }));
    this.#known.delete(namespace);
    this.#known.set(namespace, { requestedMs: nowMs, answer });
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= keptMax) break;
      this.#known.delete(oldest);
    }
    // A failed request is repeated.
    answer.catch(() => this.#known.delete(namespace));
    return answer;
  }

  async #ask(namespace: string): Promise<readonly Agent[]> {
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
  const where = placement?.pool || pool;
  const labels = selectorText(placement?.require ?? {});
  const beside = Object.entries(resources).map(([name, amount]) => amountOf(amount, name));
  return [
    versionRange === "" ? work.value : `${work.value} in ${versionRange}`,
    where === "" || where === "default" ? "" : ` of the pool ${where}`,
    labels === "" ? "" : ` with ${labels}`,
    ...beside.map((amount) => ` with ${amount}`),
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
    const meets = [...demands].flatMap(([demand, task]) => (canDo(agent, task, pool) ? [demand] : []));
    const slots = Math.max(1, agent.offering?.slots ?? 1);
    return { id: agent.agentId, slots, meets: new Set([anybody, ...meets]) };
  });
}

/** Free slots for certain tasks. */
export interface Room {
  /** Number of slots that could take one of the tasks. */
  readonly slots: number;
  takes(task: ReadOnly<TaskSpec>): boolean;
}

export function roomFor(agents: readonly Agent[], tasks: readonly ReadOnly<TaskSpec>[], pool: string): Room {
  const free = agents.filter(({ freeSlots }) => freeSlots > 0);
  const demands = new Set(tasks.map((task) => demandOf(task, pool)));
  const met = new Set<string>();
  let slots = 0;
  for (const [at, { meets }] of presentIn(free, tasks, pool).entries()) {
    const own = [...meets].filter((demand) => demands.has(demand));
    if (own.length > 0) slots += free[at]?.freeSlots ?? 0;
    for (const demand of own) met.add(demand);
  }
  return { slots, takes: (task) => met.has(demandOf(task, pool)) };
}

function canDo({ offering, pool: ownPool }: Agent, task: ReadOnly<TaskSpec>, pool: string): boolean {
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
