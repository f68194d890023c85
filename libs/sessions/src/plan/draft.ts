/** Inputs of a planned part: its open tasks, the available agents, and a plan for both. */
import type { NewPlan, PlannedPlace } from "@tutti/contracts/session/v1";
import type { Agent } from "@tutti/contracts/swarm/v1";
import type { TaskSpec } from "@tutti/contracts/types/v1";
import { counted } from "@tutti/kernel";
import type { SessionView, TaskView } from "@tutti/machine-session";
import {
  type Estimates,
  heft,
  type IntendedTask,
  LearnedTimes,
  LivePlan,
  lowerBounds,
  type PresentAgent,
  prepare,
  type Situation,
  situationOf,
} from "@tutti/planner";
import { anybody, demandOf, type FleetAnswer, presentIn } from "../agents/fleet.ts";
import { describedIn } from "../agents/learned.ts";

export interface Drafting {
  readonly view: SessionView;
  readonly part: number;
  /** Open tasks of the part. */
  readonly tasks: readonly TaskView[];
  readonly fleet: FleetAnswer;
  /** Estimates that also learn from the part itself. */
  readonly times: Estimates;
  readonly before: Drafted | undefined;
}

/** Above this number of tasks a whole plan is not recorded: it would take too long. */
const forecastMax = 2_000;
/** Pools learn of an end a little later than the work. */
const settledMs = 100;
/** A task that can start this soon is placed now: a turn of the plan for it would take a large part of this time. */
const aheadMs = 100;

interface AheadInput {
  readonly view: SessionView;
  /** Expected ends of started tasks. */
  readonly ends: ReadonlyMap<number, number>;
  /** Free slots by agent. */
  readonly free: number[];
  readonly nowMs: number;
}

/** A task that did not complete is not a sample of its duration. */
class Times extends LearnedTimes {
  isLearning = true;

  override learn(task: number, agent: number, durationMs: number): void {
    if (this.isLearning) super.learn(task, agent, durationMs);
  }
}

export class Drafted {
  readonly plan: LivePlan;
  readonly outlook: Times;
  readonly situation: Situation;
  /** Task numbers in the session, by their places in the plan. */
  readonly numbers: readonly number[];
  readonly placeOf: ReadonlyMap<number, number>;
  /**
   * Tasks that no present agent can execute, and children: they start as soon as possible, and wait in their pool.
   */
  readonly unplanned: readonly number[];
  readonly agentIds: readonly string[];
  readonly ready = new Set<number>();
  readonly ended = new Set<number>();
  /** Tasks that count as started in the plan. */
  readonly started = new Set<number>();
  /** All tasks of the part, including ended ones. */
  readonly tasks: ReadonlySet<number>;
  readonly signature: string;
  /** Reason of the plan. */
  readonly reason: string;
  readonly #slots: readonly number[];
  #agents: readonly Agent[] = [];
  #othersOf: readonly number[] = [];
  #room: readonly number[] = [];

  constructor(
    situation: Situation,
    input: Pick<Drafted, "numbers" | "unplanned" | "signature" | "reason" | "tasks"> & {
      readonly present: readonly PresentAgent[];
      readonly times: Estimates;
    },
  ) {
    const { problem, tasks, agents, agentIds } = situation;
    this.situation = situation;
    this.outlook = new Times(problem, input.times, tasks, agents);
    this.plan = new LivePlan(problem, this.outlook);
    this.numbers = input.numbers;
    this.tasks = input.tasks;
    this.placeOf = new Map(input.numbers.map((number, place) => [number, place]));
    this.unplanned = input.unplanned;
    this.signature = input.signature;
    this.reason = input.reason;
    this.agentIds = agentIds;
    this.#slots = input.present.map(({ slots }) => slots);
  }

  /**
   * Returns whether the part still has the same tasks, and has started each task that counts as started in the plan.
   */
  isOf({ tasks, parts }: SessionView, part: number): boolean {
    const now = tasksIn(parts[part]);
    if (now.size !== this.tasks.size) return false;
    for (const number of now) if (!this.tasks.has(number)) return false;
    for (const number of this.started) {
      const { isPlaced = true, endMs = 0 } = tasks[number] ?? {};
      if (!isPlaced && endMs === 0) return false;
    }
    return true;
  }

  agentPlace(agentId: string): number {
    return this.agentIds.indexOf(agentId);
  }

  /** Handles a task that ended without completing: its followers continue, and nothing is learned. */
  endedIncomplete(place: number, nowMs: number): void {
    this.outlook.isLearning = false;
    this.plan.recordEnd(place, 0, 0, nowMs);
    this.outlook.isLearning = true;
  }

