/** How many slots the load needs. */
import { counted, durationText } from "@tutti/kernel";
import type { Load, ScalingRules } from "./rules.ts";

export interface Need {
  readonly slots: number;
  /** The reason, as a text. */
  readonly reason: string;
}

/** Agents with a higher load than this have no room for uneven arrivals. */
const busyShareMax = 0.8;
/** Factor by which slots grow if tasks wait too long although there should be enough slots. */
const growth = 1.5;

/**
 * 1. Slots are never needed for more than the present and expected tasks.
 * 2. More agents cannot help tasks that wait although the scaler's own agents have room.
 * 3. If tasks wait too long, other agents have no more slots than they use, however many they claim.
 */
export function needOf(load: Load, rules: ScalingRules): Need {
  const need = presentNeed(load, rules);
  const slots = foreseenSlots(load, rules);
  if (load.isPoolPaused || slots <= need.slots) return need;
  const rate = load.expectedPerSec.toPrecision(2);
  const seconds = Math.round(load.leadMs / 1_000);
  const reason = `${need.reason}; by the days before ${rate} tasks per second come in ${seconds} s`;
  return { slots, reason };
}

/** Returns whether a task has waited too long. */
export function isLate({ queued, longestWaitMs }: Load, { targetWaitMs }: ScalingRules): boolean {
  return queued > 0 && longestWaitMs > targetWaitMs;
}

/** Returns the slots of other agents that take a part of the work. */
export function foreignSlotsOf(load: Load, rules: ScalingRules): number {
  return isLate(load, rules) ? load.foreignBusySlots : load.foreignSlots;
}

/** Returns whether tasks are so rare that agents would be idle between them. */
export function isRare(perSec: number, idleMs: number): boolean {
  return perSec * idleMs < 1_000;
}

/** Returns slots for expected tasks. Rare tasks do not count. */
function foreseenSlots({ expectedPerSec, meanMs }: Load, { idleMs }: ScalingRules): number {
  if (isRare(expectedPerSec, idleMs)) return 0;
  return (expectedPerSec * meanMs) / 1_000 / busyShareMax;
}

function presentNeed(load: Load, rules: ScalingRules): Need {
  const { queued, running, longestWaitMs, meanMs, roomySlots, isPoolPaused } = load;
  const { targetWaitMs } = rules;
  const slots = load.slots + foreignSlotsOf(load, rules);
  if (isPoolPaused) return { slots: running, reason: "the pool is paused" };
  if (queued > 0 && roomySlots > 0)
    return {
      slots: running,
      reason: `${counted(queued, "task waits", "tasks wait")} that its agents cannot do: some of them have room`,
    };
  const work = queued + running;
  if (work === 0) return { slots: 0, reason: "no tasks are queued or running" };
  const steady = (load.arrivalsPerSec * meanMs) / 1_000 / busyShareMax;
  if (queued === 0)
    return {
      slots: Math.min(work, Math.max(running, steady)),
      reason: `${counted(running, "task is", "tasks are")} running, none waits`,
    };
  const clearing = meanMs > 0 ? (queued * meanMs) / targetWaitMs : 1;
  const planned = Math.max(steady, running) + clearing;
  if (!isLate(load, rules))
    return {
      slots: Math.min(work, planned),
      reason: `${counted(queued, "task waits", "tasks wait")}, ${counted(running, "is", "are")} running`,
    };
  const late = `${queued === 1 ? "a task" : `one of ${queued} tasks`} has waited for ${durationText(longestWaitMs)}, more than ${durationText(targetWaitMs)}`;
  // The duration is unknown: one slot per task.
  if (meanMs === 0 && slots === 0) return { slots: work, reason: late };
  return { slots: Math.min(work, Math.max(planned, slots * growth, slots + 1)), reason: late };
}
