/** What a session that has ended was, for those who do it again in virtual time: its tasks as they went, and who was there. */
import type { NoteAgents } from "@tutti/contracts/session/v1";
import type { TaskSpec } from "@tutti/contracts/types/v1";
import { AtWork, agentNotes, modeName, type SessionView, type TaskView } from "@tutti/machine-session";
import type { Mode, PartMode, RecordedAgent, RecordedSession, RecordedTask } from "@tutti/planner";
import { anybody, demandOf } from "../agents/fleet.ts";
import { describedIn } from "../agents/learned.ts";

/**
 * Ends come in whole milliseconds, by another clock than starts: tasks that overlap for less followed each
 * other.
 */
const clocksMs = 5;

export function recordOf(view: SessionView): RecordedSession {
  const pool = view.order?.spec?.pool ?? "";
  const tasks = view.tasks.map((task) => recordedTask(view, task, pool));
  return {
    mode: modeName(view.mode) as Mode,
    realMs: view.endMs - view.beginMs,
    tasks,
    agents: recordedAgents(view, tasks),
  };
}

function recordedTask(view: SessionView, task: TaskView, pool: string): RecordedTask {
  const { beginMs } = view;
  const { spec, agent, startMs, endMs, plannedStartMs, plannedEndMs, part } = task;
  const partMode = modeName(view.parts[part]?.mode ?? view.mode) as PartMode;
  const statedMs = spec.estimate?.durationMs ?? 0;
  const expectedMs = plannedEndMs - plannedStartMs || statedMs;
  const isPlanned = partMode === "intelligence" && plannedStartMs > 0;
  return {
    id: spec.id,
    needs: spec.needs.map(({ task: id }) => id),
    demand: demandOf(spec as TaskSpec, pool),
    ...(spec.work?.$case === "capability" && { capability: spec.work.value }),
    agentId: agent,
    workMs: Math.max(0, endMs - startMs),
    startMs: startMs - beginMs,
    endMs: endMs - beginMs,
    repeatable: spec.mayBeDoubled,
    partMode,
    ...(isPlanned && { decideMs: Math.max(0, plannedStartMs - beginMs) }),
    inputBytes: describedIn(view, spec).inputBytes,
    ...(statedMs > 0 && { statedMs }),
    ...(expectedMs > 0 && { expectedMs }),
  };
}

/** Those that were seen, and those that did something and were not. */
function recordedAgents(view: SessionView, tasks: readonly RecordedTask[]): readonly RecordedAgent[] {
  const notes = agentNotes(view);
  const all = new Set([anybody, ...tasks.map(({ demand }) => demand)]);
  const byAgent = Map.groupBy(tasks, ({ agentId }) => agentId);
  const ids = new Set([
    ...notes.flatMap(({ agents }) => agents.map(({ agent }) => agent)),
    ...byAgent.keys(),
  ]);
  return [...ids].map((id) => {
    const own = byAgent.get(id) ?? [];
    const { slots, unable, ...presence } = seen(id, notes, view.beginMs, own);
    const unmet = new Set([...unable].map((number) => tasks[number]?.demand));
    return {
      id,
      slots: slots || Math.max(1, atOnce(own)),
      ...presence,
      ...costOf(view, own),
      meets: new Set([...all].filter((demand) => !unmet.has(demand))),
    };
  });
}

interface Step {
  readonly ms: number;
  readonly slots: number;
  readonly taken: number;
}

function seen(id: string, notes: readonly NoteAgents[], beginMs: number, own: readonly RecordedTask[]) {
  const unable = new Set<number>();
  const steps = notes.flatMap(({ agents, seeMs }, at): Step[] => {
    const note = agents.find(({ agent }) => agent === id);
    for (const number of note?.unable ?? []) unable.add(number);
    // What is seen first was so from the beginning.
    return note === undefined ? [] : [{ ...note, ms: at === 0 ? 0 : Math.max(0, seeMs - beginMs) }];
  });
  const slots = Math.max(0, ...steps.map((step) => step.slots));
  const firstMs = Math.min(steps[0]?.ms ?? 0, ...own.map(({ startMs }) => startMs));
  const joinMs = (steps[0]?.ms ?? 0) === 0 ? 0 : Math.max(0, firstMs);
  return { slots, unable, joinMs, taken: takenIn(steps, slots) };
}

/** Slots that were others', or not there, as spans of one each. */
function takenIn(steps: readonly Step[], slots: number) {
  const spans: { readonly fromMs: number; readonly untilMs: number }[] = [];
  const open: number[] = [];
  for (const step of steps) {
    const missing = Math.min(slots, step.taken + slots - step.slots);
    while (open.length < missing) open.push(step.ms);
    while (open.length > missing) spans.push({ fromMs: open.shift() ?? 0, untilMs: step.ms });
  }
  return [...spans, ...open.map((fromMs) => ({ fromMs, untilMs: Number.POSITIVE_INFINITY }))];
}

/** Returns how many of its tasks were running there together. */
function atOnce(own: readonly RecordedTask[]): number {
  const spans = own.map(({ startMs, endMs }) => {
    return { fromMs: startMs, toMs: Math.max(startMs, endMs - clocksMs) };
  });
  return new AtWork(spans).most;
}

/** What its time cost, by what its tasks used up. */
function costOf({ tasks, byId }: SessionView, own: readonly RecordedTask[]) {
  const workMs = own.reduce((sum, task) => sum + task.workMs, 0);
  const money = own.reduce((sum, { id }) => sum + (tasks[byId.get(id) ?? -1]?.used?.money ?? 0), 0);
  return workMs > 0 && money > 0 ? { moneyPerMs: money / workMs } : {};
}