  /**
   * Updates the slots that other work uses. They change while the agents stay the same. They are counted once per
   * answer of the pools, which may be older than the latest ends: these were tasks of the session itself.
   */
  updateUsage({ agents, requestedMs }: FleetAnswer, view: SessionView): void {
    if (agents === this.#agents) return;
    this.#agents = agents;
    const byId = new Map(agents.map((agent) => [agent.agentId, agent]));
    const ours = this.#oursOf(view, requestedMs - settledMs);
    this.#othersOf = this.agentIds.map((id, place) =>
      Math.max(0, (byId.get(id)?.attempts ?? 0) - (ours[place] ?? 0)),
    );
  }

  /** Returns the free slots by agent, limited by the concurrency of the session. */
  freeSlots(view: SessionView, concurrencyMax: number): number[] {
    const ours = this.#oursOf(view);
    let remaining = Math.max(0, concurrencyMax - view.tasks.filter(isAtWork).length);
    const room = this.#slots.map((slots, agent) => {
      const free = Math.max(
        0,
        Math.min(remaining, slots - (ours[agent] ?? 0) - (this.#othersOf[agent] ?? 0)),
      );
      remaining -= free;
      return free;
    });
    // Slots may have become free from other work or other parts of the session: the plan has no other source
    // for this.
    if (room.some((free, agent) => free > (this.#room[agent] ?? 0))) this.plan.joined();
    this.#room = room;
    // Returns a copy, which the caller counts down.
    return [...room];
  }

  /**
   * Starts tasks that will continue started ones soon. Their work then starts them, without a turn of the plan. Such a
   * task is the only one after the tasks that it needs, so it gets a slot of theirs. No other task waits for a slot, so a
   * later plan has nothing to decide.
   */
  startAhead(view: SessionView, free: number[], nowMs: number): PlannedPlace[] {
    const places: PlannedPlace[] = [];
    for (const number of this.ready) if (!this.started.has(number)) return places;
    const running = view.tasks.filter(
      (task) => task.endMs === 0 && (task.isPlaced || this.started.has(task.number)),
    );
    const ends = new Map(running.map((task) => [task.number, this.#endOf(task, nowMs)]));
    const soon = [...ends.keys()];
    for (const number of soon) {
      const next = this.#onlyFollowerOf(number);
      if (next === undefined || this.started.has(this.numbers[next] ?? 0)) continue;
      const ahead = this.#ahead({ view, ends, free, nowMs }, next);
      if (ahead === undefined) continue;
      places.push(ahead);
      ends.set(ahead.task, ahead.endMs);
      soon.push(ahead.task);
    }
    return places;
  }

  #ahead({ view, ends, free, nowMs }: AheadInput, place: number): PlannedPlace | undefined {
    const number = this.numbers[place] ?? -1;
    const task = view.tasks[number];
    if (task === undefined || task.spec.gang !== "") return undefined;
    const { demands, candidates, agentOfSlot, pinned } = this.situation.problem;
    let startMs = nowMs;
    const agents = new Set<number>();
    for (const { task: id } of task.spec.needs) {
      const need = view.byId.get(id) ?? -1;
      if ((view.tasks[need]?.endMs ?? 0) > 0) continue;
      const endMs = ends.get(need);
      if (endMs === undefined || this.#onlyFollowerOf(need) === undefined) return undefined;
      startMs = Math.max(startMs, endMs);
      agents.add(this.plan.agentOf(this.placeOf.get(need) ?? -1));
    }
    if (startMs > nowMs + aheadMs) return undefined;
    let best = -1;
    for (const slot of candidates[demands[place] ?? 0] ?? []) {
      const agent = agentOfSlot[slot] ?? -1;
      const isPinned = pinned[place] !== -1 && pinned[place] !== agent;
      if (isPinned || (!agents.has(agent) && (free[agent] ?? 0) <= 0)) continue;
      if (best === -1 || this.outlook.expectedMs(place, agent) < this.outlook.expectedMs(place, best))
        best = agent;
    }
    if (best === -1) return undefined;
    if (!agents.has(best)) free[best] = (free[best] ?? 0) - 1;
    this.started.add(number);
    this.ready.add(number);
    this.plan.started(place, best, startMs);
    const endMs = startMs + this.outlook.expectedMs(place, best);
    return { task: number, agent: this.agentIds[best] ?? "", startMs, endMs };
  }

  /** Returns the place of the only task that needs this one. Undefined if there is none, or more. */
  #onlyFollowerOf(number: number): number | undefined {
    const { offsets, targets } = this.situation.problem.after;
    const place = this.placeOf.get(number);
    if (place === undefined) return undefined;
    const first = offsets[place] ?? 0;
    return offsets[place + 1] === first + 1 ? targets[first] : undefined;
  }

  /** Returns the expected end of a started task. */
  #endOf({ number, startMs, plannedStartMs }: TaskView, nowMs: number): number {
    const place = this.placeOf.get(number) ?? -1;
    const agent = place < 0 ? -1 : this.plan.agentOf(place);
    if (agent < 0) return Number.POSITIVE_INFINITY;
    const fromMs = startMs || plannedStartMs || nowMs;
    const elapsedMs = Math.max(0, nowMs - fromMs);
    return Math.max(nowMs, fromMs) + this.outlook.remainingMs(place, agent, elapsedMs, 0.5);
  }

  /** Returns the tasks of the session at each agent, now or at an earlier time. */
  #oursOf(view: SessionView, sinceMs = Number.POSITIVE_INFINITY): number[] {
    const ours = new Array<number>(this.agentIds.length).fill(0);
    for (const task of view.tasks) {
      const agent =
        isAtWork(task) || task.endMs >= sinceMs ? this.agentPlace(task.agent || task.plannedAgent) : -1;
      if (agent >= 0) ours[agent] = (ours[agent] ?? 0) + 1;
    }
    return ours;
  }
}

/** Returns whether the work of its part has the task, and it has not ended. */
function isOpen({ isPlaced, endMs }: TaskView): boolean {
  return isPlaced && endMs === 0;
}

/**
 * Returns whether it needs nothing more: a task that waits for another one takes no slot, which that task may
 * need.
 */
function isAtWork(task: TaskView): boolean {
  return isOpen(task) && task.open === 0;
}

const noTasks: ReadonlySet<number> = new Set();

function tasksIn(part: SessionView["parts"][number] | undefined): ReadonlySet<number> {
  return part?.tasks ?? noTasks;
}

/** Returns the earlier plan while tasks and agents are the same, with updated usage by other work. */
export function draft(drafting: Drafting): Drafted {
  const drafted = draftPlan(drafting);
  drafted.updateUsage(drafting.fleet, drafting.view);
  return drafted;
}

function draftPlan(drafting: Drafting): Drafted {
  const { view, part, tasks, before } = drafting;
  const { agents } = drafting.fleet;
  const pool = view.order?.spec?.pool ?? "";
  const able = agents.map(({ agentId, offering }) => `${agentId}:${offering?.slots ?? 1}`).sort();
  const signature = `${view.retries} ${able.join(" ")}`;
  if (before?.signature === signature && before.isOf(view, part)) return before;
  const present = presentIn(
    agents,
    tasks.map(({ spec }) => spec as TaskSpec),
    pool,
  );
  const doable = (task: TaskView) => {
    const demand = demandOf(task.spec as TaskSpec, pool);
    return demand !== anybody && present.some(({ satisfiedDemands }) => satisfiedDemands.has(demand));
  };
  const planned = tasks.filter(doable);
  const among = new Set(planned.map(({ spec }) => spec.id));
  const intended = planned.map((task) => intendedOf(view, task, among, pool));
  learnStated(drafting.times, intended);
  const result = situationOf(intended, atMost(present, planned.length), { times: drafting.times });
  if ("refused" in result) throw new Error(result.refused.detail);
  const drafted = new Drafted(result.situation, {
    numbers: planned.map(({ number }) => number),
    unplanned: tasks.filter((task) => !doable(task)).map(({ number }) => number),
    signature,
    reason: reasonOf(drafting, able),
    present,
    times: drafting.times,
    tasks: new Set(tasksIn(view.parts[part])),
  });
  restore(drafted, planned, view);
  return drafted;
}

/** Limits the slots of agents to the number of tasks: the time for a plan grows with the number of slots. */
function atMost(present: readonly PresentAgent[], tasks: number): readonly PresentAgent[] {
  return present.map((agent) => ({ ...agent, slots: Math.min(agent.slots, Math.max(1, tasks)) }));
}

function intendedOf(
  view: SessionView,
  { spec }: TaskView,
  among: ReadonlySet<string>,
  pool: string,
): IntendedTask {
  const statedMs = spec.estimate?.durationMs ?? 0;
  return {
    id: spec.id,
    needs: spec.needs.map(({ task }) => task).filter((id) => among.has(id)),
    demand: demandOf(spec as TaskSpec, pool),
    ...describedIn(view, spec),
    ...(statedMs > 0 && { statedMs }),
  };
}

/** Learns the estimates of authors for tasks without samples, each like a first attempt. */
function learnStated(times: Estimates, intended: readonly IntendedTask[]): void {
  for (const { capability = "", within = [], inputBytes = 0, statedMs = 0 } of intended) {
    const subject = { capability, within, inputBytes, agentId: "" };
    if (statedMs > 0 && times.estimate(subject)?.basis !== capability) times.learn(subject, statedMs);
  }
}

/**
 * Takes over the current state: started tasks are running, and tasks that could start are ready. Tasks that
 * need tasks outside the plan wait outside.
 */
function restore(drafted: Drafted, tasks: readonly TaskView[], view: SessionView): void {
  const isOpenOutside = (id: string) => {
    const number = view.byId.get(id) ?? -1;
    return !drafted.placeOf.has(number) && view.tasks[number]?.endMs === 0;
  };
  for (const task of tasks) {
    const place = drafted.placeOf.get(task.number) ?? 0;
    if (task.isPlaced) {
      drafted.started.add(task.number);
      const agent = drafted.agentPlace(task.agent || task.plannedAgent);
      drafted.ready.add(task.number);
      if (agent >= 0) drafted.plan.started(place, agent, task.startMs || task.plannedStartMs);
    } else if (task.open === 0) {
      drafted.ready.add(task.number);
      drafted.plan.ready(place);
    } else if (task.spec.needs.some(({ task: id }) => isOpenOutside(id))) drafted.plan.waitsOutside(place);
  }
}

function reasonOf({ before, view, part }: Drafting, able: readonly string[]): string {
  if (before === undefined)
    return view.plans === 0
      ? "it is the first plan"
      : "it was taken over, and planned from its current state";
  const [, ...was] = before.signature.split(" ");
  const joined = able.filter((agent) => !was.includes(agent)).map(nameIn);
  const departed = was.filter((agent) => !able.includes(agent)).map(nameIn);
  const reasons: string[] = [];
  if (joined.length > 0) reasons.push(`${listed(joined)} came`);
  if (departed.length > 0) reasons.push(`${listed(departed)} left`);
  const now = tasksIn(view.parts[part]);
  const added = [...now].filter((number) => !before.tasks.has(number)).length;
  const removed = [...before.tasks].filter((number) => !now.has(number)).length;
  if (added > 0) reasons.push(counted(added, "task was added", "tasks were added"));
  if (removed > 0) reasons.push(`${counted(removed, "task")} moved away`);
  return reasons.length === 0 ? "tasks are to be done again" : reasons.join(", ");
}

function nameIn(agent: string): string {
  return agent.slice(0, agent.lastIndexOf(":"));
}

function listed(names: readonly string[]): string {
  const text = names.slice(0, 5).join(", ");
  return names.length > 5 ? `${text} and ${counted(names.length - 5, "other")}` : text;
}

/** Returns the expected times of all tasks that have not started, by current knowledge. */
export function forecast(drafted: Drafted, view: SessionView, nowMs: number): Omit<NewPlan, "reason"> {
  const { situation, numbers, outlook } = drafted;
  const releaseMs = numbers.map((number) => releaseOf(drafted, view, number, nowMs));
  const { work, fleet } = situation;
  const sizesMs = numbers.map((number, place) =>
    view.tasks[number]?.isPlaced === false ? outlook.usualMs(place) : 0,
  );
  const prepared = numbers.length > forecastMax ? undefined : prepare({ ...work, sizesMs, releaseMs }, fleet);
  const plan = prepared !== undefined && "problem" in prepared ? heft(prepared.problem) : undefined;
  const lowerBoundMs = Math.max(view.plan?.lowerBoundMs ?? 0, lowerBounds(situation.problem).sharpMs);
  const places: PlannedPlace[] = [];
  let endMs = nowMs;
  for (const [place, number] of numbers.entries()) {
    const task = view.tasks[number];
    if (task === undefined || task.endMs > 0) continue;
    if (task.isPlaced) {
      endMs = Math.max(endMs, task.plannedEndMs);
      continue;
    }
    if (plan === undefined) continue;
    const agent = drafted.agentIds[plan.agentOf[place] ?? -1] ?? "";
    const planned = {
      task: number,
      agent,
      startMs: nowMs + (plan.startMs[place] ?? 0),
      endMs: nowMs + (plan.endMs[place] ?? 0),
    };
    endMs = Math.max(endMs, planned.endMs);
    places.push(planned);
  }
  return { expectedEndMs: endMs, lowerBoundMs, places };
}

/** Returns the expected time in milliseconds until its started needs have ended. */
function releaseOf(drafted: Drafted, view: SessionView, number: number, nowMs: number): number {
  let latestMs = 0;
  for (const { task: id } of view.tasks[number]?.spec.needs ?? []) {
    const needed = view.tasks[view.byId.get(id) ?? -1];
    if (needed === undefined || needed.endMs > 0) continue;
    const place = drafted.placeOf.get(needed.number);
    const agent = drafted.agentPlace(needed.agent || needed.plannedAgent);
    const remainingMs =
      needed.isPlaced && place !== undefined && agent >= 0
        ? drafted.outlook.remainingMs(place, agent, Math.max(0, nowMs - (needed.startMs || nowMs)), 0.5)
        : Math.max(0, needed.plannedEndMs - nowMs);
    latestMs = Math.max(latestMs, remainingMs);
  }
  return latestMs;
}
