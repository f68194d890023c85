/** Random commands to schedules: short intervals and few schedules, so that runs overlap. */
import { DoubleHour, MissingHour, Overlap, PlannedTiming, SchedulePlan } from "@tutti/contracts/workflow/v1";
import type { InstanceKey } from "@tutti/kernel";
import type { MachineCall } from "@tutti/kernel/testing";
import fc from "fast-check";

export function scheduleKey(id: string, namespace = "default"): InstanceKey {
  return { namespace, kind: "schedule", id };
}

const rule = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ everyMs: fc.constantFrom(1_000, 7_000, 20_000), offsetMs: fc.nat(3_000) }),
  },
  {
    weight: 6,
    arbitrary: fc.constantFrom("*/10 * * * * *", "* * * * *", "@hourly").map((cron) => ({ cron })),
  },
  { weight: 1, arbitrary: fc.constantFrom("0 0 31 2 *", "nonsense", "").map((cron) => ({ cron })) },
  {
    weight: 1,
    arbitrary: fc.integer({ min: 1_767_225_600_000, max: 1_767_226_000_000 }).map((onceMs) => ({ onceMs })),
  },
);

const overlap = fc.constantFrom(
  Overlap.OVERLAP_UNSPECIFIED,
  Overlap.OVERLAP_SKIP,
  Overlap.OVERLAP_QUEUE_ONE,
  Overlap.OVERLAP_QUEUE_ALL,
  Overlap.OVERLAP_CANCEL_OTHER,
  Overlap.OVERLAP_TERMINATE_OTHER,
  Overlap.OVERLAP_ALLOW,
);

const timing = fc
  .record({
    rules: fc.array(rule, { minLength: 1, maxLength: 2 }),
    exceptions: fc.oneof({ weight: 4, arbitrary: fc.constant([]) }, fc.array(rule, { maxLength: 1 })),
    untilMs: fc.constantFrom(0, 0, 1_767_225_700_000),
    timeZone: fc.constantFrom("", "UTC", "Europe/Berlin"),
    missingHour: fc.constantFrom(MissingHour.MISSING_HOUR_UNSPECIFIED, MissingHour.MISSING_HOUR_SKIP),
    doubleHour: fc.constantFrom(DoubleHour.DOUBLE_HOUR_UNSPECIFIED, DoubleHour.DOUBLE_HOUR_BOTH),
    jitterMs: fc.constantFrom(0, 0, 5_000),
  })
  .map((fields) => PlannedTiming.fromPartial(fields as Parameters<typeof PlannedTiming.fromPartial>[0]));

export const plans: fc.Arbitrary<SchedulePlan> = fc
  .record({
    timing,
    run: fc.constantFrom(Uint8Array.of(1), Uint8Array.of(2, 3), Uint8Array.of(1), new Uint8Array()),
    definition: fc.constantFrom("report", "backup"),
    overlap,
    catchUpMs: fc.constantFrom(0, 1_000, 3_600_000),
    pauseOnFailure: fc.boolean(),
    maxRuns: fc.constantFrom(0, 0, 0, 2),
  })
  .map((fields) => SchedulePlan.create(fields as SchedulePlan));

/** Operations for properties. A failing sequence is reduced. */
export function operations(ids: readonly string[] = ["nightly", "weekly"]): fc.Arbitrary<MachineCall> {
  const key = fc.constantFrom(...ids).map((id) => scheduleKey(id));
  const call = (command: string, body: fc.Arbitrary<object>) =>
    fc.record({ key, command: fc.constant(command), body });
  const note = fc.constantFrom("", "holidays");
  const moment = fc.integer({ min: 1_767_225_540_000, max: 1_767_225_700_000 });
  return fc.oneof(
    {
      weight: 6,
      arbitrary: call(
        "create",
        fc.record({ plan: plans, paused: fc.constantFrom(false, false, true), note }),
      ),
    },
    { weight: 4, arbitrary: call("update", fc.record({ plan: plans, revision: fc.nat(2) })) },
    { weight: 2, arbitrary: call("pause", fc.record({ note })) },
    { weight: 4, arbitrary: call("resume", fc.record({ note })) },
    { weight: 1, arbitrary: call("remove", fc.constant({})) },
    { weight: 5, arbitrary: call("trigger", fc.record({ overlap })) },
    {
      weight: 3,
      arbitrary: call(
        "backfill",
        fc
          .record({ fromMs: moment, lengthMs: fc.nat(30_000), overlap })
          .map(({ fromMs, lengthMs, overlap: requested }) => ({
            fromMs,
            untilMs: fromMs + lengthMs,
            overlap: requested,
          })),
      ),
    },
    {
      weight: 1,
      arbitrary: call("report_run_end", fc.constant({ runId: "unheard-of", status: 5, message: "" })),
    },
  );
}

/** Returns the result of an effect: mostly a success. */
export function done(effect: unknown, random: number): Omit<MachineCall, "key"> {
  const { kind } = effect as { readonly kind: string };
  if (kind === "stop_run") return { command: "confirm_stop", body: { ended: random < 0.5 } };
  if (random < 0.2)
    return { command: "refuse_start", body: { code: "run.refused", message: "no such definition" } };
  return { command: "confirm_start", body: { existed: random < 0.3, ended: random < 0.4 } };
}
