/** The past waits of a task, by cause: its own, and in between those of all tasks with its demand. */
import { type Wait, WaitCause } from "@tutti/contracts/types/v1";
import { toTimestamp } from "@tutti/kernel";
import type { Task } from "../task/task.ts";
import type { WaitInterval } from "../waits/wait-log.ts";

interface DescribedInterval extends WaitInterval {
  readonly subject: string;
  readonly message: string;
}

/** Returns waits by cause and subject, in the order of their ends. Without the present causes. */
export function pastWaits(task: Task, untilMs: number, present: ReadonlySet<WaitCause> = new Set()): Wait[] {
  const groups = new Map<string, DescribedInterval[]>();
  for (const interval of intervalsOf(task, untilMs, present)) {
    const key = `${interval.cause} ${interval.subject}`;
    groups.set(key, [...(groups.get(key) ?? []), interval]);
  }
  return [...groups.values()].map((intervals) => waitOf(intervals));
}

/**
 * Returns the total wait of a task for its present cause, and the start. Undefined before the first check.
 */
export function presentWait(
  task: Task,
  cause: WaitCause,
  nowMs: number,
): { readonly sinceMs: number; readonly waitedMs: number } | undefined {
  const all = sharedIntervals(task, nowMs);
  if (all.length === 0) return undefined;
  const intervals = all.filter((interval) => interval.cause === cause);
  return { sinceMs: intervals.at(-1)?.fromMs ?? nowMs, waitedMs: lengthOf(intervals) };
}

function waitOf(intervals: readonly DescribedInterval[]): Wait {
  const [first] = intervals;
  const last = intervals.at(-1);
  const { cause = WaitCause.WAIT_CAUSE_UNSPECIFIED, message = "", subject = "", fromMs = 0 } = first ?? {};
  return {
    cause,
    message,
    subject,
    holders: [],
    present: false,
    waitedMs: lengthOf(intervals),
    startTime: toTimestamp(fromMs),
    endTime: toTimestamp(last?.toMs ?? fromMs),
  };
}

function intervalsOf(task: Task, untilMs: number, present: ReadonlySet<WaitCause>): DescribedInterval[] {
  const { capability } = task.demand.requirements;
  const shared = sharedIntervals(task, untilMs)
    .filter(({ cause }) => !present.has(cause))
    .map((interval) => ({ ...interval, subject: capability, message: textOf(interval.cause, capability) }));
  return [...ownIntervals(task), ...shared].sort((one, other) => one.toMs - other.toMs);
}

/** Returns the waits for limits and hooks. */
function ownIntervals({ extras, judging }: Task): DescribedInterval[] {
  const { WAIT_CAUSE_LIMIT, WAIT_CAUSE_HOOK } = WaitCause;
  const ofLimits = (extras?.waited ?? []).map(({ key, fromMs, toMs }) => ({
    cause: WAIT_CAUSE_LIMIT,
    message: `the limit ${key} was full`,
    subject: key,
    fromMs,
    toMs,
  }));
  const ofHooks = (judging?.pastHolds ?? []).map(({ hookId, fromMs, toMs }) => ({
    cause: WAIT_CAUSE_HOOK,
    message: `the hook ${hookId} held it`,
    subject: hookId,
    fromMs,
    toMs,
  }));
  return [...ofLimits, ...ofHooks];
}

/** Returns the waits of all tasks with the same demand, without the times of the task's own waits. */
function sharedIntervals(task: Task, untilMs: number): WaitInterval[] {
  const { extras, judging, readyMs, stage } = task;
  const ownTimes = ownIntervals(task).map(({ fromMs, toMs }) => ({ fromMs, toMs }));
  if (stage === "limited" && extras !== undefined)
    ownTimes.push({ fromMs: extras.waitsSinceMs, toMs: untilMs });
  if (stage === "hooked" && judging !== undefined)
    ownTimes.push({ fromMs: judging.heldSinceMs, toMs: untilMs });
  let intervals = (extras?.unbound ?? task.demand).waits.between(readyMs, untilMs);
  for (const own of ownTimes) intervals = intervals.flatMap((interval) => without(interval, own));
  return intervals;
}

function without(interval: WaitInterval, own: Pick<WaitInterval, "fromMs" | "toMs">): WaitInterval[] {
  const before = { ...interval, toMs: Math.min(interval.toMs, own.fromMs) };
  const after = { ...interval, fromMs: Math.max(interval.fromMs, own.toMs) };
  return [before, after].filter(({ fromMs, toMs }) => fromMs < toMs);
}

function lengthOf(intervals: readonly WaitInterval[]): number {
  return intervals.reduce((sum, { fromMs, toMs }) => sum + toMs - fromMs, 0);
}

export function textOf(cause: WaitCause, capability: string): string {
  switch (cause) {
    case WaitCause.WAIT_CAUSE_NO_CAPABILITY:
      return `no worker offered ${capability}`;
    case WaitCause.WAIT_CAUSE_POLICY:
      return `agents that offer ${capability} were refused`;
    case WaitCause.WAIT_CAUSE_NO_MATCH:
      return `no worker for ${capability} was one that it may have`;
    case WaitCause.WAIT_CAUSE_AGENT_START:
      return `all agents for ${capability} were asleep`;
    case WaitCause.WAIT_CAUSE_SLOWED_DOWN:
      return `all agents for ${capability} had reported that they were busy`;
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
