import { Overlap, PlannedTiming, SchedulePlan } from "@tutti/contracts/workflow/v1";
import { isRefusal } from "@tutti/kernel";
import { type DrivenEffect, MachineDriver } from "@tutti/kernel/testing";
import { confirmStart, create, reportRunEnd, schedule } from "./index.ts";
import { scheduleCreated } from "./life/events.ts";

type Fields<Message> = { readonly [Name in keyof Message]?: Message[Name] | undefined };
type TimingFields = Omit<Fields<PlannedTiming>, "rules" | "exceptions"> & {
  readonly rules?: readonly Fields<PlannedTiming["rules"][number]>[];
  readonly exceptions?: readonly Fields<PlannedTiming["rules"][number]>[];
};

export const key = { namespace: "default", kind: "schedule", id: "nightly" };
export const service = "workflow";
export const startMs = Date.parse("2026-01-01T00:00:00Z");
export const hourMs = 3_600_000;

/** Returns a timing with these fields only. */
export function timing(fields: TimingFields): PlannedTiming {
  return PlannedTiming.fromPartial(fields as Parameters<typeof PlannedTiming.fromPartial>[0]);
}

/** Returns a plan that fires every hour, with queued overlaps. */
export function plan(fields: Fields<SchedulePlan> = {}, rules: TimingFields = {}): SchedulePlan {
  return SchedulePlan.create({
    timing: timing({ rules: [{ cron: "0 * * * *" }], ...rules }),
    run: Uint8Array.of(1),
    definition: "report",
    overlap: Overlap.OVERLAP_QUEUE_ALL,
    ...fields,
  } as SchedulePlan);
}

/** Returns a driver with a schedule. With `downMs`, the process was down for that time. */
export function driven(initialPlan: SchedulePlan = plan(), downMs = 0): MachineDriver {
  const driver = new MachineDriver({ machines: [schedule], service, startMs: startMs + downMs });
  if (downMs === 0) driver.execute(key, create, { plan: initialPlan, paused: false, note: "" });
  else {
    const nominalMs = startMs + hourMs;
    const next = { nominalMs, dueMs: nominalMs };
    driver.append(key, scheduleCreated, {
      plan: initialPlan,
      paused: false,
      note: "",
      createMs: startMs,
      next,
    });
    driver.advance(0);
  }
  return driver;
}

/** Returns the ids of the runs whose start is requested. */
export function toStart(driver: MachineDriver): readonly string[] {
  return driver.effects
    .map(({ effect }) => effect as { kind: string; runId: string })
    .filter(({ kind }) => kind === "start_run")
    .map(({ runId }) => runId);
}

/** Confirms all requested starts: the runs exist. */
export function startAll(driver: MachineDriver): void {
  for (const effect of driver.effects)
    if (kindOf(effect) === "start_run") driver.settle(effect, confirmStart, { existed: false, ended: false });
}

export function kindOf({ effect }: DrivenEffect): string {
  return (effect as { kind: string }).kind;
}

/** Reports the end of a run. */
export function end(driver: MachineDriver, runId: string, status: 5 | 6 = 5): void {
  driver.execute(key, reportRunEnd, { runId, status, message: status === 6 ? "out of paper" : "" });
}

/** Types of the events so far. */
export function story(driver: MachineDriver): readonly string[] {
  return driver.history(key).map(({ type }) => type);
}

/** Returns the code of a refusal. Otherwise the reply itself. */
export function codeOf(answer: unknown): unknown {
  return isRefusal(answer) ? answer.code : answer;
}
