/**
 * What a session that has ended would have taken in other modes: its tasks with the times they really took, on the
 * agents that were there, under each engine's own dispatcher in virtual time.
 *
 * 1. The mode that was used is done again too: its error is reported, and shows how far the others can be believed.
 * 2. A plan knows in a replay what it knew then: what was expected of each task, and not what it took.
 * 3. What the engine took besides the work is recorded as well, task by task: the mode that was used is done again with
 *    that, and decides again who does what. The others take what they usually do, and as much longer as that one did.
 */
import { counted } from "@tutti/kernel";
import { noDelays } from "../execution/delays.ts";
import { type Execution, execute } from "../execution/execute.ts";
import type { Problem } from "../work/problem.ts";
import { type Beliefs, Believed, beliefsOf } from "./believed.ts";
import { type CutPart, cut, type PartMode } from "./cut.ts";
import { type EngineDelays, engineOf, shortMsOf, usualDelays } from "./engines.ts";
import { type Mode, modes } from "./mode.ts";
import { type RecordedSession, recordedWork } from "./recorded.ts";
import { askedBefore, delaysOfOthers, ownDelays } from "./recorded-delays.ts";
import type { Refused } from "./situation.ts";

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
export function replay(
  session: RecordedSession,
  compared: readonly Mode[] = modes,
  delays: EngineDelays = usualDelays,
): Comparison | { readonly refused: Refused } {
  const made = recordedWork(session);
  if ("refused" in made) return made;
  const { problem, beliefs } = made;
  const own = ownDelays(session, problem, delays);
  const usual = delaysOfOthers(session, own, delays);
  const questions = askedBefore(session);
  const others = compared.filter((mode) => mode !== session.mode);
  const results = [session.mode, ...others].flatMap((mode) => {
    const isReal = mode === session.mode;
    const parts = partsOf(session, problem, beliefs, isReal, delays);
    if (mode === "hybrid" && !isReal && parts.length < 2) return [];
    const { dispatcher, delaysOf } = engineOf(mode, problem, {
      outlookOf: (part, tasks) => new Believed(part, beliefsOf(beliefs, tasks)),
      copies: session.tasks.every(({ repeatable = false }) => repeatable),
      delays: usual,
      parts,
      askedBefore: questions,
    });
    const done = execute(problem, dispatcher, isReal ? (task) => own[task] ?? noDelays : delaysOf);
    return done.left > 0 ? [] : [counterfactual(mode, session, problem, done)];
  });
  const [real] = results;
  const trustworthy = real?.real === true && real.error <= trustedError;
  return { modes: results, trustworthy, assumptions: assumptionsOf(session, real, trustworthy) };
}

/** As it was cut, for the real one. Else as it would be. */
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

/** The finder of tasks was known to be one, or is as good as that. */
function findsOf({ tasks, grown, before }: Problem): Float64Array {
  const finds = new Float64Array(tasks);
  for (let task = 0; task < tasks; task++) {
    if (grown[task] !== 1) continue;
    const finder = before.targets[(before.offsets[task + 1] ?? 0) - 1] ?? 0;
    finds[finder] = (finds[finder] ?? 0) + 1;
  }
  return finds;
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
      ? "The session could not be replayed."
      : `The replay in the mode ${mode} is off by ${(real.error * 100).toFixed(1)} %.${trustworthy ? "" : " So the other results are not reliable."}`;
  return (
    `${counted(tasks.length, "task takes its recorded time, or at another agent", "tasks take their recorded times, or at other agents")} a time in proportion to the speeds. ` +
    `${counted(agents.length, "agent has its", "agents have their")} recorded presence and other work. ` +
    `Plans use the durations expected at the time. ${check}`
  );
}
