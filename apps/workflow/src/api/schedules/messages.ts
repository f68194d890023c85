/** Converts schedules between the contract and their machine. */
import {
  type Firing,
  FiringResult,
  type PastFiring,
  type PlannedRule,
  type PlannedTiming,
  RunSpec,
  type Schedule,
  SchedulePlan,
  type ScheduleTiming,
  type TimingRule,
} from "@tutti/contracts/workflow/v1";
import { fromTimestamp, type ReadOnly, toTimestamp } from "@tutti/kernel";
import type { ScheduleFacts } from "@tutti/machine-schedule";

export function planOf({ description, timing, run, policy, labels }: Schedule): SchedulePlan {
  return SchedulePlan.fromPartial({
    description,
    timing: timing && plannedTiming(timing),
    run: RunSpec.encode(run ?? RunSpec.create()).finish(),
    definition: run?.what?.$case === "definition" ? run.what.value.name : "",
    overlap: policy?.overlap ?? 0,
    catchUpMs: policy?.catchUpMs ?? 0,
    pauseOnFailure: policy?.pauseOnFailure ?? false,
    maxRuns: policy?.maxRuns ?? 0,
    labels,
  });
}

export function plannedTiming(timing: ScheduleTiming): PlannedTiming {
  const { rules, exceptions, within, timeZone, missingHour, doubleHour, jitterMs } = timing;
  return {
    rules: rules.map(plannedRule),
    exceptions: exceptions.map(plannedRule),
    fromMs: within?.from === undefined ? 0 : fromTimestamp(within.from),
    untilMs: within?.to === undefined ? 0 : fromTimestamp(within.to),
    timeZone,
    missingHour,
    doubleHour,
    jitterMs,
  };
}

function plannedRule({ rule }: TimingRule): PlannedRule {
  const noRule = { cron: "", everyMs: 0, offsetMs: 0, onceMs: 0 };
  switch (rule?.$case) {
    case "cron":
      return { ...noRule, cron: rule.value };
    case "interval":
      return { ...noRule, everyMs: rule.value.everyMs, offsetMs: rule.value.offsetMs };
    case "once":
      return { ...noRule, onceMs: fromTimestamp(rule.value) };
    default:
      return noRule;
  }
}

function timingOf(planned: ReadOnly<PlannedTiming> | undefined): ScheduleTiming | undefined {
  if (planned === undefined) return undefined;
  const { rules, exceptions, fromMs, untilMs, timeZone, missingHour, doubleHour, jitterMs } = planned;
  const bounded = fromMs > 0 || untilMs > 0;
  return {
    rules: rules.map(ruleOf),
    exceptions: exceptions.map(ruleOf),
    within: bounded ? { from: timeOf(fromMs), to: timeOf(untilMs) } : undefined,
    timeZone,
    missingHour,
    doubleHour,
    jitterMs,
  };
}

function ruleOf({ cron, everyMs, offsetMs, onceMs }: ReadOnly<PlannedRule>): TimingRule {
  if (cron !== "") return { rule: { $case: "cron", value: cron } };
  if (everyMs > 0) return { rule: { $case: "interval", value: { everyMs, offsetMs } } };
  return { rule: { $case: "once", value: toTimestamp(onceMs) } };
}

const timeOf = (ms: number) => (ms === 0 ? undefined : toTimestamp(ms));

export function scheduleOf(namespace: string, scheduleId: string, facts: ScheduleFacts): Schedule {
  const { plan, paused, note, revision, createMs, updateMs, nextMs, recent } = facts;
  const { description, overlap, catchUpMs, pauseOnFailure, maxRuns, labels } = plan;
  return {
    namespace,
    scheduleId,
    description,
    paused,
    note,
    timing: timingOf(plan.timing),
    run: RunSpec.decode(plan.run as Uint8Array),
    policy: { overlap, catchUpMs, pauseOnFailure, maxRuns },
    labels: { ...labels },
    nextTimes: nextMs.map((ms) => toTimestamp(ms)),
    recentFirings: recent.map(firingOf),
    liveRunIds: [...facts.liveRunIds],
    startedCount: facts.startedCount,
    skippedCount: facts.skippedCount,
    createTime: timeOf(createMs),
    updateTime: timeOf(updateMs),
    createCause: undefined,
    revision: String(revision),
  };
}

export function firingOf({ nominalMs, fireMs, runId, result, message }: ReadOnly<PastFiring>): Firing {
  const isRefused = result === FiringResult.FIRING_RESULT_REFUSED;
  const times = { dueTime: timeOf(nominalMs), fireTime: timeOf(fireMs) };
  return { ...times, runId: isRefused ? "" : runId, result, message };
}

/** Returns the schedule with the named fields replaced. Without names, all fields that are set. */
export function merged(before: Schedule, changes: Schedule, fields: readonly string[]): Schedule {
  const isChanged = (name: string, isSet: boolean) => (fields.length === 0 ? isSet : fields.includes(name));
  return {
    ...before,
    ...(isChanged("description", changes.description !== "") && { description: changes.description }),
    ...(isChanged("timing", changes.timing !== undefined) && { timing: changes.timing }),
    ...(isChanged("run", changes.run !== undefined) && { run: changes.run }),
    ...(isChanged("policy", changes.policy !== undefined) && { policy: changes.policy }),
    ...(isChanged("labels", Object.keys(changes.labels).length > 0) && { labels: changes.labels }),
  };
}
