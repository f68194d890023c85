/** Record of an ended session for a repetition in virtual time: its tasks as executed, and the available agents. */
import type { NoteAgents } from "@tutti/contracts/session/v1";
import type { TaskSpec } from "@tutti/contracts/types/v1";
import { agentNotes, Concurrency, modeName, type SessionView, type TaskView } from "@tutti/machine-session";
import type { Mode, PartMode, RecordedAgent, RecordedSession, RecordedTask } from "@tutti/planner";
import { anybody, demandOf } from "../agents/fleet.ts";
import { describedIn } from "../agents/learned.ts";

/**
 * Tolerance between the clocks of starts and of ends, which have whole milliseconds: tasks with a smaller
 * overlap ran in sequence.
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

/** Returns the observed agents, and those that executed a task without being observed. */
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
    const { slots, unable, ...presence } = observed(id, notes, view.beginMs, own);
    const unmet = new Set([...unable].map((number) => tasks[number]?.demand));
    return {
      id,
      slots: slots || Math.max(1, concurrentMax(own)),
      ...presence,
      ...costOf(view, own),
      satisfiedDemands: new Set([...all].filter((demand) => !unmet.has(demand))),
    };
  });
}

interface Step {
  readonly ms: number;
  readonly slots: number;
  readonly taken: number;
}

function observed(id: string, notes: readonly NoteAgents[], beginMs: number, own: readonly RecordedTask[]) {
  const unable = new Set<number>();
  const steps = notes.flatMap(({ agents, seeMs }, at): Step[] => {
    const note = agents.find(({ agent }) => agent === id);
    for (const number of note?.unable ?? []) unable.add(number);
    // The first observation applies from the start.
    return note === undefined ? [] : [{ ...note, ms: at === 0 ? 0 : Math.max(0, seeMs - beginMs) }];
  });
  const slots = Math.max(0, ...steps.map((step) => step.slots));
  const firstMs = Math.min(steps[0]?.ms ?? 0, ...own.map(({ startMs }) => startMs));
  const joinMs = (steps[0]?.ms ?? 0) === 0 ? 0 : Math.max(0, firstMs);
  return { slots, unable, joinMs, taken: usedPeriods(steps, slots) };
}

/** Returns the slots that were used by other work or missing, as one period each. */
function usedPeriods(steps: readonly Step[], slots: number) {
  const spans: { readonly fromMs: number; readonly untilMs: number }[] = [];
  const open: number[] = [];
  for (const step of steps) {
    const missing = Math.min(slots, step.taken + slots - step.slots);
    while (open.length < missing) open.push(step.ms);
    while (open.length > missing) spans.push({ fromMs: open.shift() ?? 0, untilMs: step.ms });
  }
  return [...spans, ...open.map((fromMs) => ({ fromMs, untilMs: Number.POSITIVE_INFINITY }))];
}

/** Returns the maximum number of its tasks that ran there together. */
function concurrentMax(own: readonly RecordedTask[]): number {
  const spans = own.map(({ startMs, endMs }) => {
    return { fromMs: startMs, toMs: Math.max(startMs, endMs - clocksMs) };
  });
  return new Concurrency(spans).most;
}

/** Returns the cost of its time, by the usage of its tasks. */
function costOf({ tasks, byId }: SessionView, own: readonly RecordedTask[]) {
  const workMs = own.reduce((sum, task) => sum + task.workMs, 0);
  const money = own.reduce((sum, { id }) => sum + (tasks[byId.get(id) ?? -1]?.used?.money ?? 0), 0);
  return workMs > 0 && money > 0 ? { moneyPerMs: money / workMs } : {};
}
