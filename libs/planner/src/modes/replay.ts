/**
 * What a session that has ended would have taken in other modes: its tasks with the times they really took, on the agents that were
 * there, under each engine's own dispatcher in virtual time.
 *
 * 1. The mode that was used is done again too: how far that is off is told, and says how far the others can be believed.
 * 2. A plan knows in a replay what it knew then: what was expected of each task, and not what it took.
 * 3. What the engines take besides the work is taken from the record where it shows it, for the mode that was used; else as usual.
 */
import type { Delays } from "../execution/delays.ts";
import { type Execution, execute } from "../execution/execute.ts";
import type { Problem } from "../work/problem.ts";
import { prepare } from "../work/problem.ts";
import { type Beliefs, Believed, beliefsOf } from "./believed.ts";
import { type CutPart, cut, type PartMode } from "./cut.ts";
import { type EngineDelays, engineOf, shortMsOf, usualDelays } from "./engines.ts";
import { type Mode, modes } from "./mode.ts";
import type { PresentAgent, Refused } from "./situation.ts";
import { situationOf } from "./situation.ts";

export interface RecordedTask {
  readonly id: string;
  readonly needs: readonly string[];
  readonly demand: string;
  /** What it is, to estimates; tasks of one kind tell a plan of each other. */
  readonly capability?: string;
  /** The agent that it was done at. */
  readonly agentId: string;
  /** How long it was at work there, over all attempts. */
  readonly workMs: number;
  /** When it began and ended, from the start of the session. */
  readonly startMs: number;
  readonly endMs: number;
  /** When it was added, from the start, where it was not there from the beginning; and by which task, if by one. */
  readonly addedMs?: number;
  readonly foundBy?: string;
  /** What was expected of it at an agent of speed 1, and how far off that was, as the deviation of its logarithm. */
  readonly expectedMs?: number;
  readonly deviation?: number;
  readonly repeatable?: boolean;
  /** Where it ended up, of a session in parts. */
  readonly partMode?: PartMode;
  /** The agent that it had to go to. */
  readonly pinnedTo?: string;
}

export interface RecordedSession {
  readonly mode: Mode;
  /** From its start to its end. */
  readonly realMs: number;
  readonly tasks: readonly RecordedTask[];
  /** Those that were there, with their speeds as they showed. */
  readonly agents: readonly RecordedAgent[];
}

export interface RecordedAgent extends PresentAgent {
  /** When it came and went, from the start. */
  readonly joinMs?: number;
  readonly leaveMs?: number;
}

export interface Counterfactual {
  readonly mode: Mode;
  readonly simulatedMs: number;
  readonly simulatedUse: { readonly timeMs: number; readonly money: number };
  /** Slots taken, on the average. */
  readonly slots: number;
  /** Work by time and slots that were there. */
  readonly efficiency: number;
  readonly real: boolean;
  /** For the real mode: by which share of the real time it is off. 0 for others. */
  readonly error: number;
}

export interface Comparison {
  /** The real one first. */
  readonly modes: readonly Counterfactual[];
  /** The real mode came out as it was, within a twentieth. */
  readonly trustworthy: boolean;
  /** In words, what was assumed. */
  readonly assumptions: string;
}

const trustedError = 0.05;
/** What a plan knew of tasks of which nothing is recorded. */
const unknownDeviation = 1;

export function replay(
  session: RecordedSession,
  compared: readonly Mode[] = modes,
  delays: EngineDelays = usualDelays,
): Comparison | { readonly refused: Refused } {
  const made = recordedProblem(session);
  if ("refused" in made) return made;
  const { problem, beliefs } = made;
  const seen = delaysSeen(session, problem, delays);
  const others = compared.filter((mode) => mode !== session.mode);
  const results = [session.mode, ...others].flatMap((mode) => {
    const isReal = mode === session.mode;
    const parts = partsOf(session, problem, beliefs, isReal, delays);
    if (mode === "hybrid" && !isReal && parts.length < 2) return [];
    const { dispatcher, delaysOf } = engineOf(mode, problem, {
      outlookOf: (part, tasks) => new Believed(part, beliefsOf(beliefs, tasks)),
      copies: session.tasks.every(({ repeatable = false }) => repeatable),
      delays: seen,
      parts,
    });
    const done = execute(problem, dispatcher, delaysOf);
    return done.left > 0 ? [] : [counterfactual(mode, session, problem, done)];
  });
  const [real] = results;
  const trustworthy = real?.real === true && real.error <= trustedError;
  return { modes: results, trustworthy, assumptions: assumptionsOf(session, real, trustworthy) };
}

