/**
 * Writes down who is there to do the tasks of a session, how many slots each has, and how many of these others have
 * taken: what a comparison of modes has to know besides what the tasks took.
 *
 * 1. Changes are recorded, at most once a second (more often with detailed monitoring), and only while
 *    something happens to the tasks: agents that come and go between make no difference to the tasks.
 * 2. Agents report their attempts a little later than work does. So others have only what they had in two looks, a
 *    while apart.
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
/** What others have is what they had so long ago too. */
const settledMs = 300;
/** Of so many agents it is not written down who they are. */
const agentsMax = 1_000;
/** Sessions that were looked at latest are remembered. The others continue with another look. */
const sessionsMax = 20_000;

interface Seen {
  seeMs: number;
  isLooking: boolean;
  /** Of all tasks that ask the same of their agent, the first one's number: of so many tasks. */
  demands: { readonly tasks: number; readonly firsts: ReadonlyMap<string, number> };
  /** What others were seen to have taken, by agent. */
  taken: ReadonlyMap<string, number>;
}

export class Attendance {
  readonly #parts: AttendanceParts;
  readonly #sessions = new Map<string, Seen>();

  constructor(parts: AttendanceParts) {
    this.#parts = parts;
  }

  /** Something has happened to a session. */
  look(key: InstanceKey, view: SessionView): void {
    const name = textOf(key);
    if (view.endMs > 0) this.#sessions.delete(name);
    if (!isToWatch(view)) return;
    const seen = this.#sessions.get(name) ?? unseen();
    const nowMs = this.#parts.foundation.clock.now();
    const restMs = seen.taken.size > 0 || isInDetail(view) ? settledMs : everyMs;
    if (seen.isLooking || nowMs - seen.seeMs < restMs) return;
    this.#sessions.delete(name);
    this.#sessions.set(name, seen);
    for (const oldest of this.#sessions.keys()) {
      if (this.#sessions.size <= sessionsMax) break;
      this.#sessions.delete(oldest);
    }
    seen.isLooking = true;
    seen.seeMs = nowMs;
    this.#write(key, seen)
      .catch((error: unknown) => {
        const details = { session: key.id, error: errorFromUnknown(error) };
        this.#parts.foundation.logger.debug("failed to record the available agents of a session", details);
      })
      .finally(() => {
        seen.isLooking = false;
      });
  }

  async #write(key: InstanceKey, seen: Seen): Promise<void> {
    const { commands, fleet } = this.#parts;
    const answer = await fleet.answerOf(key.namespace);
    const view = await commands.view(key);
    if (!isToWatch(view)) return;
    const taken = takenByOthers(answer, view);
    if (seen.demands.tasks !== view.tasks.length) seen.demands = demandsIn(view);
    const agents = changes(view, seen.demands.firsts, answer.agents, (agent) =>
      Math.min(taken.get(agent) ?? 0, seen.taken.get(agent) ?? 0),
    );
    seen.taken = taken;
    if (agents.length > 0)
      await commands.submit(key, { command: noteAgents, body: { agents, seeMs: answer.askMs } });
  }
}

function unseen(): Seen {
  return {
    seeMs: Number.NEGATIVE_INFINITY,
    isLooking: false,
    demands: { tasks: 0, firsts: new Map() },
    taken: new Map(),
  };
}

function demandsIn({ order, tasks }: SessionView): Seen["demands"] {
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

/** What each has running that is none of the session's. Agents without are left out. */
function takenByOthers({ agents, askMs }: FleetAnswer, { tasks }: SessionView): ReadonlyMap<string, number> {
  const ours = new Map<string, number>();
  for (const { agent, startMs, endMs } of tasks)
    if (agent !== "" && startMs > 0 && (endMs === 0 || endMs >= askMs - settledMs))
      ours.set(agent, (ours.get(agent) ?? 0) + 1);
  const taken = new Map<string, number>();
  for (const { agentId, attempts } of agents) {
    const others = attempts - (ours.get(agentId) ?? 0);
    if (others > 0) taken.set(agentId, others);
  }
  return taken;
}

/** Agents that are otherwise than they were last written down. Those that can do nothing of it are not there. */
function changes(
  view: SessionView,
  firsts: ReadonlyMap<string, number>,
  agents: readonly Agent[],
  takenOf: (agentId: string) => number,
): AgentNote[] {
  const pool = view.order?.spec?.pool ?? "";
  const known = agentsKnown(view);
  const notes: AgentNote[] = [];
  const there = new Set<string>();
  const specs = [...firsts.values()].flatMap((number) => (view.tasks[number]?.spec as TaskSpec) ?? []);
  const present = presentIn(agents, specs, pool).filter(({ meets }) => meets.size > 1);
  if (present.length > agentsMax) return [];
  for (const { id: agent, slots, meets } of present) {
    there.add(agent);
    const unable = [...firsts].flatMap(([demand, number]) => (meets.has(demand) ? [] : [number]));
    const note = { agent, slots, taken: Math.min(slots, takenOf(agent)), unable };
    if (!isSame(known.get(agent), note)) notes.push(note);
  }
  for (const [agent, { slots }] of known)
    if (slots > 0 && !there.has(agent)) notes.push({ agent, slots: 0, taken: 0, unable: [] });
  return notes;
}

function isSame(one: AgentNote | undefined, other: AgentNote): boolean {
  return one?.slots === other.slots && one.taken === other.taken && `${one.unable}` === `${other.unable}`;
}
