/**
 * The durations of an ended session in other modes: its tasks with their real durations, on the agents that
 * were present, under each engine's own dispatcher in virtual time.
 *
 * 1. The used mode is replayed too: its error is reported, and shows how reliable the others are.
 * 2. In a replay, a plan knows what it knew then: the expected durations, not the real ones.
 * 3. The overhead of the engine is recorded task by task. The used mode is replayed with that overhead, and
 *    decides again which agent does what. The others have their usual overhead, increased by as much as that
 *    of the used mode.
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
import { delaysOfOthers, lastUseOrderOf, ownDelays } from "./recorded-delays.ts";
import type { Refused } from "./situation.ts";

export interface Counterfactual {
  readonly mode: Mode;
  readonly simulatedMs: number;
  readonly simulatedUse: { readonly timeMs: number; readonly money: number };
  /** Slots in use, on average. */
  readonly slots: number;
  /** Work divided by time and present slots. */
  readonly efficiency: number;
  readonly real: boolean;
  /** For the real mode: the deviation from the real time, as a share. 0 for others. */
  readonly error: number;
}

export interface Comparison {
  /** The real one first. */
  readonly modes: readonly Counterfactual[];
  /** True if the real mode was reproduced within a twentieth. */
  readonly trustworthy: boolean;
  /** The assumptions, as a text. */
  readonly assumptions: string;
}

const trustedError = 0.05;
export function replay(
  session: RecordedSession,
  compared: readonly Mode[] = modes,
  delays: EngineDelays = usualDelays,
): Comparison | { readonly refused: Refused } {
  const recorded = recordedWork(session);
  if ("refused" in recorded) return recorded;
  const { problem, beliefs } = recorded;
  const own = ownDelays(session, problem, delays);
  const usual = delaysOfOthers(session, own, delays);
  const questions = lastUseOrderOf(session);
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
      lastUseOrder: questions,
    });
    const done = execute(problem, dispatcher, isReal ? (task) => own[task] ?? noDelays : delaysOf);
    return done.unfinished > 0 ? [] : [counterfactual(mode, session, problem, done)];
  });
  const [real] = results;
  const trustworthy = real?.real === true && real.error <= trustedError;
  return { modes: results, trustworthy, assumptions: assumptionsOf(session, real, trustworthy) };
}

/** Returns the parts: the real ones for the real mode, else those of a cut. */
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

/** Returns the finds. A finder was known as one, or is treated as one. */
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