function recordedProblem(
  session: RecordedSession,
): { readonly problem: Problem; readonly beliefs: Beliefs } | { readonly refused: Refused } {
  const { tasks, agents } = session;
  const known = new Set(tasks.map(({ id }) => id));
  const intended = tasks.map(({ id, needs, foundBy, demand, capability, pinnedTo }) => ({
    id,
    needs: foundBy !== undefined && known.has(foundBy) && foundBy !== id ? [...needs, foundBy] : needs,
    demand,
    ...(capability !== undefined && { capability }),
    ...(pinnedTo !== undefined && { agentId: pinnedTo }),
  }));
  const made = situationOf(intended, agents);
  if ("refused" in made) return made;
  const { work, fleet, problem } = made.situation;
  const numbers = new Map(agents.map(({ id }, number) => [id, number]));
  const sizesMs = tasks.map(({ agentId, workMs }, task) => {
    const pace =
      problem.paces[(problem.demands[task] ?? 0) * problem.agents + (numbers.get(agentId) ?? 0)] ?? 1;
    return workMs / (pace > 0 && pace < Number.POSITIVE_INFINITY ? pace : 1);
  });
  const prepared = prepare(
    {
      ...work,
      sizesMs,
      grown: tasks.map(({ foundBy }) => (foundBy === undefined ? 0 : 1)),
      releaseMs: tasks.map(({ addedMs = 0, foundBy }) => (foundBy === undefined ? addedMs : 0)),
    },
    {
      ...fleet,
      joinMs: agents.map(({ joinMs = 0 }) => joinMs),
      leaveMs: agents.map(({ leaveMs = Number.POSITIVE_INFINITY }) => leaveMs),
    },
  );
  if ("impossible" in prepared) {
    const { task, reason } = prepared.impossible;
    const taskId = tasks[task]?.id ?? "";
    return {
      refused: { taskId, reason, detail: `nobody of those that were there could do ${taskId} in time` },
    };
  }
  const kinds = new Map<string, number>();
  const usualMs = meanOf(sizesMs);
  const beliefs = {
    // Of which nobody expected anything was to be like all of them.
    mediansMs: Float64Array.from(tasks, ({ expectedMs = 0 }) => (expectedMs > 0 ? expectedMs : usualMs)),
    kindVariance: Float64Array.from(tasks, ({ deviation = unknownDeviation }) => deviation ** 2 / 2),
    ownVariance: Float64Array.from(tasks, ({ deviation = unknownDeviation }) => deviation ** 2 / 2),
    kindOf: Uint32Array.from(tasks, ({ demand, capability = demand }) => {
      const number = kinds.get(capability) ?? kinds.size;
      kinds.set(capability, number);
      return number;
    }),
  };
  return { problem: prepared.problem, beliefs };
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}

/** As it was cut, for the real one; else as it would be. */
function partsOf(
  { tasks }: RecordedSession,
  problem: Problem,
  { mediansMs }: Beliefs,
  isReal: boolean,
  delays: EngineDelays,
): readonly CutPart[] {
  if (!isReal)
    return cut({
      graph: problem.after,
      sizesMs: mediansMs,
      finds: findsOf(problem),
      shortMs: shortMsOf(delays),
    });
  const own = new Map<PartMode, number[]>();
  tasks.forEach(({ partMode = "workflow" }, task) => {
    own.set(partMode, [...(own.get(partMode) ?? []), task]);
  });
  return [...own].map(([mode, those]) => ({ mode, tasks: those, reason: "" }));
}

