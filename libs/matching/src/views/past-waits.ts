/** The past waits of a task, by cause: its own, and in between those of all tasks with its demand. */
import { type Wait, WaitCause } from "@tutti/contracts/types/v1";
import { toTimestamp } from "@tutti/kernel";
import type { Task } from "../task/task.ts";
import type { WaitSpan } from "../waits/wait-log.ts";

interface Span extends WaitSpan {
  readonly subject: string;
  readonly message: string;
}

/** Returns waits by cause and subject, in the order of their ends. Without the present causes. */
export function pastWaits(task: Task, untilMs: number, present: ReadonlySet<WaitCause> = new Set()): Wait[] {
  const groups = new Map<string, Span[]>();
  for (const span of spansOf(task, untilMs, present)) {
    const key = `${span.cause} ${span.subject}`;
    groups.set(key, [...(groups.get(key) ?? []), span]);
  }
  return [...groups.values()].map((spans) => waitOf(spans));
}

/**
 * Returns the total wait of a task for its present cause, and the start. Undefined before the first check.
 */
export function presentWait(
  task: Task,
  cause: WaitCause,
  nowMs: number,
): { readonly sinceMs: number; readonly waitedMs: number } | undefined {
  const all = sharedSpans(task, nowMs);
  if (all.length === 0) return undefined;
  const spans = all.filter((span) => span.cause === cause);
  return { sinceMs: spans.at(-1)?.fromMs ?? nowMs, waitedMs: lengthOf(spans) };
}

function waitOf(spans: readonly Span[]): Wait {
  const [first] = spans;
  const last = spans.at(-1);
  const { cause = WaitCause.WAIT_CAUSE_UNSPECIFIED, message = "", subject = "", fromMs = 0 } = first ?? {};
  return {
    cause,
    message,
    subject,
    holders: [],
    present: false,
    waitedMs: lengthOf(spans),
    startTime: toTimestamp(fromMs),
    endTime: toTimestamp(last?.toMs ?? fromMs),
  };
}

function spansOf(task: Task, untilMs: number, present: ReadonlySet<WaitCause>): Span[] {
  const { capability } = task.demand.requirements;
  const shared = sharedSpans(task, untilMs)
    .filter(({ cause }) => !present.has(cause))
    .map((span) => ({ ...span, subject: capability, message: textOf(span.cause, capability) }));
  return [...ownSpans(task), ...shared].sort((one, other) => one.toMs - other.toMs);
}

/** Returns the waits for limits and hooks. */
function ownSpans({ extras, judging }: Task): Span[] {
  const { WAIT_CAUSE_LIMIT, WAIT_CAUSE_HOOK } = WaitCause;
  const ofLimits = (extras?.waited ?? []).map(({ key, fromMs, toMs }) => ({
    cause: WAIT_CAUSE_LIMIT,
    message: `the limit ${key} was full`,
    subject: key,
    fromMs,
    toMs,
  }));
  const ofHooks = (judging?.held ?? []).map(({ hookId, fromMs, toMs }) => ({
    cause: WAIT_CAUSE_HOOK,
    message: `the hook ${hookId} held it`,
    subject: hookId,
    fromMs,
    toMs,
  }));
  return [...ofLimits, ...ofHooks];
}

/** Returns the waits of all tasks with the same demand, without the times of the task's own waits. */
function sharedSpans(task: Task, untilMs: number): WaitSpan[] {
  const { extras, judging, readyMs, stage } = task;
  const away = ownSpans(task).map(({ fromMs, toMs }) => ({ fromMs, toMs }));
  if (stage === "limited" && extras !== undefined) away.push({ fromMs: extras.waitsSinceMs, toMs: untilMs });
  if (stage === "hooked" && judging !== undefined) away.push({ fromMs: judging.heldMs, toMs: untilMs });
  let spans = (extras?.unbound ?? task.demand).waits.between(readyMs, untilMs);
  for (const own of away) spans = spans.flatMap((span) => without(span, own));
  return spans;
}

function without(span: WaitSpan, own: Pick<WaitSpan, "fromMs" | "toMs">): WaitSpan[] {
  const before = { ...span, toMs: Math.min(span.toMs, own.fromMs) };
  const after = { ...span, fromMs: Math.max(span.fromMs, own.toMs) };
  return [before, after].filter(({ fromMs, toMs }) => fromMs < toMs);
}

function lengthOf(spans: readonly WaitSpan[]): number {
  return spans.reduce((sum, { fromMs, toMs }) => sum + toMs - fromMs, 0);
}

export function textOf(cause: WaitCause, capability: string): string {
  switch (cause) {
    case WaitCause.WAIT_CAUSE_NO_CAPABILITY:
      return `no worker offered ${capability}`;
    case WaitCause.WAIT_CAUSE_POLICY:
      return `those who came with ${capability} were refused`;
    case WaitCause.WAIT_CAUSE_NO_MATCH:
      return `no worker for ${capability} was one that it may have`;
    case WaitCause.WAIT_CAUSE_AGENT_START:
      return `all agents for ${capability} were asleep`;
    case WaitCause.WAIT_CAUSE_SLOWED_DOWN:
      return `all agents for ${capability} had said that they were busy`;
    case WaitCause.WAIT_CAUSE_BREAKER:
      return `an agent for ${capability} had room, and its breaker was open`;
    case WaitCause.WAIT_CAUSE_LOCK:
      return `agents for ${capability} were set aside for others`;
    case WaitCause.WAIT_CAUSE_PAUSED:
      return "the pool was paused, or had just been opened";
    case WaitCause.WAIT_CAUSE_BEHIND_OTHERS:
      return `others went first for ${capability}`;
    default:
      return `all agents for ${capability} were busy`;
  }
}
