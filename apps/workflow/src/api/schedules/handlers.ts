/** Schedules: created, steered, read. */
import {
  type BackfillScheduleRequest,
  type CreateScheduleReply,
  type CreateScheduleRequest,
  type PreviewTimingReply,
  type PreviewTimingRequest,
  RunSpec,
  Schedule,
  ScheduleTiming,
  type scheduleService,
  type TriggerScheduleRequest,
  type UpdateScheduleReply,
  type UpdateScheduleRequest,
} from "@tutti/contracts/workflow/v1";
import { jsonOf } from "@tutti/definitions";
import { execute, query } from "@tutti/host/serving";
import { type CallContext, fromTimestamp, sleep, toTimestamp } from "@tutti/kernel";
import {
  backfill,
  create,
  facts,
  pause,
  previewTimes,
  remove,
  resume,
  scheduleErrors,
  timingProblem,
  trigger,
  update,
} from "@tutti/machine-schedule";
import type { Handlers } from "@tutti/mesh";
import { requireInput } from "../../runs/inputs.ts";
import { keyOf, type ScheduleDependencies, scheduleNamed } from "./dependencies.ts";
import { listFirings } from "./firings.ts";
import { listSchedules, watchSchedules } from "./lists.ts";
import { firingOf, merged, plannedTiming, planOf } from "./messages.ts";

export function scheduleHandlers(dependencies: ScheduleDependencies): Handlers<typeof scheduleService> {
  const named = async (scheduleId: string, context: CallContext) => ({
    schedule: await scheduleNamed(dependencies, scheduleId, context),
  });
  return {
    createSchedule: (request, context) => createSchedule(dependencies, request, context),
    getSchedule: ({ scheduleId }, context) => named(scheduleId, context),
    listSchedules: (request, context) => listSchedules(dependencies, request, context),
    watchSchedules: (request, context) => watchSchedules(dependencies, request, context),
    updateSchedule: (request, context) => updateSchedule(dependencies, request, context),
    deleteSchedule: ({ scheduleId, reason }, context) =>
      execute(
        dependencies,
        keyOf(context.namespace, scheduleId),
        { command: remove, body: {}, reason },
        context,
      ),
    async pauseSchedule({ scheduleId, reason }, context) {
      const call = { command: pause, body: { note: reason }, reason };
      await execute(dependencies, keyOf(context.namespace, scheduleId), call, context);
      return named(scheduleId, context);
    },
    async resumeSchedule({ scheduleId, reason }, context) {
      const call = { command: resume, body: { note: reason }, reason };
      await execute(dependencies, keyOf(context.namespace, scheduleId), call, context);
      return named(scheduleId, context);
    },
    triggerSchedule: (request, context) => triggerSchedule(dependencies, request, context),
    backfillSchedule: (request, context) => backfillSchedule(dependencies, request, context),
    listFirings: (request, context) => listFirings(dependencies, request, context),
    previewTiming: (request) => previewTiming(dependencies, request),
  };
}

async function createSchedule(
  dependencies: ScheduleDependencies,
  { schedule = Schedule.create() }: CreateScheduleRequest,
  context: CallContext,
): Promise<CreateScheduleReply> {
  const { scheduleId, paused, note } = schedule;
  await requireStart(dependencies, schedule, context);
  // The id alone identifies the request: the machine compares the content.
  const call = { command: create, body: { plan: planOf(schedule), paused, note }, idempotencyKey: "" };
  const { existed } = await execute(dependencies, keyOf(context.namespace, scheduleId), call, context);
  return { schedule: await scheduleNamed(dependencies, scheduleId, context), existed };
}

/** Rejects a mistake in the name or in the input when the schedule is made, and not at night. */
async function requireStart(
  { versions }: ScheduleDependencies,
  { run }: Schedule,
  context: CallContext,
): Promise<void> {
  const { what, parameters, input } = run ?? RunSpec.create();
  if (what?.$case !== "definition") return;
  const parameterJson = parameters && jsonOf(parameters, "schedule.run.parameters");
  const { definition } = await versions.runnable(what.value, parameterJson, context);
  requireInput(definition.inputSchema, input, "schedule.run.input");
}

async function updateSchedule(
  dependencies: ScheduleDependencies,
  { schedule = Schedule.create(), update: updateMask, reason }: UpdateScheduleRequest,
  context: CallContext,
): Promise<UpdateScheduleReply> {
  const { scheduleId } = schedule;
  const before = await scheduleNamed(dependencies, scheduleId, context);
  const after = merged(before, schedule, updateMask?.fields ?? []);
  await requireStart(dependencies, after, context);
  // The revision that was read for the merge is required, unless the caller passed another one.
  const revision = Number(updateMask?.revision || before.revision);
  const call = { command: update, body: { plan: planOf(after), revision }, reason };
  await execute(dependencies, keyOf(context.namespace, scheduleId), call, context);
  return { schedule: await scheduleNamed(dependencies, scheduleId, context) };
}

async function triggerSchedule(
  dependencies: ScheduleDependencies,
  request: TriggerScheduleRequest,
  context: CallContext,
) {
  const { scheduleId, overlap, reason, idempotencyKey } = request;
  const call = { command: trigger, body: { overlap }, reason, idempotencyKey };
  const { firing } = await execute(dependencies, keyOf(context.namespace, scheduleId), call, context);
  if (firing === undefined || firing.runId === "") return { firing: firing && firingOf(firing) };
  return { firing: firingOf((await started(dependencies, scheduleId, firing.runId, context)) ?? firing) };
}

/** Interval of checks for the run. */
const pollMs = 5;

/** Waits until the run of a firing exists or was refused: a caller that gets an id may read the run. */
async function started(
  dependencies: ScheduleDependencies,
  scheduleId: string,
  runId: string,
  context: CallContext,
) {
  const key = keyOf(context.namespace, scheduleId);
  for (;;) {
    const found = await query(dependencies, key, { query: facts, body: undefined }, context);
    if (context.signal.aborted || !found.startingRunIds.includes(runId))
      return found.recent.find((firing) => firing.runId === runId);
    await sleep(dependencies.foundation.timers, pollMs, context.signal).catch(() => {});
  }
}

async function backfillSchedule(
  dependencies: ScheduleDependencies,
  request: BackfillScheduleRequest,
  context: CallContext,
) {
  const { scheduleId, span, overlap, reason, idempotencyKey } = request;
  const body = {
    fromMs: span?.from === undefined ? 0 : fromTimestamp(span.from),
    untilMs: span?.to === undefined ? Number.POSITIVE_INFINITY : fromTimestamp(span.to),
    overlap,
  };
  const call = { command: backfill, body, reason, idempotencyKey };
  return execute(dependencies, keyOf(context.namespace, scheduleId), call, context);
}

const previewDefault = 10;

function previewTiming(
  { foundation }: ScheduleDependencies,
  { timing = ScheduleTiming.create(), fromTime, count }: PreviewTimingRequest,
): PreviewTimingReply {
  const planned = plannedTiming(timing);
  const problem = timingProblem(planned);
  if (problem !== undefined) throw scheduleErrors.planInvalid({ problem });
  const fromMs = fromTime === undefined ? foundation.clock.now() : fromTimestamp(fromTime);
  return { times: previewTimes(planned, fromMs, count || previewDefault).map((ms) => toTimestamp(ms)) };
}
