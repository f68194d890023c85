/** Outstanding effects and timer of a schedule. */
import type { LiveFiring, NextTime } from "@tutti/contracts/workflow/v1";
import { assert, type Outstanding, type ReadOnly } from "@tutti/kernel";
import {
  clockTimer,
  type Schedule,
  type ScheduleEffect,
  type ScheduleView,
  type StartRun,
  type StopRun,
} from "../state.ts";

export function setNext(schedule: Schedule, next: NextTime | undefined, outstanding: Outstanding): void {
  schedule.nominalMs = next?.nominalMs ?? 0;
  schedule.dueMs = next?.dueMs ?? 0;
  if (schedule.dueMs > 0) outstanding.timer(clockTimer, schedule.dueMs);
  else outstanding.cleared(clockTimer);
}

/** Returns the effect that starts a run, by the plan at the time of the decision. */
export function starting(schedule: ScheduleView, { runId, revision }: ReadOnly<LiveFiring>): StartRun {
  const run = revision === schedule.revision ? schedule.plan.run : schedule.former.get(revision);
  assert(run !== undefined, "the plan of a live run is stored", { revision });
  // Converts a Buffer of a decoder to a plain view, because effects are compared.
  return { kind: "start_run", runId, run: new Uint8Array(run.buffer, run.byteOffset, run.length) };
}

/** Returns the effect that asks a run to end. */
export function stopping({ runId, terminate }: ReadOnly<LiveFiring>): StopRun {
  return { kind: "stop_run", runId, terminate };
}

export function recover(schedule: ScheduleView, outstanding: Outstanding<ScheduleEffect>): void {
  if (schedule.dueMs > 0) outstanding.timer(clockTimer, schedule.dueMs);
  for (const live of schedule.live.values()) {
    if (live.starting) outstanding.effect(live.firing, 1, starting(schedule, live));
    else if (live.stop > 0) outstanding.effect(live.stop, 1, stopping(live));
  }
}
