/**
 * Forecast of a session that would start now: its choice and the result of that choice with the expected durations, and
 * the best plan for its tasks and agents alone. Nothing is started, and nothing is stored.
 */
import { type Choice, Mode, type SessionSpec } from "@tutti/contracts/session/v1";
import type { TaskSpec } from "@tutti/contracts/types/v1";
import type { ReadOnly } from "@tutti/kernel";
import type { Knowledge } from "@tutti/machine-entities/experience";
import {
  cutOf,
  type IntendedTask,
  improvedPlan,
  lowerBounds,
  meanTimes,
  medianOf,
  moneyOf,
  type PresentAgent,
  modes as plannedModes,
  predicted,
  type Refused,
  rehearsed,
  type Situation,
  situationOf,
  timingOf,
  upwardRanks,
  usualDelays,
} from "@tutti/planner";
import { choiceOf, chosenMode, intendedOf, modes } from "./mode-choice.ts";

/** A plan, in milliseconds from now. */
export interface Foreplanned {
  readonly assignments: readonly ForeplannedTask[];
  readonly makespanMs: number;
  /** No plan can be shorter. */
  readonly lowerBoundMs: number;
  readonly criticalPath: readonly string[];
  readonly method: string;
  readonly money: number;
  readonly situation: Situation;
}

interface ForeplannedTask {
  /** Index among the given tasks. */
  readonly task: number;
  readonly taskId: string;
  readonly agentId: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly rankMs: number;
  readonly slackMs: number;
}

export interface Foreseen extends Foreplanned {
  readonly mode: Mode;
  readonly choice: Choice;
  readonly p50Ms: number;
  readonly p90Ms: number;
  /** Number of simulated cases. */
  readonly cases: number;
}

export interface Foreseeable {
  /** Specification with tasks. */
  readonly spec: ReadOnly<SessionSpec>;
  /** Name of the definition. Empty if there is none. */
  readonly definition: string;
  readonly present: readonly PresentAgent[];
  readonly knowledge: Pick<Knowledge, "times" | "uses" | "chooser">;
}

export function foreseen({
  spec,
  definition,
  present,
  knowledge,
}: Foreseeable): Foreseen | { readonly refused: Refused } {
  const tasks = spec.work?.$case === "tasks" ? (spec.work.value.tasks as readonly TaskSpec[]) : [];
  const order = { definition, spec };
  const known = { times: knowledge.times, use: knowledge.uses };
  const result = situationOf(
    tasks.map((task) => intendedOf({ order }, task)),
    present,
    known,
  );
  if ("refused" in result) return result;
  const { situation } = result;
  // A forecast does no exploration: it shows the best known choice.
  const choice = named(
    spec.mode,
    choiceOf(chosenMode(situation, knowledge.chooser, spec, { exploration: 0 })),
  );
  const candidate = choice.candidates[choice.chosen];
  const mode = candidate?.mode ?? Mode.MODE_WORKFLOW;
  const planned = plannedModes.find((each) => modes[each] === mode) ?? "workflow";
  const delays = usualDelays;
  const [prediction] = predicted(situation, [planned], { delays, parts: cutOf(situation, delays) });
  const { timesMs = [], meanMs = 0 } = prediction ?? {};
  const rehearsal = rehearsed(situation, planned);
  const { expectedMs = 0, highMs = 0, expectedUse } = candidate ?? {};
  // The learned correction of predictions applies to the median as well as to the mean.
  const correction = meanMs > 0 && expectedMs > 0 ? expectedMs / meanMs : 1;
  return {
    ...laidOut(situation, rehearsal),
    mode,
    choice,
    method: rehearsal.by,
    cases: timesMs.length,
    money: expectedUse?.money ?? 0,
    p50Ms: medianOf(timesMs) * correction,
    p90Ms: highMs,
  };
}

/** A requested mode is not chosen: the others are listed for comparison. */
function named(requested: Mode, choice: Choice): Choice {
  const chosen = choice.candidates.findIndex(({ mode }) => mode === requested);
  if (chosen < 0) return choice;
  return { ...choice, chosen, confidence: 1, explored: false, fallback: false, reason: "its mode is named" };
}

export interface ForeplanInput {
  readonly tasks: readonly IntendedTask[];
  readonly present: readonly PresentAgent[];
  readonly knowledge: Pick<Knowledge, "times" | "uses">;
  /** Returns whether the time for finding a better order is over. */
  readonly stop: () => boolean;
}

/** Maximum number of tried orders. */
const stepsMax = 20_000;

export function foreplanned({
  tasks,
  present,
  knowledge,
  stop,
}: ForeplanInput): Foreplanned | { readonly refused: Refused } {
  const result = situationOf(tasks, present, { times: knowledge.times, use: knowledge.uses });
  if ("refused" in result) return result;
  const { situation } = result;
  const plan = improvedPlan(situation.problem, { steps: stepsMax, stop });
  // Agents do not leave in a forecast: there is always a plan.
  if (plan === undefined) throw new RangeError("expected a plan on agents that stay");
  return { ...laidOut(situation, plan), method: plan.method, money: moneyOf(situation, plan) };
}

function laidOut(
  situation: Situation,
  {
    agentOf,
    startMs,
    endMs,
    makespanMs,
  }: Pick<ReturnType<typeof rehearsed>, "agentOf" | "startMs" | "endMs" | "makespanMs">,
): Omit<Foreplanned, "method" | "money"> {
  const { problem, taskIds, agentIds } = situation;
  const lastsMs = endMs.map((end, task) => end - (startMs[task] ?? 0));
  const { slackMs, criticalPath } = timingOf(problem.after, lastsMs);
  const ranks = upwardRanks(problem, meanTimes(problem));
  const assignments = taskIds.map((taskId, task) => ({
    task,
    taskId,
    agentId: agentIds[agentOf[task] ?? -1] ?? "",
    startMs: startMs[task] ?? 0,
    endMs: endMs[task] ?? 0,
    rankMs: ranks[task] ?? 0,
    slackMs: Math.max(0, slackMs[task] ?? 0),
  }));
  return {
    assignments: assignments.sort((one, other) => one.startMs - other.startMs || one.task - other.task),
    makespanMs,
    lowerBoundMs: lowerBounds(problem).sharpMs,
    situation,
    criticalPath: criticalPath.map((task) => taskIds[task] ?? ""),
  };
}
