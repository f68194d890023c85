import type { DefinitionReference } from "@tutti/contracts/types/v1";
import { Overlap, RunSpec, Schedule, type TimingRule } from "@tutti/contracts/workflow/v1";
import { jsonPayload, toTimestamp } from "@tutti/kernel";
import { durationMs, splitAt } from "../build/values.ts";
import type { OverlapPolicyName, ScheduleDocument } from "../language/schedule-shape.ts";

const overlaps: Readonly<Record<OverlapPolicyName, Overlap>> = {
  skip: Overlap.OVERLAP_SKIP,
  queueOne: Overlap.OVERLAP_QUEUE_ONE,
  queueAll: Overlap.OVERLAP_QUEUE_ALL,
  cancelOther: Overlap.OVERLAP_CANCEL_OTHER,
  terminateOther: Overlap.OVERLAP_TERMINATE_OTHER,
  allow: Overlap.OVERLAP_ALLOW,
};

/** Returns a checked schedule as a message of the contracts. */
export function scheduleOf(document: ScheduleDocument): Schedule {
  const { schedule, description = "", paused = false, labels, overlap, from, until } = document;
  const { timeZone = "", except = [] } = document;
  return Schedule.fromPartial({
    scheduleId: schedule,
    description,
    paused,
    labels: { ...labels },
    timing: {
      rules: rulesOf(document),
      exceptions: except.map((cron) => ({ rule: { $case: "cron" as const, value: cron } })),
      within: from === undefined && until === undefined ? undefined : { from: time(from), to: time(until) },
      timeZone,
      jitterMs: durationMs(document.jitter),
    },
    run: runOf(document),
    policy: {
      overlap: overlap === undefined ? Overlap.OVERLAP_UNSPECIFIED : overlaps[overlap],
      catchUpMs: durationMs(document.catchUp),
      pauseOnFailure: document.pauseOnFailure ?? false,
      maxRuns: document.maxRuns ?? 0,
    },
  });
}

function rulesOf({ cron = [], every, once }: ScheduleDocument): TimingRule[] {
  const crons = typeof cron === "string" ? [cron] : cron;
  const rules: TimingRule[] = crons.map((value) => ({ rule: { $case: "cron", value } }));
  if (every !== undefined)
    rules.push({ rule: { $case: "interval", value: { everyMs: durationMs(every), offsetMs: 0 } } });
  const moment = time(once);
  if (moment !== undefined) rules.push({ rule: { $case: "once", value: moment } });
  return rules;
}

function runOf({ workflow, input, parameters, ...document }: ScheduleDocument): RunSpec {
  const { pool = "", priority = 0, timeout, retention } = document;
  const [name, version] = splitAt(workflow);
  return RunSpec.fromPartial({
    what: { $case: "definition", value: { name, version: versionOf(version) } },
    input: input === undefined ? undefined : jsonPayload(input),
    parameters: parameters === undefined ? undefined : jsonPayload(parameters),
    pool,
    priority,
    timeoutMs: durationMs(timeout),
    retentionMs: durationMs(retention),
  });
}

export function versionOf(text: string): DefinitionReference["version"] {
  if (text === "") return undefined;
  return /^[0-9a-f]{64}$/.test(text) ? { $case: "hash", value: text } : { $case: "label", value: text };
}

const time = (text: string | undefined) => (text === undefined ? undefined : toTimestamp(Date.parse(text)));