/** Whoever found tasks was known to, or is as good as that. */
function findsOf({ tasks, grown, before }: Problem): Float64Array {
  const finds = new Float64Array(tasks);
  for (let task = 0; task < tasks; task++) {
    if (grown[task] !== 1) continue;
    const finder = before.targets[(before.offsets[task + 1] ?? 0) - 1] ?? 0;
    finds[finder] = (finds[finder] ?? 0) + 1;
  }
  return finds;
}

/** What passed between an end and the beginning of what waited for it, where there were slots for all that waited, is the engine's. */
function delaysSeen(session: RecordedSession, problem: Problem, delays: EngineDelays): EngineDelays {
  const { mode, tasks } = session;
  if (mode === "hybrid" || tasks.length === 0) return delays;
  const ends = tasks.map(({ endMs }) => endMs).toSorted((one, other) => one - other);
  const readies = tasks.map(({ addedMs = 0 }, task) => readyMsOf(session, problem, task) ?? addedMs);
  const sorted = readies.toSorted((one, other) => one - other);
  const gaps: number[] = [];
  tasks.forEach(({ startMs }, task) => {
    const readyMs = readies[task] ?? 0;
    // All that had become ready and had not ended was at work, or waited.
    const wanted = countBelow(sorted, readyMs) - countBelow(ends, readyMs);
    if (readyMs > 0 && problem.grown[task] !== 1 && wanted <= problem.slots)
      gaps.push(Math.max(0, startMs - readyMs));
  });
  const usual = delays[mode];
  const firstMs = Math.min(...tasks.map(({ startMs, addedMs = 0 }) => startMs - addedMs));
  const startMs = Math.max(0, firstMs - usual.beginMs);
  const gapMs = gaps.toSorted((one, other) => one - other)[Math.floor(gaps.length / 2)];
  const turnMs = gapMs === undefined ? usual.turnMs : Math.max(0, gapMs - usual.beginMs);
  return { ...delays, [mode]: { ...usual, startMs, turnMs } satisfies Delays };
}

/** When the last thing that it needed had ended; undefined where it needed nothing that was there from the beginning. */
function readyMsOf({ tasks }: RecordedSession, { before, grown }: Problem, task: number): number | undefined {
  if (grown[task] === 1) return undefined;
  let readyMs: number | undefined;
  for (let edge = before.offsets[task] ?? 0; edge < (before.offsets[task + 1] ?? 0); edge++)
    readyMs = Math.max(readyMs ?? 0, tasks[before.targets[edge] ?? 0]?.endMs ?? 0);
  return readyMs;
}

/** How many of the sorted are at or below. */
function countBelow(sorted: readonly number[], value: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] ?? 0) <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}

function counterfactual(
  mode: Mode,
  session: RecordedSession,
  { slots }: Problem,
  { makespanMs, busyMs, busyMsOf }: Execution,
): Counterfactual {
  const real = mode === session.mode;
  return {
    mode,
    simulatedMs: makespanMs,
    simulatedUse: {
      timeMs: busyMs,
      money: busyMsOf.reduce((sum, each, agent) => sum + each * (session.agents[agent]?.moneyPerMs ?? 0), 0),
    },
    slots: makespanMs === 0 ? 0 : busyMs / makespanMs,
    efficiency: makespanMs === 0 || slots === 0 ? 0 : busyMs / (makespanMs * slots),
    real,
    error: real && session.realMs > 0 ? Math.abs(makespanMs - session.realMs) / session.realMs : 0,
  };
}

function assumptionsOf(
  { mode, tasks, agents }: RecordedSession,
  real: Counterfactual | undefined,
  trustworthy: boolean,
): string {
  const check =
    real === undefined
      ? "it could not be done again"
      : `done again as ${mode} it is off by ${(real.error * 100).toFixed(1)} %${trustworthy ? "" : ", so the others are not to be relied on"}`;
  return (
    `${tasks.length} tasks take as long as they did, at other agents in proportion to their speeds; ` +
    `the ${agents.length} agents are there when they were and have nothing else to do; ` +
    `plans know what was expected then; ${check}`
  );
}
