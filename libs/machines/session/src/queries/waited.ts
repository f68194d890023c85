/**
 * The waits of the tasks of a session before their start, by cause, from its own records.
 *
 * 1. A task waits from its addition on. A task that was skipped, or that ended without a start, waited for nothing.
 * 2. Until its needs have ended it waits for these. From then on each moment has one cause: first that nothing may
 *    start because the session is paused or uses all its slots, then the party that must act next.
 */
import type { WaitShare } from "@tutti/contracts/session/v1";
import { WaitCause } from "@tutti/contracts/types/v1";
import { isDone } from "@tutti/machine-work";
import { isDecided } from "../part/deciding.ts";
import { isPlanned } from "../part/parts.ts";
import { type Period, type SessionView, specOf, type TaskView } from "../state.ts";
import type { Concurrency } from "./concurrency.ts";
import { Periods, without } from "./periods.ts";

const {
  WAIT_CAUSE_NEEDS: needs,
  WAIT_CAUSE_PAUSED: paused,
  WAIT_CAUSE_LIMIT: limit,
  WAIT_CAUSE_START: start,
  WAIT_CAUSE_BEHIND_OTHERS: behindOthers,
  WAIT_CAUSE_CHILD: child,
  WAIT_CAUSE_BUSY: busy,
} = WaitCause;

interface Stage extends Period {
  readonly cause: WaitCause;
}

/** Returns the longest first. */
export function waitedFor(session: SessionView, atWork: Concurrency, untilMs: number): WaitShare[] {
  const sums = new Map<WaitCause, number>();
  const add = (cause: WaitCause, ms: number) => {
    if (ms > 0) sums.set(cause, (sums.get(cause) ?? 0) + ms);
  };
  const pauses = pausesOf(session, untilMs);
  const still = new Periods(pauses);
  const full = new Periods(without(atWork.periodsOf(slotsMost(session)), pauses));
  for (const task of session.tasks) {
    const startedMs = task.startMs || (isDone(task.status) ? 0 : untilMs);
    if (startedMs === 0) continue;
    for (const { cause, fromMs, toMs } of stagesOf(session, task, startedMs)) {
      if (cause === needs) {
        add(needs, toMs - fromMs);
        continue;
      }
      const stillMs = still.between(fromMs, toMs);
      const fullMs = full.between(fromMs, toMs);
      add(paused, stillMs);
      add(limit, fullMs);
      add(cause, toMs - fromMs - stillMs - fullMs);
    }
  }
  return [...sums]
    .map(([cause, waitedMs]) => ({ cause, waitedMs }))
    .sort((one, other) => other.waitedMs - one.waitedMs);
}

/** Returns the stages until the start, in order. */
function stagesOf(session: SessionView, task: TaskView, startedMs: number): readonly Stage[] {
  const { sinceMs, isPlaced, plannedStartMs, readyMs, startMs } = task;
  const part = session.parts[task.part];
  const thereMs = Math.min(startedMs, Math.max(session.beginMs, sinceMs));
  const metMs = within(needsMetMs(session, task, startedMs), thereMs, startedMs);
  const isHeldBack = part !== undefined && isPlanned(part);
  const lateMs = isPlaced ? plannedStartMs : startedMs;
  const releasedMs = isHeldBack ? within(lateMs, metMs, startedMs) : metMs;
  // The engine may not have reported a task before its start.
  const reportedMs = within(readyMs || (startMs > 0 ? releasedMs : startedMs), releasedMs, startedMs);
  return [
    { cause: needs, fromMs: thereMs, toMs: metMs },
    { cause: part !== undefined && isDecided(part) ? child : behindOthers, fromMs: metMs, toMs: releasedMs },
    { cause: start, fromMs: releasedMs, toMs: reportedMs },
    { cause: busy, fromMs: reportedMs, toMs: startedMs },
  ];
}

/** Returns when the last of its needs ended. */
function needsMetMs({ tasks, byId }: SessionView, { spec }: TaskView, untilMs: number): number {
  let metMs = 0;
  for (const { task: id } of spec.needs) {
    const needed = tasks[byId.get(id) ?? -1];
    metMs = Math.max(metMs, needed === undefined || !isDone(needed.status) ? untilMs : needed.endMs);
  }
  return metMs;
}

function within(ms: number, fromMs: number, toMs: number): number {
  return Math.min(toMs, Math.max(fromMs, ms));
}

function pausesOf({ pauses, pauseMs, beginMs }: SessionView, untilMs: number): readonly Period[] {
  if (pauseMs === 0 || beginMs === 0) return pauses;
  return [...pauses, { fromMs: Math.max(beginMs, pauseMs), toMs: untilMs }];
}

/** Returns the maximum number of concurrent slots. */
function slotsMost(session: SessionView): number {
  const { slots = 0 } = specOf(session).limits;
  return slots > 0 ? Math.max(1, Math.floor(slots)) : Number.POSITIVE_INFINITY;
}
