/** Derives the texts of the page of a session. */
import type {
  Choice,
  Mode,
  ModeCandidate,
  Performance,
  Session,
  SessionTask,
  TaskMove,
  WaitCause,
} from "@tutti/rest/types";
import { asSentence } from "../../elements/markdown.ts";
import { count, figure, percent, span } from "../../elements/moments.ts";
import type { Steering } from "../../elements/steering.ts";
import { voiceOf } from "./voices.ts";

/** Returns the title. Empty if the session has only an id. */
export function titleOf({ spec }: Pick<Session, "spec">): string {
  return spec?.title ?? "";
}

export function hasEnded({ endTimeMs = 0 }: Pick<Session, "endTimeMs">): boolean {
  return endTimeMs > 0;
}

const pause: Steering = {
  verb: "pause",
  label: "Pause",
  weight: "plain",
  question: "Running tasks finish. No new tasks start until you resume.",
  doneText: "Paused. Running tasks finish, no new tasks start.",
};
const resume: Steering = {
  verb: "resume",
  label: "Resume",
  weight: "main",
  question: "Parts resume.",
  doneText: "Resumed.",
};
const cancel: Steering = {
  verb: "cancel",
  label: "Cancel",
  weight: "grave",
  question: "Stops running tasks and compensates completed tasks. You cannot undo this.",
  doneText: "Cancelling.",
};
const terminate: Steering = {
  verb: "terminate",
  label: "Terminate",
  weight: "grave",
  question: "The session ends at once. No compensation runs.",
  doneText: "Terminated.",
};
const retry: Steering = {
  verb: "retry",
  label: "Retry",
  weight: "main",
  question: "Failed tasks run again. Completed tasks keep their results.",
  doneText: "Retried.",
};

/** In the order of the buttons: helpful actions first, final ones last. */
export function actionsOf(session: Pick<Session, "status" | "endTimeMs">): readonly Steering[] {
  if (hasEnded(session)) return session.status === "failed" ? [retry] : [];
  switch (session.status) {
    case "paused":
      return [resume, cancel, terminate];
    case "cancelling":
      return [terminate];
    default:
      return [pause, cancel, terminate];
  }
}

export interface WaitLine {
  readonly cause: string;
  readonly waitedMs: number;
  /** Share of the total wait. */
  readonly share: number;
}

/** Describes the waiting causes of tasks. An unknown cause is shown by its name. */
const causes: Readonly<Partial<Record<WaitCause, string>>> = {
  needs: "needed tasks",
  paused: "a resume of the session",
  limit: "a slot within its limit",
  start: "an engine",
  behind_others: "their place in the plan",
  child: "the orchestrator",
  busy: "an agent with free slots",
};

/** Returns the waiting causes of tasks before their start, the longest first. */
export function waitLines({ waits }: Pick<Performance, "waits">): readonly WaitLine[] {
  const totalMs = waits.reduce((sum, { waitedMs = 0 }) => sum + waitedMs, 0);
  return waits
    .filter(({ waitedMs = 0 }) => waitedMs > 0)
    .map(({ cause = "unspecified", waitedMs = 0 }) => ({
      cause: causes[cause] ?? cause.replaceAll("_", " "),
      waitedMs,
      share: waitedMs / totalMs,
    }))
    .sort((one, other) => other.waitedMs - one.waitedMs);
}

/** `12 %`. In words where nothing was predicted that has ended. */
export function errorText({ predicted = 0, predictionError = 0 }: Performance): string {
  return predicted === 0 ? "none yet" : percent(predictionError);
}

/** `2.1 s late`, `as planned`. */
export function lateText(lateMs: number): string {
  if (Math.abs(lateMs) < 1) return "as planned";
  return `${span(Math.abs(lateMs))} ${lateMs > 0 ? "late" : "early"}`;
}

/** How a choice was made. */
export function choiceText({ confidence = 0, explored, fallback }: Choice): string {
  if (fallback === true) return "safe default";
  if (explored === true) return "exploration";
  return `${percent(confidence)} sure`;
}

/**
 * Explains the mode of the session, in sentences. Each part has its own reason, so with one part it is the reason of
 * that part.
 *
 * @param choices the oldest first
 */
export function modeReason(
  { spec, effectiveMode, parts }: Pick<Session, "spec" | "effectiveMode" | "parts">,
  choices: readonly Choice[],
): string {
  const choice = choices.findLast(({ kind }) => kind === "mode" || kind === "cut");
  const [only] = parts;
  const ofPart = parts.length === 1 && choice !== undefined ? asSentence(only?.reason ?? "") : "";
  if (spec?.mode !== "adaptive") {
    const mode = voiceOf(spec?.mode ?? effectiveMode).label;
    return [`The mode ${mode} was set at the start.`, ofPart].filter(Boolean).join(" ");
  }
  if (choice === undefined) return "Tutti chooses the mode when the session starts.";
  return [`Tutti chose the mode ${voiceOf(effectiveMode).label}.`, asSentence(choice.reason ?? ""), ofPart]
    .filter((text, at, all) => text !== "" && all.indexOf(text) === at)
    .join(" ");
}

