/**
 * Events of agents on the bus. The process that owns their pool publishes each change. Nothing waits for that.
 */
import { contractEvent, type EventInput } from "@tutti/bus";
import { AgentKind, AgentState, Hold } from "@tutti/contracts/agent/v1";
import { swarmEvents as events } from "@tutti/contracts/events/v1/swarm";
import type { Agent } from "@tutti/contracts/swarm/v1";
import { ActorKind } from "@tutti/contracts/types/v1";
import { toTimestamp } from "@tutti/kernel";
import type { AgentChange, Pool } from "@tutti/matching";

const source = "/tutti/swarm";
/** Maximum of capabilities that an event names. */
const capabilitiesMax = 100;

/** Makes the events of the agents of this process. They are numbered by the time, so that a restart continues. */
export class AgentEvents {
  readonly #holds = new Map<string, Hold>();
  #last = 0;

  /** Returns the events of a change. */
  of(pool: Pool, change: AgentChange): EventInput[] {
    const agent = pool.agent(change.agentId, change.atMs);
    const events: EventInput[] = [];
    if (
      change.before === AgentState.AGENT_STATE_STARTING &&
      change.before !== change.after &&
      agent !== undefined
    )
      events.push(this.#joined(pool, change, agent));
    if (change.before !== change.after) {
      const changed = this.#changed(pool, change, agent);
      if (changed !== undefined) events.push(changed);
    }
    const holdEvent = this.#holdEvent(pool, change);
    if (holdEvent !== undefined) events.push(holdEvent);
    return events;
  }

  /** Returns the event of a changed offering. */
  reoffered(pool: Pool, agentId: string, atMs: number): EventInput {
    const agent = pool.agent(agentId, atMs);
    const header = this.#header(pool, { agentId, reason: "", atMs });
    const { offering } = agent ?? {};
    const payload = { header, pool: pool.name, capabilities: named(offering), slots: offering?.slots || 1 };
    return contractEvent(events["tutti.swarm.agent.offer_changed"], payload, { source });
  }

  #joined(pool: Pool, change: AgentChange, { kind, offering }: Agent): EventInput {
    const header = this.#header(pool, change);
    const capabilities = named(offering);
    const slots = offering?.slots || 1;
    const { labels = {} } = offering ?? {};
    const payload = { header, pool: pool.name, kind: kindNames[kind] ?? "", capabilities, slots, labels };
    return contractEvent(events["tutti.swarm.agent.joined"], payload, { source });
  }

  #changed(pool: Pool, change: AgentChange, agent: Agent | undefined): EventInput | undefined {
    const stateName = stateNames[change.after];
    if (stateName === undefined) return undefined;
    const header = this.#header(pool, change);
    const { reason } = change;
    const before = stateNames[change.before] ?? "";
    const payload = { header, pool: pool.name, before, reason, tasks: agent?.attempts ?? 0 };
    return contractEvent(events[`tutti.swarm.agent.${stateName}`], payload, { source });
  }

  #holdEvent(pool: Pool, change: AgentChange): EventInput | undefined {
    const key = `${pool.namespace}/${pool.name}/${change.agentId}`;
    const before = this.#holds.get(key) ?? Hold.HOLD_NONE;
    const hold = change.hold === Hold.HOLD_UNSPECIFIED ? Hold.HOLD_NONE : change.hold;
    if (hold === before) return undefined;
    const header = this.#header(pool, change);
    if (hold === Hold.HOLD_NONE) {
      this.#holds.delete(key);
      return contractEvent(events["tutti.swarm.agent.released"], { header, pool: pool.name }, { source });
    }
    this.#holds.set(key, hold);
    const payload = {
      header,
      pool: pool.name,
      hold: holdNames[hold] ?? "",
      reason: change.reason,
      until: undefined,
    };
    return contractEvent(events["tutti.swarm.agent.held"], payload, { source });
  }

  #header(pool: Pool, { agentId, reason, atMs }: Pick<AgentChange, "agentId" | "reason" | "atMs">) {
    this.#last = Math.max(this.#last + 1, Math.floor(atMs * 1_000));
    const actor = { kind: ActorKind.ACTOR_KIND_SERVICE, id: "swarm" };
    return {
      namespace: pool.namespace,
      resource: agentId,
      sequence: this.#last,
      time: toTimestamp(atMs),
      cause: { actor, traceparent: "", decision: "", reason },
    };
  }
}

function named(offering: Agent["offering"]): string[] {
  const offered = offering?.capabilities.slice(0, capabilitiesMax) ?? [];
  return offered.map(({ name, version }) => `${name}@${version}`);
}

type StateName = "starting" | "ready" | "busy" | "draining" | "asleep" | "suspect" | "gone";

const stateNames: Readonly<Partial<Record<AgentState, StateName>>> = {
  [AgentState.AGENT_STATE_STARTING]: "starting",
  [AgentState.AGENT_STATE_READY]: "ready",
  [AgentState.AGENT_STATE_BUSY]: "busy",
  [AgentState.AGENT_STATE_DRAINING]: "draining",
  [AgentState.AGENT_STATE_ASLEEP]: "asleep",
  [AgentState.AGENT_STATE_SUSPECT]: "suspect",
  [AgentState.AGENT_STATE_GONE]: "gone",
};

const kindNames: Readonly<Partial<Record<AgentKind, string>>> = {
  [AgentKind.AGENT_KIND_FUNCTION]: "function",
  [AgentKind.AGENT_KIND_COMMAND]: "command",
  [AgentKind.AGENT_KIND_CONTAINER]: "container",
  [AgentKind.AGENT_KIND_MODEL]: "model",
  [AgentKind.AGENT_KIND_CONVERSATION]: "conversation",
  [AgentKind.AGENT_KIND_PERSON]: "person",
};

const holdNames: Readonly<Partial<Record<Hold, string>>> = {
  [Hold.HOLD_PAUSED]: "paused",
  [Hold.HOLD_QUARANTINED]: "quarantined",
  [Hold.HOLD_FLAPPING]: "flapping",
  [Hold.HOLD_FAILING]: "failing",
};
