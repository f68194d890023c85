/**
 * Records the available agents of a session, their slots, and the slots that other work uses. A comparison of modes
 * needs this in addition to the durations of tasks.
 *
 * 1. Changes are recorded, at most once a second (more often with detailed monitoring), and only with events of the
 *    tasks: agents that join and leave in between do not affect the tasks.
 * 2. Agents report their attempts a little later than work does. So a slot counts as used by other work only if two
 *    reads with a pause in between agree.
 * 3. The session has the records: after a crash recording continues from there.
 */
import { type AgentNote, MonitoringLevel } from "@tutti/contracts/session/v1";
import type { Agent } from "@tutti/contracts/swarm/v1";
import type { TaskSpec } from "@tutti/contracts/types/v1";
import { errorFromUnknown, type Foundation, type InstanceKey, textOf } from "@tutti/kernel";
import { agentsKnown, noteAgents, type SessionView } from "@tutti/machine-session";
import type { SessionCommands } from "../session/session-commands.ts";
import { anybody, demandOf, type Fleet, type FleetAnswer, presentIn } from "./fleet.ts";
import { isInDetail } from "./monitoring.ts";

export interface AttendanceParts {
  readonly commands: SessionCommands;
  readonly fleet: Fleet;
  readonly foundation: Pick<Foundation, "clock" | "logger">;
}

const everyMs = 1_000;
/** Time between the two reads. */
const settledMs = 300;
/** Above this number, agents are not recorded. */
const agentsMax = 1_000;
/** Number of sessions that are remembered. Others start with a new read. */
const sessionsMax = 20_000;

interface Observation {
  observedMs: number;
  isReading: boolean;
  /** Number of tasks, and the first task number of each demand. */
  demands: { readonly tasks: number; readonly firsts: ReadonlyMap<string, number> };
  /** Slots used by other work, by agent. */
  usedSlots: ReadonlyMap<string, number>;
}

export class Attendance {
  readonly #parts: AttendanceParts;
  readonly #sessions = new Map<string, Observation>();

  constructor(parts: AttendanceParts) {
    this.#parts = parts;
  }

  /** Handles an event of a session. */
  handle(key: InstanceKey, view: SessionView): void {
    const name = textOf(key);
    if (view.endMs > 0) this.#sessions.delete(name);
    if (!isToWatch(view)) return;
    const observation = this.#sessions.get(name) ?? newObservation();
    const nowMs = this.#parts.foundation.clock.now();
    const restMs = observation.usedSlots.size > 0 || isInDetail(view) ? settledMs : everyMs;
    if (observation.isReading || nowMs - observation.observedMs < restMs) return;
    this.#sessions.delete(name);
    this.#sessions.set(name, observation);
    for (const oldest of this.#sessions.keys()) {
      if (this.#sessions.size <= sessionsMax) break;
      this.#sessions.delete(oldest);
    }
    observation.isReading = true;
    observation.observedMs = nowMs;
    this.#write(key, observation)
      .catch((error: unknown) => {
        const details = { session: key.id, error: errorFromUnknown(error) };
        this.#parts.foundation.logger.debug("failed to record the available agents of a session", details);
      })
      .finally(() => {
        observation.isReading = false;
      });
  }

  async #write(key: InstanceKey, observation: Observation): Promise<void> {
    const { commands, fleet } = this.#parts;
    const answer = await fleet.answerOf(key.namespace);
    const view = await commands.view(key);
    if (!isToWatch(view)) return;
    const usedByOthers = slotsUsedByOthers(answer, view);
    if (observation.demands.tasks !== view.tasks.length) observation.demands = demandsIn(view);
    const agents = changes(view, observation.demands.firsts, answer.agents, (agent) =>
      Math.min(usedByOthers.get(agent) ?? 0, observation.usedSlots.get(agent) ?? 0),
    );
    observation.usedSlots = usedByOthers;
    if (agents.length > 0)
      await commands.submit(key, { command: noteAgents, body: { agents, seeMs: answer.requestedMs } });
  }
}

function newObservation(): Observation {
  return {
    observedMs: Number.NEGATIVE_INFINITY,
    isReading: false,
    demands: { tasks: 0, firsts: new Map() },
    usedSlots: new Map(),
  };
}

function demandsIn({ order, tasks }: SessionView): Observation["demands"] {
  const firsts = new Map<string, number>();
  for (const { spec, number } of tasks) {
    const demand = demandOf(spec as TaskSpec, order?.spec?.pool ?? "");
    if (demand !== anybody && !firsts.has(demand)) firsts.set(demand, number);
  }
  return { tasks: tasks.length, firsts };
}

function isToWatch({ order, beginMs, endMs, ending }: SessionView): boolean {
  const { monitoring } = order?.spec ?? {};
  const isWatched = monitoring?.level !== MonitoringLevel.MONITORING_LEVEL_MINIMAL;
  return isWatched && beginMs > 0 && endMs === 0 && ending === 0;
}

/** Returns the running attempts of other work per agent. Agents without any are left out. */
function slotsUsedByOthers(
  { agents, requestedMs }: FleetAnswer,
  { tasks }: SessionView,
): ReadonlyMap<string, number> {
  const ours = new Map<string, number>();
  for (const { agent, startMs, endMs } of tasks)
    if (agent !== "" && startMs > 0 && (endMs === 0 || endMs >= requestedMs - settledMs))
      ours.set(agent, (ours.get(agent) ?? 0) + 1);
  const used = new Map<string, number>();
  for (const { agentId, attempts } of agents) {
    const others = attempts - (ours.get(agentId) ?? 0);
    if (others > 0) used.set(agentId, others);
  }
  return used;
}

/**
 * Returns the agents that have changed since the last record. Agents that cannot execute any of the tasks count
 * as absent.
 */
function changes(
  view: SessionView,
  firsts: ReadonlyMap<string, number>,
  agents: readonly Agent[],
  usedBy: (agentId: string) => number,
): AgentNote[] {
  const pool = view.order?.spec?.pool ?? "";
  const known = agentsKnown(view);
  const notes: AgentNote[] = [];
  const there = new Set<string>();
  const specs = [...firsts.values()].flatMap((number) => (view.tasks[number]?.spec as TaskSpec) ?? []);
  const present = presentIn(agents, specs, pool).filter(({ satisfiedDemands }) => satisfiedDemands.size > 1);
  if (present.length > agentsMax) return [];
  for (const { id: agent, slots, satisfiedDemands } of present) {
    there.add(agent);
    const unable = [...firsts].flatMap(([demand, number]) => (satisfiedDemands.has(demand) ? [] : [number]));
    const note = { agent, slots, taken: Math.min(slots, usedBy(agent)), unable };
    if (!isSame(known.get(agent), note)) notes.push(note);
  }
  for (const [agent, { slots }] of known)
    if (slots > 0 && !there.has(agent)) notes.push({ agent, slots: 0, taken: 0, unable: [] });
  return notes;
}

function isSame(one: AgentNote | undefined, other: AgentNote): boolean {
  return one?.slots === other.slots && one.taken === other.taken && `${one.unable}` === `${other.unable}`;
}