/** Names the chosen mode. A cut graph has parts in several modes. */
export function chosenMode({ kind, candidates, chosen = 0 }: Choice): Mode | undefined {
  return kind === "cut" ? "hybrid" : candidates[chosen]?.mode;
}

/** `31 % longer than expected`. Undefined where nothing was expected or nothing came of it yet. */
export function outcomeText({ outcome, candidates, chosen = 0 }: Choice): string | undefined {
  const { expectedMs = 0 } = candidates[chosen] ?? {};
  if (outcome === undefined) return undefined;
  const { realMs = 0 } = outcome;
  if (expectedMs === 0) return `took ${span(realMs)}`;
  const off = realMs / expectedMs - 1;
  if (Math.abs(off) < 0.01) return `took ${span(realMs)}, as expected`;
  return `took ${span(realMs)}, ${percent(Math.abs(off))} ${off > 0 ? "longer" : "shorter"} than expected`;
}

export interface CandidateLine {
  readonly mode: Mode | undefined;
  readonly isChosen: boolean;
  readonly isEligible: boolean;
  readonly time: string;
  /** To which it rises in one of ten. */
  readonly high: string;
  readonly money: string;
  readonly quality: string;
  readonly score: string;
  readonly reason: string;
  /** Share of the longest wait, for the bar. */
  readonly share: number;
  readonly highShare: number;
}

export function candidateLines({ candidates, chosen = 0 }: Pick<Choice, "candidates" | "chosen">) {
  const longest = Math.max(
    1,
    ...candidates.map(({ highMs = 0, expectedMs = 0 }) => Math.max(highMs, expectedMs)),
  );
  return candidates.map((candidate, at): CandidateLine => candidateLine(candidate, at === chosen, longest));
}

function candidateLine(candidate: ModeCandidate, isChosen: boolean, longest: number): CandidateLine {
  const { mode, eligible, expectedMs = 0, highMs = 0, expectedUse, expectedQuality = 0, score } = candidate;
  const money = expectedUse?.money ?? 0;
  return {
    mode,
    isChosen,
    isEligible: eligible === true,
    reason: candidate.reason ?? "",
    time: span(expectedMs),
    high: highMs > expectedMs ? span(highMs) : "",
    money: money > 0 ? figure(money) : "",
    quality: expectedQuality > 0 ? percent(expectedQuality) : "",
    score: score === undefined ? "" : score.toFixed(2),
    share: expectedMs / longest,
    highShare: Math.max(expectedMs, highMs) / longest,
  };
}

/** Names the work of a task: a capability, a child run or a child mission. */
export function doneBy({ spec }: Pick<SessionTask, "spec">): string {
  const { capability = "", workflow, mission } = spec ?? {};
  return capability || (workflow?.name ? `workflow ${workflow.name}` : (mission?.name ?? ""));
}

/** Returns the mode of each part, by its id. */
export function modesOfParts({ parts }: Pick<Session, "parts">): ReadonlyMap<string, Mode> {
  return new Map(
    parts.flatMap(({ partId = "", mode }) => (mode === undefined ? [] : [[partId, mode] as const])),
  );
}

/** Returns the last move of each task. */
export function lastMoves(moves: readonly TaskMove[]): ReadonlyMap<string, TaskMove> {
  return new Map(moves.map((move) => [move.taskId ?? "", move]));
}

export interface JointMove extends Omit<TaskMove, "taskId"> {
  readonly taskIds: readonly string[];
}

/** Groups tasks that moved at the same time for the same reason. */
export function movesTogether(moves: readonly TaskMove[]): readonly JointMove[] {
  const together = new Map<string, JointMove>();
  for (const { taskId = "", ...move } of moves) {
    const key = [move.fromPartId, move.toPartId, move.moveTimeMs, move.reason].join("\n");
    together.set(key, { ...move, taskIds: [...(together.get(key)?.taskIds ?? []), taskId] });
  }
  return [...together.values()];
}

/**
 * `moved after 2.1 s`. For a bundle of tasks, with the number of moved ones: `5 of 40 moved, the last after 2.1 s`.
 * Empty for tasks that stayed.
 */
export function movedText(
  taskIds: readonly string[],
  lastMoves: ReadonlyMap<string, TaskMove>,
  startMs: number,
): string {
  const times = taskIds.flatMap((id) => {
    const move = lastMoves.get(id);
    return move === undefined ? [] : [(move.moveTimeMs ?? startMs) - startMs];
  });
  if (times.length === 0) return "";
  const after = `after ${span(times.reduce((one, other) => Math.max(one, other)))}`;
  return taskIds.length === 1
    ? `moved ${after}`
    : `${count(times.length)} of ${count(taskIds.length)} moved, the last ${after}`;
}
