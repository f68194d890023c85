/** Converts schedules and triggers of the platform to documents of files. */
import { printDuration } from "@tutti/definitions";
import type { RunSpec, Schedule, Trigger } from "@tutti/rest/types";
import { withoutOwner } from "../commands/apply/owner.ts";

type Json = Readonly<Record<string, unknown>>;

export function scheduleDocument(schedule: Schedule): Json {
  const { scheduleId, description, timing, run, policy, paused } = schedule;
  const { rules = [], exceptions = [], within, timeZone, jitterMs } = timing ?? {};
  const crons = rules.flatMap(({ cron }) => cron ?? []);
  const [every] = rules.flatMap(({ interval }) => interval?.everyMs ?? []);
  const [once] = rules.flatMap(({ onceMs }) => onceMs ?? []);
  return withoutEmpty({
    schedule: scheduleId,
    description,
    ...runKeys(run),
    input: run?.input,
    cron: crons.length === 1 ? crons[0] : crons,
    every: duration(every),
    once: moment(once),
    except: exceptions.flatMap(({ cron }) => cron ?? []),
    from: moment(within?.fromMs),
    until: moment(within?.toMs),
    timeZone,
    jitter: duration(jitterMs),
    overlap: policy?.overlap?.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()),
    catchUp: duration(policy?.catchUpMs),
    pauseOnFailure: policy?.pauseOnFailure,
    maxRuns: policy?.maxRuns,
    paused,
    labels: withoutOwner(schedule as unknown as Json)["labels"],
  });
}

export function triggerDocument(trigger: Trigger): Json {
  const {
    triggerId,
    description,
    source,
    condition,
    key,
    windowMs,
    run,
    runId,
    policy = {},
    paused,
  } = trigger;
  const { event, runEnd, webhook } = source ?? {};
  const { debounceMs, debounceMaxMs, batchSize, batchWaitMs, throttleCount, throttlePerMs } = policy;
  return withoutEmpty({
    trigger: triggerId,
    description,
    ...runKeys(run),
    event: event?.type,
    source: event?.source,
    webhook: webhook && withoutEmpty({ preset: webhook.preset, secrets: webhook.secrets }),
    afterRun: runEnd && withoutEmpty({ workflow: runEnd.definition, ends: runEnd.ends }),
    if: condition,
    key,
    window: duration(windowMs),
    with: trigger.with,
    run: runId,
    group: policy.group,
    signal: policy.signal,
    singleton: policy.singleton,
    debounce: debounceMs
      ? withoutEmpty({ for: duration(debounceMs), max: duration(debounceMaxMs) })
      : undefined,
    batch: batchSize ? withoutEmpty({ size: batchSize, wait: duration(batchWaitMs) }) : undefined,
    throttle: throttleCount
      ? withoutEmpty({ count: throttleCount, per: duration(throttlePerMs) })
      : undefined,
    paused,
    labels: withoutOwner(trigger as unknown as Json)["labels"],
  });
}

function runKeys(run: RunSpec | undefined): Json {
  const { definition, parameters, pool, priority, timeoutMs, retentionMs } = run ?? {};
  const { name = "", label, hash } = (definition ?? {}) as Record<string, string | undefined>;
  const version = label ?? hash;
  return {
    workflow: version === undefined || version === "" ? name : `${name}@${version}`,
    parameters,
    pool,
    priority,
    timeout: duration(timeoutMs),
    retention: duration(retentionMs),
  };
}

function duration(ms: number | undefined): string | undefined {
  return ms === undefined || ms === 0 ? undefined : printDuration(ms);
}

function moment(ms: number | undefined): string | undefined {
  return ms === undefined || ms === 0 ? undefined : new Date(ms).toISOString();
}

/** Returns an object without its empty values. */
function withoutEmpty(json: Json): Json {
  return Object.fromEntries(
    Object.entries(json).filter(([name, value]) => {
      if (name === "input" || name === "with") return value !== undefined;
      if (value === undefined || value === "" || value === 0 || value === false) return false;
      return !(typeof value === "object" && value !== null && Object.keys(value).length === 0);
    }),
  );
}
